using System.Text;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Availability;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Backends;
using Chat.Worker.Consuming;
using Chat.Worker.Saving;
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

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task A_message_that_breaks_saving_stands_alone_at_the_end(int prefetch)
    {
        var messages = Messages(12);
        await EnqueueAsync(messages.Select(Save));
        var archive = new BreakableArchive(_worker.Archive) { Poison = "m5" };

        await _worker.StartAsync(archive, prefetch);
        await _worker.QueueBecomesAsync(0);

        Assert.Equal(Contents(messages.Where(m => m.Content != "m5")), Contents(await StoredAsync()));
        var dead = Assert.Single(await _worker.Dead.ListAsync(10, None));
        Assert.Equal((messages[5].Id, "given up after 3 attempts"), (dead.Key, dead.Reason));
    }

    /// <summary>Ways in which an archive that reads saves nothing: permission, quota, a fault of ours, a rule that refuses all.</summary>
    public static TheoryData<string> WaysToSaveNothing => ["unavailable", "busy", "refused", "bug", "rule"];

    [Theory]
    [MemberData(nameof(WaysToSaveNothing))]
    public async Task While_the_archive_saves_nothing_the_worker_pauses_probes_and_resumes_and_nothing_is_lost_counted_or_buried(string way)
    {
        var messages = Messages(30);
        var archive = new BreakableArchive(_worker.Archive);
        await _worker.StartAsync(archive, prefetch: 5);
        await EnqueueAsync(messages.Take(10).Select(Save));
        await _worker.QueueBecomesAsync(0);

        archive.Broken = Broken(way);
        await EnqueueAsync(messages.Skip(10).Select(Save));
        await Eventually.IsTrueAsync(
            () => _worker.State.Now.Phase == SavingPhase.Paused && archive.ProbesWhileBroken >= 5, "it is paused and probes");
        Assert.Equal(HealthStatus.Degraded, (await HealthAsync()).Status);
        // One batch, and each of it alone at most.
        Assert.InRange(archive.SavesWhileBroken, 1, 6);
        await _worker.QueueBecomesAsync(20);
        Assert.Equal(0, await _worker.FailedAttemptsAsync());

        archive.Broken = null;
        await _worker.QueueBecomesAsync(0);
        await Eventually.IsTrueAsync(async () => (await HealthAsync()).Status == HealthStatus.Healthy, "it is healthy again");

        Assert.Equal(Contents(messages), Contents(await StoredAsync()));
        Assert.Empty(await _worker.Dead.ListAsync(10, None));
    }

    [Fact]
    public async Task A_worker_that_starts_before_the_archive_saves_takes_nothing_until_it_does()
    {
        var archive = new BreakableArchive(_worker.Archive) { Broken = Broken("unavailable") };
        await EnqueueAsync(Messages(3).Select(Save));
        await _worker.StartAsync(archive);
        await Eventually.IsTrueAsync(() => archive.ProbesWhileBroken >= 3, "it probes");

        Assert.Equal((SavingPhase.Starting, 0), (_worker.State.Now.Phase, archive.SavesWhileBroken));
        Assert.StartsWith("Starting", (await HealthAsync()).Description, StringComparison.Ordinal);

        archive.Broken = null;
        await _worker.QueueBecomesAsync(0);
    }

    [Fact]
    public async Task An_archive_that_is_too_slow_for_a_batch_is_given_each_item_alone()
    {
        var messages = Messages(12);
        await EnqueueAsync(messages.Select(Save));
        var archive = new BreakableArchive(_worker.Archive) { Broken = Broken("busy"), BreaksAbove = 1 };

        await _worker.StartAsync(archive, prefetch: 5);
        await _worker.QueueBecomesAsync(0);

        Assert.Equal(Contents(messages), Contents(await StoredAsync()));
        Assert.Empty(await _worker.Dead.ListAsync(10, None));
        Assert.Equal(0, archive.ProbesWhileBroken);
    }

    [Fact]
    public async Task Probing_leaves_one_record_that_nobody_reads()
    {
        var probe = new ArchiveProbe(_worker.Archive, TimeProvider.System);
        for (var i = 0; i < 3; i++)
        {
            await probe.WriteAsync(None);
        }

        Assert.Null(await _worker.Archive.FindAsync(MessageId.For(ArchiveProbe.Name, ArchiveProbe.Name), None));
        Assert.Empty(await _worker.Archive.ReadAsync(ArchiveProbe.Name, null, null, 10, None));
        Assert.Empty(await _worker.Archive.ReadBySenderAsync(ArchiveProbe.Name, null, 10, None));
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

    private static Func<IReadOnlyList<SaveItem>, IReadOnlyList<SaveResult>> Broken(string way) => way switch
    {
        "unavailable" => _ => BreakableArchive.Throw(new BackendUnavailableException("chatdb")),
        "busy" => _ => BreakableArchive.Throw(new BackendUnavailableException("chatdb", verdict: Verdict.Busy)),
        "refused" => _ => BreakableArchive.Throw(new BackendUnavailableException("chatdb", verdict: Verdict.Refused)),
        "bug" => _ => BreakableArchive.Throw(new InvalidOperationException("a bad hint")),
        _ => items => [.. items.Select(_ => new SaveResult(SaveResultKind.Refused, "not valid"))],
    };

    private Task RawAsync(string key, string type, string body) =>
        _worker.Queue.EnqueueRawAsync(key, type, Encoding.UTF8.GetBytes(body), traceParent: null, None);

    private Task<HealthCheckResult> HealthAsync() =>
        new SavingHealth(_worker.State, _worker.Consumer!).CheckHealthAsync(new HealthCheckContext(), None);
}
