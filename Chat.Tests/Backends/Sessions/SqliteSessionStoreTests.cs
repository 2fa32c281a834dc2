using Chat.Backends.Sessions;
using Chat.Tests.Backends.Sqlite;

namespace Chat.Tests.Backends.Sessions;

public sealed class SqliteSessionStoreTests : SessionStoreContract, IAsyncLifetime
{
    private readonly SqliteFile _file = new();

    protected override Task<ISessionStore> CreateAsync() => Task.FromResult<ISessionStore>(new SqliteSessionStore(_file.Open(), Time));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _file.DisposeAsync();
}
