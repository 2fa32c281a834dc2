using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Availability;
using Chat.Backends.Database;
using Chat.Tests.Servers;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Tests.Backends;

/// <summary>What one call does to the others, on a database that answers.</summary>
public sealed class MongoGateTests(MongoFixture server) : IClassFixture<MongoFixture>, IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private MongoTestDatabase? _database;

    private MongoTestDatabase Database =>
        _database ??= new MongoTestDatabase(
            server.ConnectionString, new MongoOptions { Timeout = Eventually.Patience, SaveTimeout = TimeSpan.FromMilliseconds(100) });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_slow_call_is_busy_and_stops_no_other()
    {
        var gate = Database.Gate();
        var archive = new MongoMessageArchive(gate);
        Assert.Null(await archive.FindAsync("x", None));

        var slow = await Assert.ThrowsAsync<BackendUnavailableException>(() => gate.SaveAsync(
            async (_, token) =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return true;
            },
            None));

        Assert.Equal(Verdict.Busy, slow.Verdict);
        Assert.Null(await archive.FindAsync("x", None));
        Assert.True(gate.IsOpen);
    }

    [Fact]
    public async Task Contended_refused_and_wrong_calls_stop_no_other()
    {
        var gate = Database.Gate();
        for (var i = 0; i < 20; i++)
        {
            var contended = await Assert.ThrowsAsync<BackendUnavailableException>(
                () => FailAsync(gate, new ContentionException("Others kept writing.")));
            Assert.Equal(Verdict.Contended, contended.Verdict);
            await Assert.ThrowsAsync<BsonSerializationException>(() => FailAsync(gate, new BsonSerializationException("too deep")));
            await Assert.ThrowsAsync<InvalidOperationException>(() => FailAsync(gate, new InvalidOperationException("a bug")));
        }

        Assert.True(gate.IsOpen);
        Assert.Null(await new MongoMessageArchive(gate).FindAsync("x", None));
    }

    [Fact]
    public async Task No_call_waits_for_the_indexes_or_names_one_that_is_not_there()
    {
        var gate = Database.Gate();
        var archive = new MongoMessageArchive(gate);
        Assert.Null(gate.Collections.Hint("room_order"));
        Assert.Empty(await archive.ReadAsync("general", null, null, 10, None));
        Assert.DoesNotContain("room_order", await IndexesAsync());

        using var indexes = new MongoIndexes(gate, TimeProvider.System, NullLogger<MongoIndexes>.Instance);
        await indexes.StartAsync(None);
        await Eventually.IsTrueAsync(
            async () => (await indexes.CheckHealthAsync(new HealthCheckContext(), None)).Status == HealthStatus.Healthy, "they are there");

        Assert.Equal("room_order", gate.Collections.Hint("room_order"));
        Assert.Contains("room_order", await IndexesAsync());
        Assert.Empty(await archive.ReadAsync("general", null, null, 10, None));
        await indexes.StopAsync(None);
    }

    private static Task<int> FailAsync(MongoGate gate, Exception e) => gate.CallAsync<int>((_, _) => throw e, None);

    private async Task<List<string>> IndexesAsync()
    {
        using var found = await Database.Raw().GetCollection<BsonDocument>("messages").Indexes.ListAsync();
        return [.. (await found.ToListAsync()).Select(i => i["name"].AsString)];
    }
}
