using System.Text;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Backends;
using Chat.Worker.Consuming;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Worker;

public sealed class SavingTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly WorkerFixture _worker = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _worker.DisposeAsync();

    private Task EnqueueAsync(IEnumerable<SaveItem> items) => Task.WhenAll(items.Select(i => _worker.Queue.EnqueueAsync(i, None)));

    private static List<Message> Messages(int count) => [.. Enumerable.Range(0, count).Select(i => Message("alice", $"m{i}", at: i))];

    private async Task<List<Message>> StoredAsync()
    {
        var all = new List<Message>();
        MessageCursor? after = new MessageCursor(Noon.AddDays(-1), "");
        while (await _worker.Archive.ReadAsync("general", null, after, 100, None) is { Count: > 0 } page)
        {
            all.AddRange(page);
            after = MessageCursor.Of(page[^1]);
        }

        return all;
    }

    [Fact]
    public async Task What_was_queued_while_no_worker_ran_is_stored_once_when_one_starts()
    {
        var messages = Messages(200);
        await EnqueueAsync(messages.Concat(messages.Take(20)).Select(Save));

        await _worker.StartAsync();
        await _worker.QueueBecomesAsync(0);

        Assert.Equal(Contents(messages), Contents(await StoredAsync()));
        Assert.Empty(await _worker.Dead.ListAsync(10, None));
    }

    [Fact]
    public async Task Poison_becomes_a_dead_letter_with_its_reason_and_the_rest_is_saved()
    {
        var messages = Messages(10);
        await EnqueueAsync(messages.Take(5).Select(Save));
        await RawAsync("not-json", "message", "{\"id\":");
        await RawAsync("no-room", "message", """{"id":"0123456789abcdef0123456789abcdef","sender":"alice","content":"x","timestamp":"2026-02-08T12:00:00.000Z"}""");
        await RawAsync("unknown", "gossip", "{}");
        await RawAsync("wrong-type", "edit", Encoding.UTF8.GetString(SaveItemJson.Write(Delete(messages[0], at: 1))));
        await EnqueueAsync([Save(Message("alice", new string('x', Limits.ContentMax + 1), at: 50))]);
        await EnqueueAsync([Save(messages[0] with { Sender = "mallory" })]);
        await EnqueueAsync(messages.Skip(5).Select(Save));

        await _worker.StartAsync(prefetch: 50);
        await _worker.QueueBecomesAsync(0);

        Assert.Equal(Contents(messages), Contents(await StoredAsync()));
        var reasons = (await _worker.Dead.ListAsync(10, None)).Select(d => d.Reason).ToList();
        Assert.Equal(6, reasons.Count);
        Assert.StartsWith("not the JSON that 'message' needs", reasons[0], StringComparison.Ordinal);
        Assert.Contains("roomId", reasons[1], StringComparison.Ordinal);
        Assert.Equal(
            ["unknown type 'gossip'", "type 'edit' holds a change of type 'delete'", "content: 1 to 4000 characters", "id: not one of the sender's"],
            reasons.Skip(2));
    }

    [Fact]
    public async Task A_message_that_breaks_saving_stands_alone_at_the_end()
    {
        var messages = Messages(12);
        await EnqueueAsync(messages.Select(Save));
        var archive = new BreakableArchive(_worker.Archive) { Poison = "m5" };

        await _worker.StartAsync(archive);
        await _worker.QueueBecomesAsync(0);

        Assert.Equal(Contents(messages.Where(m => m.Content != "m5")), Contents(await StoredAsync()));
        var dead = Assert.Single(await _worker.Dead.ListAsync(10, None));
        Assert.Equal((messages[5].Id, "given up after 3 attempts"), (dead.Key, dead.Reason));
    }

    [Fact]
    public async Task While_the_archive_is_away_the_worker_pauses_probes_and_resumes_and_nothing_is_lost_or_buried()
    {
        var messages = Messages(30);
        var archive = new BreakableArchive(_worker.Archive);
        await _worker.StartAsync(archive, prefetch: 5);
        await EnqueueAsync(messages.Take(10).Select(Save));
        await _worker.QueueBecomesAsync(0);

        archive.Away = true;
        await EnqueueAsync(messages.Skip(10).Select(Save));
        await Eventually.IsTrueAsync(() => _worker.State.Now.Phase == SavingPhase.Paused && archive.ProbesWhileAway >= 5, "it is paused and probes");
        Assert.Equal(HealthStatus.Degraded, (await HealthAsync()).Status);
        Assert.Equal(1, archive.SavesWhileAway);
        await _worker.QueueBecomesAsync(20);

        archive.Away = false;
        await _worker.QueueBecomesAsync(0);
        await Eventually.IsTrueAsync(async () => (await HealthAsync()).Status == HealthStatus.Healthy, "it is healthy again");

        Assert.Equal(Contents(messages), Contents(await StoredAsync()));
        Assert.Empty(await _worker.Dead.ListAsync(10, None));
    }

    [Fact]
    public async Task A_worker_that_starts_before_the_archive_takes_nothing_until_it_answers()
    {
        var archive = new BreakableArchive(_worker.Archive) { Away = true };
        await EnqueueAsync(Messages(3).Select(Save));
        await _worker.StartAsync(archive);
        await Eventually.IsTrueAsync(() => archive.ProbesWhileAway >= 3, "it probes");

        Assert.Equal((SavingPhase.Starting, 0), (_worker.State.Now.Phase, archive.SavesWhileAway));
        Assert.StartsWith("Starting", (await HealthAsync()).Description, StringComparison.Ordinal);

        archive.Away = false;
        await _worker.QueueBecomesAsync(0);
    }

    [Fact]
    public async Task Stopped_in_the_middle_and_started_again_everything_is_stored_once()
    {
        var messages = Messages(150);
        await EnqueueAsync(messages.Select(Save));
        for (var rounds = 0; await _worker.Queue.CountAsync(None) > 0; rounds++)
        {
            Assert.True(rounds < 200, "The queue does not become empty.");
            await _worker.StartAsync(prefetch: 7);
            await Eventually.IsTrueAsync(
                async () => _worker.Consumer!.IsConsuming || await _worker.Queue.CountAsync(None) == 0, "it consumes");
            await _worker.StopAsync();
        }

        Assert.Equal(Contents(messages), Contents(await StoredAsync()));
    }

    private Task RawAsync(string key, string type, string body) =>
        _worker.Queue.EnqueueRawAsync(key, type, Encoding.UTF8.GetBytes(body), traceParent: null, None);

    private Task<HealthCheckResult> HealthAsync() =>
        new SavingHealth(_worker.State, _worker.Consumer!).CheckHealthAsync(new HealthCheckContext(), None);
}
