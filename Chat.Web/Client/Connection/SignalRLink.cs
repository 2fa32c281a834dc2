using System.Net;
using System.Text.Json;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Chat.Web.Client.Connection;

/// <summary>The hub over SignalR; JSON by the source-generated types.</summary>
internal sealed class SignalRLink : IHubLink
{
    private readonly HubConnection _hub;
    private readonly Action _failed;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="origin">Where the hub is.</param>
    /// <param name="receiver">Who hears what the server says.</param>
    /// <param name="negotiate">Whether the server is asked for its transports, or WebSockets are taken at once.</param>
    /// <param name="failed">Called when connecting did not succeed.</param>
    public SignalRLink(Uri origin, IChatClient receiver, bool negotiate, Action failed)
    {
        _failed = failed;
        _hub = new HubConnectionBuilder()
            .WithUrl(new Uri(origin, IChatServer.Path), options =>
            {
                options.SkipNegotiation = !negotiate;
                options.Transports = negotiate ? HttpTransports.All : HttpTransportType.WebSockets;
            })
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
        var connected = false;
        try
        {
            await _hub.StartAsync(cancellationToken);
            connected = true;
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
        finally
        {
            if (!connected)
            {
                _failed();
            }
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

/// <summary>
/// A WebSocket without negotiation is one request, which any API replica can take, and saves a round trip. Negotiation finds another
/// transport where WebSockets are blocked. So negotiation is tried after a WebSocket failed, and the other way round: what worked last
/// is tried first.
/// </summary>
internal sealed class SignalRLinkFactory(Uri origin) : IHubLinkFactory
{
    private bool _negotiate;

    public IHubLink Create(IChatClient receiver)
    {
        var negotiate = _negotiate;
        return new SignalRLink(origin, receiver, negotiate, () => _negotiate = !negotiate);
    }
}
