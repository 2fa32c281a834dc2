using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
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
    private SavingService? _running;

    public WorkerFixture()
    {
        var database = _file.Open();
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
            Consumer, archive, new MessageSaver(archive, NullLogger<MessageSaver>.Instance), State,
            Options.Create(new WorkerOptions { ProbeDelay = TimeSpan.FromMilliseconds(20), MaxProbeDelay = TimeSpan.FromMilliseconds(100) }),
            TimeProvider.System, NullLogger<SavingService>.Instance);
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

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _file.DisposeAsync();
    }
}

/// <summary>An archive that can go away, and that breaks on messages of a certain content.</summary>
internal sealed class BreakableArchive(IMessageArchive inner) : IMessageArchive
{
    private int _savesWhileAway;
    private int _probesWhileAway;

    public volatile bool Away;

    public string? Poison { get; init; }

    public int SavesWhileAway => _savesWhileAway;

    public int ProbesWhileAway => _probesWhileAway;

    public Task<IReadOnlyList<SaveResult>> SaveAsync(IReadOnlyList<SaveItem> items, CancellationToken cancellationToken)
    {
        if (Away)
        {
            Interlocked.Increment(ref _savesWhileAway);
            throw new BackendUnavailableException("chatdb");
        }

        return Poison is not null && items.OfType<SaveMessage>().Any(m => m.Message.Content == Poison)
            ? throw new InvalidOperationException("a bug")
            : inner.SaveAsync(items, cancellationToken);
    }

    public Task<Chat.Contracts.Message?> FindAsync(string messageId, CancellationToken cancellationToken)
    {
        if (Away)
        {
            Interlocked.Increment(ref _probesWhileAway);
            throw new BackendUnavailableException("chatdb");
        }

        return inner.FindAsync(messageId, cancellationToken);
    }

    public Task<IReadOnlyList<Chat.Contracts.Message>> ReadAsync(string roomId, MessageCursor? before, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
        inner.ReadAsync(roomId, before, after, limit, cancellationToken);

    public Task<IReadOnlyDictionary<string, Chat.Contracts.Message>> ReadNewestAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        inner.ReadNewestAsync(roomIds, cancellationToken);

    public Task<UnreadCount> CountUnreadAsync(
        string roomId, string username, MessageCursor? readUpTo, MessageCursor? before, CancellationToken cancellationToken) =>
        inner.CountUnreadAsync(roomId, username, readUpTo, before, cancellationToken);

    public Task<IReadOnlyList<Chat.Contracts.Message>> SearchAsync(MessageSearch search, CancellationToken cancellationToken) =>
        inner.SearchAsync(search, cancellationToken);

    public Task<IReadOnlyList<Chat.Contracts.Message>> ReadBySenderAsync(string sender, MessageCursor? after, int limit, CancellationToken cancellationToken) =>
        inner.ReadBySenderAsync(sender, after, limit, cancellationToken);

    public Task<bool> EraseRoomAsync(string roomId, CancellationToken cancellationToken) => inner.EraseRoomAsync(roomId, cancellationToken);
}
