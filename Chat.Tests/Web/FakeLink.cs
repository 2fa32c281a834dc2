using Chat.Contracts;
using Chat.Web.Client.Connection;

namespace Chat.Tests.Web;

/// <summary>One socket to the fake server.</summary>
internal sealed class FakeLink(FakeServer server, string username, IChatClient receiver) : IHubLink
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Username => username;

    public IChatClient Receiver => receiver;

    public Task Closed => _closed.Task;

    public void Break()
    {
        server.Disconnect(this);
        _closed.TrySetResult();
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await AnswerAsync();
        server.Connect(this);
    }

    public async Task<SendReceipt> SendMessageAsync(SendMessage message, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        return FakeApi.Send(server, username, message);
    }

    public async Task EditMessageAsync(EditMessage edit, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        FakeApi.Edit(server, username, edit);
    }

    public async Task DeleteMessageAsync(DeleteMessage delete, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        FakeApi.Delete(server, username, delete);
    }

    public async Task ReactAsync(React reaction, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        FakeApi.React(server, username, reaction);
    }

    public async Task TypingAsync(string roomId, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        server.Push(server[roomId], client => client.Typing(new TypingEvent(roomId, username)));
    }

    public async Task MarkReadAsync(string roomId, string messageId, CancellationToken cancellationToken)
    {
        await AnswerAsync();
        server.Read(username, roomId, messageId);
    }

    public ValueTask DisposeAsync()
    {
        Break();
        return ValueTask.CompletedTask;
    }

    private async Task AnswerAsync()
    {
        await Task.Yield();
        if (server.Unreachable || server.NoSockets || _closed.Task.IsCompleted)
        {
            throw new ApiException(ApiException.Unreachable, 0);
        }

        if (server.SignedOut)
        {
            throw new ApiException(ErrorCodes.NotSignedIn, 401);
        }
    }
}
