using System.Globalization;
using System.Text.Json;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Chat.Web.Client.Files;

/// <summary>Through <c>wwwroot/js/files.js</c>.</summary>
public sealed class BrowserFiles(IJSRuntime js, ChatStore store, ChatJson json) : IFileShelf, IDisposable
{
    private readonly Dictionary<string, Action<int>> _progress = new(StringComparer.Ordinal);
    private Task<IJSObjectReference>? _module;
    private DotNetObjectReference<BrowserFiles>? _self;

    /// <summary>The input's room hears of every file that comes to it; <paramref name="listener"/> has a method <c>Chosen</c>.</summary>
    internal async ValueTask<IJSObjectReference> AttachAsync<T>(ElementReference input, DotNetObjectReference<T> listener)
        where T : class =>
        await (await ModuleAsync()).InvokeAsync<IJSObjectReference>("attach", input, listener);

    public async ValueTask KeepAsync(string handle, string fileId, CancellationToken cancellationToken) =>
        await AskAsync<object?>("keep", cancellationToken, handle, KeyOf(fileId));

    public ValueTask<string?> AddressAsync(string fileId, CancellationToken cancellationToken) =>
        AskAsync<string?>("address", cancellationToken, KeyOf(fileId));

    public async ValueTask ForgetAsync(string fileId, CancellationToken cancellationToken) =>
        await AskAsync<object?>("forget", cancellationToken, KeyOf(fileId));

    public async Task<Attachment> UploadAsync(string roomId, OutboxFile file, Action<int> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        var key = KeyOf(file.Id);
        _progress[key] = progress;
        try
        {
            var path = $"/api/rooms/{Uri.EscapeDataString(roomId)}/files?clientId={Uri.EscapeDataString(file.ClientId)}&name={Uri.EscapeDataString(file.File.Name)}";
            var answer = await AskAsync<string[]>("upload", cancellationToken, key, path, file.Type, _self ??= DotNetObjectReference.Create(this));
            return Read(answer);
        }
        catch (Exception e) when (e is StorageException or JsonException)
        {
            throw new ApiException(ApiException.Unreachable, 0, inner: e);
        }
        finally
        {
            _progress.Remove(key);
        }
    }

    [JSInvokable]
    public void Progress(string key, int percent)
    {
        if (_progress.TryGetValue(key, out var progress))
        {
            progress(percent);
        }
    }

    public void Dispose() => _self?.Dispose();

    private Attachment Read(string[] answer)
    {
        var status = int.Parse(answer[0], CultureInfo.InvariantCulture);
        if (status == 200)
        {
            return JsonSerializer.Deserialize(answer[2], json.Attachment) ?? throw new JsonException();
        }

        TimeSpan? wait = int.TryParse(answer[1], CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;
        throw new ApiException(CodeOf(status, answer[2]), Math.Max(status, 0), wait);
    }

    private string CodeOf(int status, string body)
    {
        try
        {
            if (status > 0 && JsonSerializer.Deserialize(body, json.ApiProblem)?.Code is { } code)
            {
                return code;
            }
        }
        catch (JsonException)
        {
            // A proxy's page.
        }

        return status switch
        {
            -1 => FileUploads.Lost,
            401 => ErrorCodes.NotSignedIn,
            413 => ErrorCodes.FileTooLarge,
            429 => ErrorCodes.RateLimited,
            >= 500 => ErrorCodes.Unavailable,
            _ => ApiException.Unreachable,
        };
    }

    private string KeyOf(string fileId) => Stores.Key(store.Me?.Username ?? "?", fileId);

    private Task<IJSObjectReference> ModuleAsync() => _module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/files.js").AsTask();

    private async ValueTask<T> AskAsync<T>(string function, CancellationToken cancellationToken, params object?[] arguments)
    {
        try
        {
            return await (await ModuleAsync()).InvokeAsync<T>(function, cancellationToken, arguments);
        }
        catch (JSException e)
        {
            throw new StorageException($"Files: {function}", e);
        }
    }
}
