using Chat.Backends.Keys;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends;

public sealed class MongoKeyStoreTests(MongoFixture server) : IClassFixture<MongoFixture>
{
    [Fact]
    public async Task Keys_are_added_once_and_every_process_reads_them()
    {
        await using var database = new MongoTestDatabase(server.ConnectionString);
        var store = new MongoKeyStore(database.Gate());
        Assert.Empty(await store.ReadAsync(default));

        await store.AddAsync(new StoredKey("key-1", "<key>1</key>"), default);
        await store.AddAsync(new StoredKey("key-2", "<key>2</key>"), default);
        await store.AddAsync(new StoredKey("key-1", "<key>another</key>"), default);

        var read = await new MongoKeyStore(database.Gate()).ReadAsync(default);
        Assert.Equal([new StoredKey("key-1", "<key>1</key>"), new StoredKey("key-2", "<key>2</key>")], read.OrderBy(k => k.Name, StringComparer.Ordinal));
    }
}
