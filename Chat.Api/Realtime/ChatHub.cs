using Chat.Api.Auth;
using Chat.Api.Messages;
using Chat.Contracts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Realtime;

/// <summary>The hub of the contract: each method asks one class and throws what it refuses.</summary>
[Authorize]
public sealed class ChatHub(
    PodBridge bridge, MessageSender sender, MessageChanger changer, ReadMarks marks, Typing typing) : Hub<IChatClient>
{
    private const string Key = "connection";

    private string Username => Context.User!.Username();

    // What was begun is finished also when the sender's connection goes: no token of the connection is passed on.
    public async Task<SendReceipt> SendMessage(SendMessage message)
    {
        var sent = (await sender.SendAsync(Username, message, CancellationToken.None)).OrThrow();
        return new SendReceipt(sent.Id, sent.Timestamp, sent.Seq, sent.Epoch);
    }

    public async Task EditMessage(EditMessage edit) =>
        (await changer.EditAsync(Username, edit.RoomId, edit.Id, edit.Content, CancellationToken.None)).OrThrow();

    public async Task DeleteMessage(DeleteMessage delete) =>
        (await changer.DeleteAsync(Username, delete.RoomId, delete.Id, CancellationToken.None)).OrThrow();

    public async Task React(React reaction) =>
        (await changer.ReactAsync(Username, reaction.RoomId, reaction.Id, reaction.Emoji, reaction.On, CancellationToken.None)).OrThrow();

    public async Task Typing(string roomId)
    {
        if (await typing.SaysAsync(Username, roomId, Context.ConnectionAborted) is { } refusal)
        {
            throw refusal.ToHubException();
        }
    }

    public async Task MarkRead(string roomId, string messageId)
    {
        if (await marks.MarkAsync(Username, roomId, messageId, CancellationToken.None) is { } refusal)
        {
            throw refusal.ToHubException();
        }
    }

    public override async Task OnConnectedAsync()
    {
        var connection = new Connection(Context.ConnectionId, Username, Context.User!.SessionId(), Context);
        Context.Items[Key] = connection;
        if (Context.GetHttpContext() is { } http)
        {
            Forget(http);
        }

        await bridge.ConnectedAsync(connection, Context.ConnectionAborted);
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        if (Context.Items.TryGetValue(Key, out var item) && item is Connection connection)
        {
            bridge.Disconnected(connection);
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// A request that became a socket lives as long as the socket. Its headers, most of all the cookie, are a fifth of what the connection
    /// keeps in memory (docs/performance.md), and nobody reads them again.
    /// </summary>
    private static void Forget(HttpContext http)
    {
        foreach (var name in http.Request.Headers.Keys.ToList())
        {
            http.Request.Headers.Remove(name);
        }

        http.Features.Set<IRequestCookiesFeature>(null);
        http.Features.Set<IAuthenticateResultFeature>(null);
    }
}
