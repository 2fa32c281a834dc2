using Chat.Backends.Sessions;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Sessions;

public sealed class MongoSessionStoreTests(MongoFixture server) : SessionStoreContract, IClassFixture<MongoFixture>, IAsyncLifetime
{
    private MongoTestDatabase? _database;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    protected override Task<ISessionStore> CreateAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<ISessionStore>(new MongoSessionStore(_database.Gate(), Time));
    }
}
