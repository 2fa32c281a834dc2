using Chat.Backends.Rooms;
using Chat.Tests.Backends.Sqlite;

namespace Chat.Tests.Backends.Rooms;

public sealed class SqliteRoomStoreTests : RoomStoreContract
{
    private readonly SqliteFile _file = new();

    protected override Task<IRoomStore> OpenAsync() => Task.FromResult<IRoomStore>(new SqliteRoomStore(_file.Open()));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _file.DisposeAsync();
    }
}
