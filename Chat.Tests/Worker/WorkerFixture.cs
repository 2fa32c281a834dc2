using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Backends.Sqlite;
using Chat.Tests.Backends.Sqlite;
using Chat.Worker.Consuming;
using Chat.Worker.Saving;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Worker;

/// <summary>A worker on the embedded queue and an archive of choice, to be started and stopped.</summary>
internal sealed class WorkerFixture : IAsyncDisposable
{
    private readonly SqliteFile _file = new();
    private readonly SqliteDatabase _database;
    private SavingService? _running;

    public WorkerFixture()
    {
        var database = _file.Open();
        _database = database;
        Queue = new SqliteSaveQueue(database);
        Dead = new SqliteDeadLetters(database);
        Archive = new SqliteMessageArchive(database);
    }

    public SqliteSaveQueue Queue { get; }

    public SqliteDeadLetters Dead { get; }

    public SqliteMessageArchive Archive { get; }

    public SavingState State { get; } = new(TimeProvider.System);

    public SqliteSaveConsumer? Consumer { get; private set; }

    /// <summary>As another process: its own connections to the file.</summary>
    public async Task StartAsync(IMessageArchive? archive = null, int prefetch = 20)
    {
        var database = _file.Open();
        Consumer = new SqliteSaveConsumer(database, SqliteFile.Consuming(prefetch), TimeProvider.System, NullLogger<SqliteSaveConsumer>.Instance);
        archive ??= new SqliteMessageArchive(database);
        _running = new SavingService(
            Consumer,
            new ArchiveProbe(archive, TimeProvider.System),
            new MessageSaver(archive, TimeProvider.System, NullLogger<MessageSaver>.Instance),
            State,
            Options.Create(new WorkerOptions { ProbeDelay = TimeSpan.FromMilliseconds(20), MaxProbeDelay = TimeSpan.FromMilliseconds(100) }),
            TimeProvider.System,
            NullLogger<SavingService>.Instance);
        await _running.StartAsync(CancellationToken.None);
    }

    public async Task StopAsync()
    {
        if (_running is { } running)
        {
            _running = null;
            await running.StopAsync(CancellationToken.None).WaitAsync(Backends.Eventually.Patience);
            running.Dispose();
        }
    }

    public Task QueueBecomesAsync(int count) =>
        Backends.Eventually.IsTrueAsync(async () => await Queue.CountAsync(CancellationToken.None) == count, $"the queue counts {count}");

    /// <summary>Attempts that count towards the dead letters, of all that wait.</summary>
    public Task<long?> FailedAttemptsAsync() =>
        _database.ReadAsync("test", session => session.Number("SELECT sum(attempt) FROM message_save"), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _file.DisposeAsync();
    }
}

/// <summary>An archive that always reads, saves or not as a test wants, and breaks on messages of a certain content.</summary>
internal sealed class BreakableArchive(IMessageArchive inner) : IMessageArchive
{
    private int _savesWhileBroken;
    private int _probesWhileBroken;

    /// <summary>What saving does instead; null: it saves.</summary>
    public volatile Func<IReadOnlyList<SaveItem>, IReadOnlyList<SaveResult>>? Broken;

    /// <summary>So many items at once it saves all the same.</summary>
    public int BreaksAbove { get; init; }

    public string? Poison { get; init; }

    public int SavesWhileBroken => _savesWhileBroken;

    public int ProbesWhileBroken => _probesWhileBroken;

    public static IReadOnlyList<SaveResult> Throw(Exception e) => throw e;

    public Task<IReadOnlyList<SaveResult>> SaveAsync(IReadOnlyList<SaveItem> items, CancellationToken cancellationToken)
    {
        if (Broken is { } broken && items.Count > BreaksAbove)
        {
            Interlocked.Increment(ref items.Any(IsProbe) ? ref _probesWhileBroken : ref _savesWhileBroken);
            return Task.FromResult(broken(items));
        }

        return Poison is not null && items.OfType<SaveMessage>().Any(m => m.Message.Content == Poison)
            ? throw new InvalidOperationException("a bug")
            : inner.SaveAsync(items, cancellationToken);
    }

    public Task<Chat.Contracts.Message?> FindAsync(string messageId, CancellationToken cancellationToken) =>
        inner.FindAsync(messageId, cancellationToken);

    private static bool IsProbe(SaveItem item) => item is SaveChange { Change.RoomId: ArchiveProbe.Name };

    public Task<IReadOnlyList<Chat.Contracts.Message>> ReadAsync(string roomId, MessageCursor? before, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
        inner.ReadAsync(roomId, before, after, limit, cancellationToken);

    public Task<IReadOnlyDictionary<string, Chat.Contracts.Message>> ReadNewestAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        inner.ReadNewestAsync(roomIds, cancellationToken);

    public Task<IReadOnlyDictionary<string, UnreadCount>> CountUnreadAsync(
        string username, IReadOnlyCollection<UnreadRange> ranges, CancellationToken cancellationToken) =>
        inner.CountUnreadAsync(username, ranges, cancellationToken);

    public Task<IReadOnlyList<Chat.Contracts.Message>> SearchAsync(MessageSearch search, CancellationToken cancellationToken) =>
        inner.SearchAsync(search, cancellationToken);

    public Task<IReadOnlyList<Chat.Contracts.Message>> ReadBySenderAsync(string sender, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
        inner.ReadBySenderAsync(sender, after, limit, cancellationToken);

    public Task<bool> EraseRoomAsync(string roomId, CancellationToken cancellationToken) => inner.EraseRoomAsync(roomId, cancellationToken);
}
