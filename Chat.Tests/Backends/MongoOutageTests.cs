using System.Diagnostics;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Database;
using Chat.Backends.Users;
using Chat.Servers;
using Chat.Tests.Servers;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends;

/// <summary>A database that is not there yet, killed, or stopped while connected. Each test has its own server.</summary>
public sealed class MongoOutageTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly MongoServer? _server =
        ServerFinder.Mongo is { } program ? new MongoServer(program, new LocalServerOptions { Persistent = true }) : null;

    private MongoTestDatabase? _database;

    private MongoServer Server
    {
        get
        {
            Assert.SkipWhen(_server is null, "Neither mongod nor ferretdb is installed here.");
            return _server;
        }
    }

    private MongoTestDatabase Database =>
        _database ??= new MongoTestDatabase(Server.ConnectionString, new MongoOptions { Timeout = TimeSpan.FromSeconds(3), SaveTimeout = TimeSpan.FromSeconds(3) });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_was_never_there_is_used_with_its_indexes_once_it_came()
    {
        var gate = Database.Gate();
        using var indexes = new MongoIndexes(gate, TimeProvider.System, NullLogger<MongoIndexes>.Instance);
        await indexes.StartAsync(None);
        var archive = new MongoMessageArchive(gate);
        await Assert.ThrowsAsync<BackendUnavailableException>(() => archive.FindAsync("x", None));

        await Server.StartAsync();
        await EventuallySavedAsync(archive, 1);

        await Eventually.IsTrueAsync(
            async () => (await indexes.CheckHealthAsync(new HealthCheckContext(), None)).Status == HealthStatus.Healthy, "they are there");
        using var found = await Database.Raw().GetCollection<BsonDocument>("messages").Indexes.ListAsync();
        Assert.Contains("room_order", (await found.ToListAsync()).Select(i => i["name"].AsString));
        await indexes.StopAsync(None);
    }

    [Fact]
    public async Task A_killed_database_fails_at_once_after_the_first_and_keeps_what_it_confirmed()
    {
        await Server.StartAsync();
        var gate = Database.Gate();
        var archive = new MongoMessageArchive(gate);
        await archive.SaveAsync([Save(Message("alice", "kept"))], None);

        await Server.KillAsync();
        await AssertFailsFastAsync(gate, archive);

        await Server.StartAsync();
        await EventuallySavedAsync(archive, 1);
        Assert.Equal(["kept", "m1"], Contents(await archive.ReadAsync("general", null, null, 10, None)));
    }

    [Fact]
    public async Task A_database_that_is_stopped_but_connected_fails_at_once_after_the_first_and_is_used_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGSTOP is Unix'.");
        await Server.StartAsync();
        var gate = Database.Gate();
        var archive = new MongoMessageArchive(gate);
        await archive.SaveAsync([Save(Message("alice", "kept"))], None);

#pragma warning disable CA1416 // Skipped above.
        Server.Pause();
        await AssertFailsFastAsync(gate, archive);
        Server.Resume();
#pragma warning restore CA1416

        await EventuallySavedAsync(archive, 1);
    }

    /// <summary>
    /// The first call finds out, or a ping after it when it took too long; then 200 calls together take less than one would take waiting.
    /// </summary>
    private async Task AssertFailsFastAsync(MongoGate gate, MongoMessageArchive archive)
    {
        await Assert.ThrowsAsync<BackendUnavailableException>(() => archive.FindAsync("x", None));
        await Eventually.IsTrueAsync(() => !gate.IsOpen, "it is known");
        var users = new MongoUserDirectory(gate);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 100; i++)
        {
            await Assert.ThrowsAsync<BackendUnavailableException>(() => archive.SaveAsync([Save(Message("alice", "lost", at: 5))], None));
            await Assert.ThrowsAsync<BackendUnavailableException>(() => users.FindAsync("alice", None));
        }

        Assert.True(clock.Elapsed < Database.Options.Timeout * 5, "Each waited although it was known.");
    }

    private static Task EventuallySavedAsync(MongoMessageArchive archive, int number) => Eventually.IsTrueAsync(
        async () =>
        {
            try
            {
                return (await archive.SaveAsync([Save(Message("alice", $"m{number}", at: number))], None)).Single().Kind != SaveResultKind.Refused;
            }
            catch (BackendUnavailableException)
            {
                return false;
            }
        },
        "the database is used again");
}
