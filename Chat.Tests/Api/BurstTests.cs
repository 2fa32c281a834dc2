using Chat.Api.Messages;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Backends.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

/// <summary>More is said at once than Redis keeps, faster than it is saved.</summary>
[Collection(ApiGroup.Name)]
public sealed class BurstTests
{
    private const string Room = "general";
    private readonly FakeTimeProvider _time = new(DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
    private readonly Window _recent = new();
    private readonly Queue _queue = new();

    [Fact]
    public async Task A_page_from_the_archive_is_not_called_whole_while_what_Redis_dropped_may_still_be_on_its_way()
    {
        await using var file = new SqliteFile();
        var archive = new SqliteMessageArchive(file.Open());
        var watermark = new SaveWatermark(_queue, _time);
        var lookup = new MessageLookup(_recent, archive, watermark, _time, NullLogger<MessageLookup>.Instance);
        var history = new HistoryReader(
            new SharedReads(_recent), _recent, new SavedPages(archive, watermark, _time), lookup, new RoomClock(_time), _time,
            NullLogger<HistoryReader>.Instance);

        // 130 within a fifth of a second: Redis has the last 100, the archive none yet.
        var burst = Enumerable.Range(1, 130).Select(i => Said(i, _time.GetUtcNow().AddMilliseconds(i))).ToList();
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _recent.Messages = burst[^Limits.RecentMessages..];
        var first = $"0_{new string('0', MessageId.Length)}";

        var early = (await history.ReadAsync(Room, null, first, Limits.PageMax, default)).Value;
        Assert.False(early.Complete);
        Assert.True((await history.ReadAsync(Room, null, null, 50, default)).Value.Complete);

        // It is in the queue for as long as it takes, however long ago that began.
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False((await history.ReadAsync(Room, null, first, Limits.PageMax, default)).Value.Complete);

        await archive.SaveAsync([.. burst.Select(m => (SaveItem)new SaveMessage(m))], default);
        _queue.IsSaved = true;
        var late = (await history.ReadAsync(Room, null, first, Limits.PageMax, default)).Value;
        Assert.True(late.Complete);
        Assert.Equal(burst.Take(Limits.PageMax).Select(m => m.Id), late.Messages.Select(m => m.Id));
    }

    [Fact]
    public async Task A_page_from_the_archive_has_the_changes_that_are_not_saved_yet_up_to_the_number_that_it_names()
    {
        await using var file = new SqliteFile();
        var archive = new SqliteMessageArchive(file.Open());
        var watermark = new SaveWatermark(_queue, _time);
        var lookup = new MessageLookup(_recent, archive, watermark, _time, NullLogger<MessageLookup>.Instance);
        var history = new HistoryReader(
            new SharedReads(_recent), _recent, new SavedPages(archive, watermark, _time), lookup, new RoomClock(_time), _time,
            NullLogger<HistoryReader>.Instance);
        var old = Enumerable.Range(1, 3).Select(i => Said(i, _time.GetUtcNow().AddHours(-1).AddMilliseconds(i))).ToList();
        await archive.SaveAsync([.. old.Select(m => (SaveItem)new SaveMessage(m))], default);
        _queue.IsSaved = true;
        _recent.Messages = [Said(4, _time.GetUtcNow().AddMinutes(-10))];
        _recent.Changes =
        [
            new ReactionChanged
            {
                RoomId = Room, Id = old[1].Id, Username = "bob", Emoji = "👍", On = true, At = _time.GetUtcNow(), Seq = 5, Epoch = "e",
            },
        ];

        var page = (await history.ReadAsync(Room, null, null, 50, default)).Value;
        Assert.True(page.Complete);
        Assert.Equal([0, 1, 0, 0], page.Messages.Select(m => m.Reactions.Count));

        // Redis dropped changes that may still be on their way.
        _recent.ChangesFrom = _time.GetUtcNow();
        _queue.IsSaved = false;
        Assert.False((await history.ReadAsync(Room, null, null, 50, default)).Value.Complete);
        _queue.IsSaved = true;
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await history.ReadAsync(Room, null, null, 50, default)).Value.Complete);
        _recent.ChangesFrom = DateTimeOffset.MaxValue;
        Assert.True((await history.ReadAsync(Room, null, null, 50, default)).Value.Complete);
    }

    private static Message Said(int number, DateTimeOffset at) => new()
    {
        Id = MessageId.For("alice", $"c-{number}"),
        Sender = "alice",
        RoomId = Room,
        Content = $"message {number}",
        Timestamp = at,
        ClientId = $"c-{number}",
        Seq = number,
        Epoch = "e",
    };

    private sealed class Window : IRecentMessages
    {
        public IReadOnlyList<Message> Messages { get; set; } = [];

        public IReadOnlyList<MessageChange> Changes { get; set; } = [];

        public DateTimeOffset? ChangesFrom { get; set; }

        public bool IsAvailable => true;

        public ValueTask<RecentWindow?> ReadAsync(string roomId, CancellationToken cancellationToken) =>
            new(new RecentWindow(
                Messages, Messages.Count > 0 ? Messages[^1].Seq : 0, "e", ContiguousFrom: 0,
                Dropped: Messages.Count > 0 ? Messages[0].Timestamp.AddMilliseconds(-1) : null)
            {
                HasChanges = Changes.Count > 0,
                ChangesFrom = ChangesFrom,
            });

        public ValueTask<Appended?> AppendAsync(Message message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<RecentMessage?> FindAsync(string roomId, string id, CancellationToken cancellationToken) =>
            new(new RecentMessage(Messages.FirstOrDefault(m => m.Id == id)));

        public ValueTask<MessageChange?> ApplyAsync(MessageChange change, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<MessageChange?> ApplyAgainAsync(MessageChange change, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<RecentChanges?> ReadChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<MessageChange>?> FindChangesAsync(
            string roomId, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
            new([.. Changes.Where(c => ids.Contains(c.Id))]);

        public ValueTask<IReadOnlyDictionary<string, Message>?> ReadNewestAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyDictionary<string, RecentWindow>?> ReadSinceAsync(
            IReadOnlyDictionary<string, DateTimeOffset> times, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask RemoveRoomAsync(string roomId, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Queue : ISaveQueue
    {
        public bool IsSaved { get; set; }

        public Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<long?> CountAsync(CancellationToken cancellationToken) => new(0);

        public Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken) => Task.FromResult(IsSaved);
    }
}
