using Chat.Backends.Rooms;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Rooms;

public sealed class MongoRoomStoreTests(MongoFixture server) : RoomStoreContract, IClassFixture<MongoFixture>
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

    protected override Task<IRoomStore> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<IRoomStore>(new MongoRoomStore(_database.Gate()));
    }
}
