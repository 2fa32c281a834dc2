using Chat.Backends.Archive;
using Chat.Tests.Backends.Sqlite;

namespace Chat.Tests.Backends.Archive;

public sealed class SqliteMessageArchiveTests : MessageArchiveContract
{
    private readonly SqliteFile _file = new();

    protected override Task<IMessageArchive> OpenAsync() => Task.FromResult<IMessageArchive>(new SqliteMessageArchive(_file.Open()));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _file.DisposeAsync();
    }
}
