using Chat.Backends.Rooms;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Rooms;

public sealed class MongoRoomStoreTests(MongoFixture server) : RoomStoreContract, IClassFixture<MongoFixture>
{
    private MongoTestDatabase? _database;

    public override Task DisposeAsync() => _database?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    protected override Task<IRoomStore> OpenAsync()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        return Task.FromResult<IRoomStore>(new MongoRoomStore(_database.Gate()));
    }
}
