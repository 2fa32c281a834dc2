using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Tests.Backends.Sqlite;

namespace Chat.Tests.Backends.Files;

public sealed class SqliteFilesTests : FilesContract
{
    private readonly SqliteFile _file = new();

    protected override (IFiles Files, IMessageArchive Archive) Open()
    {
        var database = _file.Open();
        return (new SqliteFiles(database, Time), new SqliteMessageArchive(database));
    }

    protected override async Task<long> CountChunksAsync() =>
        await _file.Open().ReadAsync("chatdb", session => session.Number("SELECT count(*) FROM file_chunks") ?? 0, None);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _file.DisposeAsync();
    }
}
