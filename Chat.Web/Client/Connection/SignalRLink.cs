using System.Net;
using System.Text.Json;
using Chat.Contracts;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Chat.Web.Client.Connection;

/// <summary>The hub over SignalR: WebSockets where they work, else what SignalR falls back to; JSON by the source-generated types.</summary>
internal sealed class SignalRLink : IHubLink
{
    private readonly HubConnection _hub;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SignalRLink(Uri origin, IChatClient receiver)
    {
        _hub = new HubConnectionBuilder()
            .WithUrl(new Uri(origin, IChatServer.Path))
            .AddJsonProtocol(options => options.PayloadSerializerOptions = new JsonSerializerOptions(ChatJson.Default.Options))
            .Build();
        _hub.Closed += _ =>
        {
            _closed.TrySetResult();
            return Task.CompletedTask;
        };
        _hub.On<Message>(nameof(IChatClient.MessageReceived), receiver.MessageReceived);
        _hub.On<MessageEdited>(nameof(IChatClient.MessageEdited), receiver.MessageEdited);
        _hub.On<MessageDeleted>(nameof(IChatClient.MessageDeleted), receiver.MessageDeleted);
        _hub.On<ReactionChanged>(nameof(IChatClient.ReactionChanged), receiver.ReactionChanged);
        _hub.On<TypingEvent>(nameof(IChatClient.Typing), receiver.Typing);
        _hub.On<PresenceEvent>(nameof(IChatClient.PresenceChanged), receiver.PresenceChanged);
        _hub.On<ReadEvent>(nameof(IChatClient.ReadChanged), receiver.ReadChanged);
        _hub.On<RoomChanged>(nameof(IChatClient.RoomChanged), receiver.RoomChanged);
        _hub.On<RoomRemovedEvent>(nameof(IChatClient.RoomRemoved), receiver.RoomRemoved);
        _hub.On<ResyncEvent>(nameof(IChatClient.Resync), receiver.Resync);
        _hub.On(nameof(IChatClient.SessionEnded), receiver.SessionEnded);
    }

    public Task Closed => _closed.Task;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _hub.StartAsync(cancellationToken);
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.Unauthorized)
        {
            throw new ApiException(ErrorCodes.NotSignedIn, (int)HttpStatusCode.Unauthorized, inner: e);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Transports fail with what they like (WebSocketException, AggregateException, IOException, JSException): all mean this.
            throw new ApiException(ApiException.Unreachable, 0, inner: e);
        }
    }

    public Task<SendReceipt> SendMessageAsync(SendMessage message, CancellationToken cancellationToken) =>
        AskAsync(() => _hub.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), message, cancellationToken), cancellationToken);

    public Task EditMessageAsync(EditMessage edit, CancellationToken cancellationToken) =>
        AskAsync(() => _hub.InvokeAsync(nameof(IChatServer.EditMessage), edit, cancellationToken), cancellationToken);

    public Task DeleteMessageAsync(DeleteMessage delete, CancellationToken cancellationToken) =>
        AskAsync(() => _hub.InvokeAsync(nameof(IChatServer.DeleteMessage), delete, cancellationToken), cancellationToken);

    public Task ReactAsync(React reaction, CancellationToken cancellationToken) =>
        AskAsync(() => _hub.InvokeAsync(nameof(IChatServer.React), reaction, cancellationToken), cancellationToken);

    public Task TypingAsync(string roomId, CancellationToken cancellationToken) =>
        AskAsync(() => _hub.SendAsync(nameof(IChatServer.Typing), roomId, cancellationToken), cancellationToken);

    public Task MarkReadAsync(string roomId, string messageId, CancellationToken cancellationToken) =>
        AskAsync(() => _hub.InvokeAsync(nameof(IChatServer.MarkRead), roomId, messageId, cancellationToken), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _closed.TrySetResult();
    }

    private static Task<bool> AskAsync(Func<Task> call, CancellationToken cancellationToken) => AskAsync(
        async () =>
        {
            await call();
            return true;
        },
        cancellationToken);

    private static async Task<T> AskAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (HubException e)
        {
            throw new ApiException(CodeOf(e.Message), 0, inner: e);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(ApiException.Unreachable, 0, inner: e);
        }
    }

    /// <summary>
    /// The code of <c>code: text</c>. SignalR puts a sentence of its own before a HubException's message
    /// (<c>An unexpected error occurred invoking 'X' on the server. HubException: code: text</c>).
    /// </summary>
    internal static string CodeOf(string message)
    {
        const string Marker = "HubException: ";
        var marker = message.IndexOf(Marker, StringComparison.Ordinal);
        var text = marker >= 0 ? message[(marker + Marker.Length)..] : message;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var code = colon > 0 ? text[..colon] : text;
        return code.Length > 0 && code.All(c => char.IsAsciiLetterLower(c) || c == '_') ? code : ErrorCodes.Internal;
    }
}

/// <inheritdoc cref="IHubLinkFactory"/>
internal sealed class SignalRLinkFactory(Uri origin) : IHubLinkFactory
{
    public IHubLink Create(IChatClient receiver) => new SignalRLink(origin, receiver);
}
