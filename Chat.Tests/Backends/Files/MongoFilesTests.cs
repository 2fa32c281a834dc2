using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Tests.Servers;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Tests.Backends.Files;

public sealed class MongoFilesTests(MongoFixture server) : FilesContract, IClassFixture<MongoFixture>
{
    private MongoTestDatabase? _database;

    protected override (IFiles Files, IMessageArchive Archive) Open()
    {
        _database ??= new MongoTestDatabase(server.ConnectionString);
        var gate = _database.Gate();
        return (new MongoFiles(gate, Time), new MongoMessageArchive(gate));
    }

    protected override Task<long> CountChunksAsync() =>
        _database!.Raw().GetCollection<BsonDocument>("files.chunks").CountDocumentsAsync(FilterDefinition<BsonDocument>.Empty);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}
