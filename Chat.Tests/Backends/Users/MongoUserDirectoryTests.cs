using Chat.Backends.Users;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Users;

public sealed class MongoUserDirectoryTests(MongoFixture server) : UserDirectoryContract, IClassFixture<MongoFixture>
{
    private MongoTestDatabase? _database;

    public override Task DisposeAsync() => _database?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    protected override Task<IUserDirectory> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<IUserDirectory>(new MongoUserDirectory(_database.Gate()));
    }
}
