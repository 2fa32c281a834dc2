using System.Diagnostics.CodeAnalysis;
using Chat.Web.Client.Storage;
using Microsoft.JSInterop;

namespace Chat.Web.Client.Connection;

/// <summary>The browser's own events, through <c>wwwroot/js/browser.js</c>.</summary>
internal sealed class BrowserEvents : IBrowser, ITabs, IDisposable
{
    private readonly IJSRuntime _js;
    private readonly DotNetObjectReference<BrowserEvents> _self;
    private Task<IJSObjectReference>? _module;
    private int _holds;

    // Trimming must not take away what only JavaScript calls.
    [DynamicDependency(nameof(SetOnline))]
    [DynamicDependency(nameof(SetReturned))]
    [DynamicDependency(nameof(Hear))]
    public BrowserEvents(IJSRuntime js)
    {
        _js = js;
        _self = DotNetObjectReference.Create(this);
    }

    public bool IsOnline { get; private set; } = true;

    public event Action? OnlineChanged;

    public event Action? Returned;

    public event Action<string>? Announced;

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        var module = await ModuleAsync();
        IsOnline = await module.InvokeAsync<bool>("watch", cancellationToken, _self);
        await module.InvokeVoidAsync("listen", cancellationToken, _self);
    }

    public async Task LeadAsync(string name, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var module = await ModuleAsync();
        var id = $"{name}#{++_holds}";
        await using var giveUp = cancellationToken.Register(async void () => await module.InvokeVoidAsync("release", id));
        cancellationToken.ThrowIfCancellationRequested();
        if (!await module.InvokeAsync<bool>("hold", CancellationToken.None, name, id))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return;
        }

        try
        {
            await work(cancellationToken);
        }
        finally
        {
            await module.InvokeVoidAsync("release", CancellationToken.None, id);
        }
    }

    public async ValueTask AnnounceAsync(string message, CancellationToken cancellationToken)
    {
        try
        {
            await (await ModuleAsync()).InvokeVoidAsync("announce", cancellationToken, message);
        }
        catch (JSException e)
        {
            throw new StorageException("BroadcastChannel", e);
        }
    }

    [JSInvokable]
    public void SetOnline(bool online)
    {
        if (IsOnline != online)
        {
            IsOnline = online;
            OnlineChanged?.Invoke();
        }
    }

    [JSInvokable]
    public void SetReturned() => Returned?.Invoke();

    [JSInvokable]
    public void Hear(string message) => Announced?.Invoke(message);

    public void Dispose() => _self.Dispose();

    private Task<IJSObjectReference> ModuleAsync() => _module ??= _js.InvokeAsync<IJSObjectReference>("import", "./js/browser.js").AsTask();
}
