using Chat.Api.Realtime;
using Chat.Contracts;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Tests.Api;

/// <summary>A hub without connections that keeps what is said to whom, in order.</summary>
internal sealed class FakeHub : IHubContext<ChatHub, IChatClient>, IHubClients<IChatClient>, IGroupManager
{
    public List<(string To, object Said)> Sent { get; } = [];

    public IReadOnlyList<object> Said
    {
        get
        {
            lock (Sent)
            {
                return [.. Sent.Select(s => s.Said)];
            }
        }
    }

    public IHubClients<IChatClient> Clients => this;

    public IGroupManager Groups => this;

    public IChatClient All => new Recorder(this, "all");

    public IChatClient Client(string connectionId) => new Recorder(this, connectionId);

    public IChatClient Group(string groupName) => new Recorder(this, groupName);

    public IChatClient User(string userId) => new Recorder(this, userId);

    public IChatClient AllExcept(IReadOnlyList<string> excludedConnectionIds) => throw new NotSupportedException();

    public IChatClient GroupExcept(string groupName, IReadOnlyList<string> excludedConnectionIds) => throw new NotSupportedException();

    IChatClient IHubClients<IChatClient>.Clients(IReadOnlyList<string> connectionIds) => throw new NotSupportedException();

    IChatClient IHubClients<IChatClient>.Groups(IReadOnlyList<string> groupNames) => throw new NotSupportedException();

    public IChatClient Users(IReadOnlyList<string> userIds) => throw new NotSupportedException();

    public Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) => Task.CompletedTask;

    private sealed class Recorder(FakeHub hub, string to) : IChatClient
    {
        public Task MessageReceived(Message message) => Add(message);

        public Task MessageEdited(MessageEdited edit) => Add(edit);

        public Task MessageDeleted(MessageDeleted deleted) => Add(deleted);

        public Task ReactionChanged(ReactionChanged reaction) => Add(reaction);

        public Task Typing(TypingEvent typing) => Add(typing);

        public Task PresenceChanged(PresenceEvent presence) => Add(presence);

        public Task ReadChanged(ReadEvent read) => Add(read);

        public Task RoomChanged(RoomChanged room) => Add(room);

        public Task RoomRemoved(RoomRemovedEvent room) => Add(room);

        public Task Resync(ResyncEvent resync) => Add(resync);

        public Task SessionEnded() => Add(nameof(SessionEnded));

        private Task Add(object said)
        {
            lock (hub.Sent)
            {
                hub.Sent.Add((to, said));
            }

            return Task.CompletedTask;
        }
    }
}
