using Chat.Backends.Users;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Users;

public sealed class MongoUserDirectoryTests(MongoFixture server) : UserDirectoryContract, IClassFixture<MongoFixture>
{
    private MongoTestDatabase? _database;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    protected override Task<IUserDirectory> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<IUserDirectory>(new MongoUserDirectory(_database.Gate()));
    }
}
