using Microsoft.JSInterop;

namespace Chat.Web.Client.Storage;

/// <summary>IndexedDB, through <c>wwwroot/js/storage.js</c>.</summary>
internal sealed class IndexedDbStore(IJSRuntime js) : IKeyValueStore
{
    private Task<IJSObjectReference>? _module;

    public async ValueTask PutAsync(string store, string key, string value, CancellationToken cancellationToken) =>
        await AskAsync<object?>("put", cancellationToken, store, key, value);

    public async ValueTask<string?> GetAsync(string store, string key, CancellationToken cancellationToken) =>
        await AskAsync<string?>("get", cancellationToken, store, key);

    public async ValueTask<IReadOnlyList<KeyValuePair<string, string>>> ListAsync(
        string store, string prefix, CancellationToken cancellationToken)
    {
        var found = await AskAsync<string[]>("list", cancellationToken, store, prefix);
        return [.. found.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1]))];
    }

    public async ValueTask DeleteAsync(string store, string key, CancellationToken cancellationToken) =>
        await AskAsync<object?>("remove", cancellationToken, store, key);

    public async ValueTask ClearAsync(string prefix, CancellationToken cancellationToken) =>
        await AskAsync<object?>("clear", cancellationToken, prefix);

    private async Task<T> AskAsync<T>(string function, CancellationToken cancellationToken, params object?[] arguments)
    {
        try
        {
            var module = await (_module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/storage.js").AsTask());
            return await module.InvokeAsync<T>(function, cancellationToken, arguments);
        }
        catch (JSException e)
        {
            throw new StorageException($"IndexedDB: {function}", e);
        }
    }
}
