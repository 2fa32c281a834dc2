using System.Collections.Concurrent;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Sqlite;

/// <summary>Several processes on one file: each instance has its own writer and connections, as a process has.</summary>
public sealed class SqliteSharingTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly SqliteFile _file = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _file.DisposeAsync();

    [Fact]
    public async Task Many_that_open_a_new_file_at_the_same_time_make_one_schema()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            new SqliteMessageArchive(_file.Open()).SaveAsync([Save(Message("alice", $"m{i}", at: i))], None))));

        Assert.All(results, r => Assert.Equal(SaveResultKind.Saved, r.Single().Kind));
    }

    [Fact]
    public async Task Several_writers_and_consumers_at_once_store_everything_once()
    {
        const int Writers = 3, Each = 60;
        var archive = new SqliteMessageArchive(_file.Open());
        using var stop = new CancellationTokenSource();
        var consumers = Enumerable.Range(0, 3).Select(_ =>
        {
            var database = _file.Open();
            var own = new SqliteMessageArchive(database);
            return Task.Run(() => new SqliteSaveConsumer(database, SqliteFile.Consuming(8), TimeProvider.System, NullLogger<SqliteSaveConsumer>.Instance)
                .RunAsync(
                    async (batch, ct) =>
                    {
                        var items = batch.Select(d => Save(System.Text.Json.JsonSerializer.Deserialize(d.Body.Span, Chat.Contracts.ChatJson.Default.Message)!));
                        await own.SaveAsync([.. items], ct);
                        return [.. batch.Select(_ => SaveOutcome.Ack)];
                    },
                    stop.Token));
        }).ToList();

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w =>
        {
            var queue = new SqliteSaveQueue(_file.Open());
            return Task.WhenAll(Enumerable.Range(0, Each).Select(i =>
                queue.EnqueueAsync(Save(Message($"user{w}", $"m{w}-{i}", at: (i * Writers) + w)), None)));
        }));
        var counting = new SqliteSaveQueue(_file.Open());
        await Eventually.IsTrueAsync(async () => await counting.CountAsync(None) == 0, "the queue is empty");
        await stop.CancelAsync();
        await Task.WhenAll(consumers).WaitAsync(Eventually.Patience);

        var stored = new List<string>();
        MessageCursor? after = new MessageCursor(Noon.AddDays(-1), "");
        while (await archive.ReadAsync("general", null, after, 100, None) is { Count: > 0 } page)
        {
            stored.AddRange(Contents(page));
            after = MessageCursor.Of(page[^1]);
        }

        Assert.Equal(Enumerable.Range(0, Writers * Each).Select(n => $"m{n % Writers}-{n / Writers}"), stored);
        Assert.Empty(await new SqliteDeadLetters(_file.Open()).ListAsync(1, None));
    }

    [Fact]
    public async Task What_a_killed_consumer_held_is_delivered_again_when_its_lease_has_run_out_and_not_before()
    {
        var time = new FakeTimeProvider(Noon);
        await new SqliteSaveQueue(_file.Open()).EnqueueAsync(Save(Message("alice", "m")), None);

        // The "killed" one took the row and never answers; its lease is not extended because its clock stands still.
        var killed = new SqliteLeases(_file.Open(), SqliteFile.Consuming(1).Value, SqliteSaveConsumer.Lease, time);
        var taken = Assert.Single(await killed.TakeAsync(None));
        var next = new SqliteLeases(_file.Open(), SqliteFile.Consuming(1).Value, SqliteSaveConsumer.Lease, time);

        time.Advance(SqliteSaveConsumer.Lease - TimeSpan.FromMilliseconds(1));
        Assert.True(await next.UntilDueAsync(None) > TimeSpan.Zero);
        Assert.Empty(await next.TakeAsync(None));

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await next.UntilDueAsync(None) <= TimeSpan.Zero);
        var again = Assert.Single(await next.TakeAsync(None));
        Assert.Equal((taken.Delivery.Key, 2), (again.Delivery.Key, again.Delivery.Attempt));

        // One that was only thought dead and comes too late changes nothing.
        await killed.SettleAsync([taken], [SaveOutcome.Ack]);
        await next.SettleAsync([again], [SaveOutcome.Requeue]);
        Assert.True(await next.UntilDueAsync(None) <= TimeSpan.Zero);
    }

    [Fact]
    public async Task A_lease_that_is_extended_does_not_run_out()
    {
        var time = new FakeTimeProvider(Noon);
        await new SqliteSaveQueue(_file.Open()).EnqueueAsync(Save(Message("alice", "m")), None);
        var slow = new SqliteLeases(_file.Open(), SqliteFile.Consuming(1).Value, SqliteSaveConsumer.Lease, time);
        var taken = await slow.TakeAsync(None);

        for (var i = 0; i < 5; i++)
        {
            time.Advance(SqliteSaveConsumer.Lease / 2);
            await slow.ExtendAsync();
            Assert.True(await slow.UntilDueAsync(None) > TimeSpan.Zero);
        }

        await slow.SettleAsync(taken, [SaveOutcome.Ack]);
        Assert.Equal(0, await new SqliteSaveQueue(_file.Open()).CountAsync(None));
    }

    [Fact]
    public async Task A_file_that_another_process_keeps_locked_counts_as_away_and_is_used_again_afterwards()
    {
        var database = _file.Open(busyTimeout: TimeSpan.FromMilliseconds(100));
        var queue = new SqliteSaveQueue(database);
        var archive = new SqliteMessageArchive(database);
        await queue.EnqueueAsync(Save(Message("alice", "before")), None);

        await using (var hog = new SqliteConnection($"Data Source={_file.Path};Pooling=False"))
        {
            await hog.OpenAsync();
            await using var begin = hog.CreateCommand();
            begin.CommandText = "BEGIN IMMEDIATE";
            await begin.ExecuteNonQueryAsync();

            var messaging = await Assert.ThrowsAsync<BackendUnavailableException>(() => queue.EnqueueAsync(Save(Message("alice", "m")), None));
            var chatdb = await Assert.ThrowsAsync<BackendUnavailableException>(() => archive.SaveAsync([Save(Message("alice", "m"))], None));
            Assert.Equal(("messaging", "chatdb"), (messaging.Backend, chatdb.Backend));
            Assert.Equal(1, await queue.CountAsync(None));
        }

        await queue.EnqueueAsync(Save(Message("alice", "after", at: 1)), None);
        Assert.Equal(2, await queue.CountAsync(None));
    }

    [Fact]
    public async Task A_write_that_fails_takes_nothing_of_those_that_share_its_commit()
    {
        var database = _file.Open();
        var failures = new ConcurrentBag<Exception>();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await database.WriteAsync(
                    "chatdb",
                    session =>
                    {
                        session.Execute("INSERT INTO data_protection_keys (name, xml) VALUES ($1, $2)", $"k{i}", "x");
                        return i % 5 == 0 ? throw new InvalidOperationException("a bug") : i;
                    },
                    None);
            }
            catch (InvalidOperationException e)
            {
                failures.Add(e);
            }
        }));

        Assert.Equal(4, failures.Count);
        Assert.Equal(16, await database.ReadAsync("chatdb", session => session.Number("SELECT count(*) FROM data_protection_keys"), None));
    }

    [Fact]
    public async Task A_file_of_a_later_version_is_refused_rather_than_damaged()
    {
        await new SqliteSaveQueue(_file.Open()).CountAsync(None);
        await using (var connection = new SqliteConnection($"Data Source={_file.Path};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 999";
            await command.ExecuteNonQueryAsync();
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => new SqliteMessageArchive(_file.Open()).FindAsync("x", None));
    }
}
