using Chat.Backends.Users;
using Chat.Tests.Backends.Sqlite;

namespace Chat.Tests.Backends.Users;

public sealed class SqliteUserDirectoryTests : UserDirectoryContract
{
    private readonly SqliteFile _file = new();

    protected override Task<IUserDirectory> OpenAsync() => Task.FromResult<IUserDirectory>(new SqliteUserDirectory(_file.Open()));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _file.DisposeAsync();
    }
}
