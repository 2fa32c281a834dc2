using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using Chat.Api.Messages;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>What a new message does not have to wait for.</summary>
[Collection(ApiGroup.Name)]
public sealed class NewMessageTests(ApiFixture api)
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_archive_is_asked_for_a_message_only_where_it_may_have_been_sent_long_ago()
    {
        ArchiveCalls? calls = null;
        await using var instance = api.StartAnother(services =>
        {
            var archive = services.Last(s => s.ServiceType == typeof(IMessageArchive)).ImplementationFactory!;
            services.AddSingleton(s => ArchiveCalls.Around((IMessageArchive)archive(s), out calls));
        });
        await using var alice = await TestUser.SignedUpAsync(instance);
        await using var other = alice.At(api.First);
        var room = await alice.RoomAsync();
        var now = DateTimeOffset.UtcNow;

        Assert.Equal(0, await CallsOfAsync(Guid.CreateVersion7(now).ToString()));
        Assert.Equal(0, await CallsOfAsync(Guid.CreateVersion7(now).ToString("N"), attempt: 1));
        Assert.Equal(1, await CallsOfAsync(Guid.CreateVersion7(now).ToString(), attempt: 2));
        Assert.Equal(1, await CallsOfAsync(Guid.CreateVersion7(now.AddHours(-3)).ToString()));
        Assert.Equal(1, await CallsOfAsync(Guid.CreateVersion7(now.AddHours(3)).ToString()));
        Assert.Equal(1, await CallsOfAsync("no UUID"));

        // Not asking costs nothing of the promise: the same client ID, at once at another instance, is the same message.
        var clientId = Guid.CreateVersion7(now).ToString();
        var sent = await alice.SayAsync(room.Id, "once", clientId);
        var again = await other.SayAsync(room.Id, "once", clientId);
        Assert.Equal((sent.Id, sent.Seq, sent.Timestamp), (again.Id, again.Seq, again.Timestamp));

        async Task<int> CallsOfAsync(string clientId, int? attempt = null)
        {
            using var answer = await alice.PostAsync(
                $"/api/rooms/{room.Id}/messages", new PostMessageRequest("new", clientId, Attempt: attempt));
            var message = await answer.ReadAsync<Message>(HttpStatusCode.Created);
            return calls!.Of(message.Id);
        }
    }

    [Fact]
    public async Task A_message_sent_again_while_it_is_being_sent_keeps_nobody_waiting()
    {
        var queue = new QueueThatHolds();
        await using var instance = api.StartAnother(services => services.AddSingleton<ISaveQueue>(queue).AddSingleton<IMessageArchive>(
            new ArchiveThatHolds(queue)));
        await using var alice = await TestUser.SignedUpAsync(instance);
        var room = await alice.RoomAsync();
        var clientId = Guid.CreateVersion7().ToString();

        queue.Holds = MessageId.For(alice.Name, clientId);
        var first = alice.SayAsync(room.Id, "slow", clientId);
        await queue.Held.WaitAsync(Eventually.Patience);
        var again = alice.SayAsync(room.Id, "slow", clientId);
        var next = await alice.SayAsync(room.Id, "next");
        Assert.False(first.IsCompleted);

        queue.Release();
        Assert.Equal((await first).Seq, (await again).Seq);
        Assert.True((await first).Seq < next.Seq);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(599, true)]
    [InlineData(601, false)]
    [InlineData(-59, true)]
    [InlineData(-61, false)]
    public void A_client_id_is_recent_for_ten_minutes_by_the_time_in_it(int secondsAgo, bool recent)
    {
        var made = Noon.AddSeconds(-secondsAgo);
        Assert.Equal(recent, ClientIds.IsRecent(Guid.CreateVersion7(made).ToString(), Noon));
        Assert.Equal(made, ClientIds.MadeAt(Guid.CreateVersion7(made).ToString("N")));
    }

    [Theory]
    [InlineData("c-1")]
    [InlineData("6f9619ff-8b86-4d11-b42d-00c04fc964ff")]
    [InlineData("")]
    public void Another_client_id_tells_no_time(string clientId)
    {
        Assert.Null(ClientIds.MadeAt(clientId));
        Assert.False(ClientIds.IsRecent(clientId, Noon));
    }

    /// <summary>Counts how often each message was looked for.</summary>
    public class ArchiveCalls : DispatchProxy
    {
        private readonly ConcurrentDictionary<string, int> _finds = new();
        private IMessageArchive _inner = null!;

        internal static IMessageArchive Around(IMessageArchive inner, out ArchiveCalls calls)
        {
            var archive = Create<IMessageArchive, ArchiveCalls>();
            calls = (ArchiveCalls)archive;
            calls._inner = inner;
            return archive;
        }

        internal int Of(string messageId) => _finds.GetValueOrDefault(messageId);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IMessageArchive.FindAsync))
            {
                _finds.AddOrUpdate((string)args![0]!, 1, (_, count) => count + 1);
            }

            return targetMethod.Invoke(_inner, args);
        }
    }

    /// <summary>Takes one message only when it is let.</summary>
    private sealed class QueueThatHolds : ISaveQueue
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? Holds { get; set; }

        public Task Held => _held.Task;

        public void Release() => _released.SetResult();

        public async Task HoldAsync(SaveItem item)
        {
            if (item.Key == Holds)
            {
                _held.TrySetResult();
                await _released.Task;
            }
        }

        public Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken) => HoldAsync(item);

        public ValueTask<long?> CountAsync(CancellationToken cancellationToken) => new(0);

        public Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken) => Task.FromResult(true);
    }

    /// <summary>An archive that is as slow for the one message as the queue is.</summary>
    private sealed class ArchiveThatHolds(QueueThatHolds queue) : IMessageArchive
    {
        public async Task<IReadOnlyList<SaveResult>> SaveAsync(IReadOnlyList<SaveItem> items, CancellationToken cancellationToken)
        {
            await queue.HoldAsync(items[0]);
            return [.. items.Select(_ => new SaveResult(SaveResultKind.Saved))];
        }

        public Task<Message?> FindAsync(string messageId, CancellationToken cancellationToken) => Task.FromResult<Message?>(null);

        public Task<IReadOnlyList<Message>> ReadAsync(
            string roomId, MessageCursor? before, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Message>>([]);

        public Task<IReadOnlyDictionary<string, Message>> ReadNewestAsync(
            IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyDictionary<string, Message>>(new Dictionary<string, Message>());

        public Task<IReadOnlyDictionary<string, UnreadCount>> CountUnreadAsync(
            string username, IReadOnlyCollection<UnreadRange> ranges, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyDictionary<string, UnreadCount>>(new Dictionary<string, UnreadCount>());

        public Task<IReadOnlyList<Message>> SearchAsync(MessageSearch search, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Message>>([]);

        public Task<IReadOnlyList<Message>> ReadBySenderAsync(
            string sender, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Message>>([]);

        public Task<bool> EraseRoomAsync(string roomId, CancellationToken cancellationToken) => Task.FromResult(true);
    }
}
