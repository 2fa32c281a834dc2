using Microsoft.JSInterop;

namespace Chat.Web.Client.Components;

/// <summary>The little of the page that only script can do: focus, titles, the clipboard, the theme, notifications, sound.</summary>
internal sealed class PageScript(IJSRuntime js)
{
    private Task<IJSObjectReference>? _module;

    public async ValueTask CallAsync(string function, params object?[] arguments) =>
        await (await ModuleAsync()).InvokeVoidAsync(function, arguments);

    public async ValueTask<T> CallAsync<T>(string function, params object?[] arguments) =>
        await (await ModuleAsync()).InvokeAsync<T>(function, arguments);

    private Task<IJSObjectReference> ModuleAsync() => _module ??= js.InvokeAsync<IJSObjectReference>("import", "/js/page.js").AsTask();
}
