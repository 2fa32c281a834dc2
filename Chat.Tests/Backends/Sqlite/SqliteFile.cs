using Chat.Backends.Saving;
using Chat.Backends.Sqlite;

namespace Chat.Tests.Backends.Sqlite;

/// <summary>A SQLite file of a test, and every instance that opened it; gone with them.</summary>
internal sealed class SqliteFile : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-sqlite-").FullName;
    private readonly List<SqliteDatabase> _open = [];

    public string Path => System.IO.Path.Combine(_folder, "chat.db");

    /// <summary>Independent of the others, as another process would be.</summary>
    public SqliteDatabase Open(TimeSpan? busyTimeout = null)
    {
        var database = new SqliteDatabase(Path, busyTimeout ?? TimeSpan.FromSeconds(30));
        lock (_open)
        {
            _open.Add(database);
        }

        return database;
    }

    public static Microsoft.Extensions.Options.IOptions<SaveConsumerOptions> Consuming(int prefetch, int maxAttempts = 3) =>
        Microsoft.Extensions.Options.Options.Create(new SaveConsumerOptions { Prefetch = prefetch, MaxAttempts = maxAttempts, RetryDelay = TimeSpan.Zero });

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _open)
        {
            await database.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
