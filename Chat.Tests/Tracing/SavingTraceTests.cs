using System.Collections.Concurrent;
using System.Diagnostics;
using Chat.Backends.Saving;
using Chat.ServiceDefaults;
using Chat.Tests.Worker;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Tracing;

/// <summary>What the worker and the embedded stores leave in whose trace.</summary>
[Collection(AloneCollection.Name)]
public sealed class SavingTraceTests : IAsyncLifetime
{
    private const string Process = "message_save process";
    private readonly WorkerFixture _worker = new();
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;

    public SavingTraceTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task A_single_message_is_saved_in_its_senders_trace_with_the_database_below()
    {
        var sender = NewContext();
        await EnqueueAsync("m", sender);

        await _worker.StartAsync();
        await _worker.QueueBecomesAsync(0);

        var process = Assert.Single(_spans, s => s.OperationName == Process);
        Assert.Equal((sender.TraceId, sender.SpanId), (process.TraceId, process.ParentSpanId));
        var insert = Assert.Single(_spans, s => s.TraceId == sender.TraceId && s.Kind == ActivityKind.Client);
        Assert.Equal(process.SpanId, insert.ParentSpanId);
        Assert.Equal("sqlite", insert.GetTagItem("db.system.name"));
        Assert.Contains("INSERT messages", (string)insert.GetTagItem("db.query.summary")!, StringComparison.Ordinal);
        Assert.DoesNotContain(insert.TagObjects, t => t.Value?.ToString()?.Contains("content of m", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Of_a_batch_every_message_has_a_span_in_its_own_trace_that_links_to_the_batch()
    {
        ActivityContext[] senders = [.. Enumerable.Range(0, 5).Select(_ => NewContext())];
        for (var i = 0; i < senders.Length; i++)
        {
            await EnqueueAsync($"m{i}", senders[i]);
        }

        await EnqueueAsync("without", null);
        await _worker.StartAsync(prefetch: 20);
        await _worker.QueueBecomesAsync(0);

        var batch = Assert.Single(_spans, s => s.OperationName == Process && s.ParentSpanId == default);
        Assert.Equal(senders.Select(s => s.TraceId), batch.Links.Select(l => l.Context.TraceId));
        Assert.Equal(6, batch.GetTagItem("messaging.batch.message_count"));
        var insert = Assert.Single(_spans, s => s.ParentSpanId == batch.SpanId && s.Kind == ActivityKind.Client);
        foreach (var sender in senders)
        {
            var own = Assert.Single(_spans, s => s.TraceId == sender.TraceId);
            Assert.Equal((Process, sender.SpanId), (own.OperationName, own.ParentSpanId));
            Assert.Equal(batch.Context, Assert.Single(own.Links).Context);
            Assert.Equal("ack", own.GetTagItem("chat.outcome"));
            Assert.InRange(insert.StartTimeUtc, own.StartTimeUtc, own.StartTimeUtc + own.Duration);
        }
    }

    [Fact]
    public async Task An_idle_queue_that_is_polled_leaves_no_span()
    {
        await _worker.StartAsync();
        await Backends.Eventually.IsTrueAsync(() => _worker.Consumer!.IsConsuming, "the queue was polled and found empty");
        var sender = NewContext();
        await EnqueueAsync("m", sender);
        await _worker.QueueBecomesAsync(0);

        Assert.NotEmpty(_spans);
        Assert.All(_spans, s => Assert.Equal(sender.TraceId, s.TraceId));
    }

    private static ActivityContext NewContext() =>
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

    private Task EnqueueAsync(string clientId, ActivityContext? sender)
    {
        var message = Message("alice", clientId) with { Content = $"content of {clientId}" };
        var traceParent = sender is { } s ? $"00-{s.TraceId}-{s.SpanId}-01" : null;
        return _worker.Queue.EnqueueRawAsync(message.Id, "message", SaveItemJson.Write(Save(message)), traceParent, CancellationToken.None);
    }
}
