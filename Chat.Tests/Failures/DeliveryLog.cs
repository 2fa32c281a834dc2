using System.Collections.Concurrent;

namespace Chat.Tests.Failures;

/// <summary>What was sent when, what was answered at once, and how long it took to every screen; shared by everybody in one run.</summary>
internal sealed class DeliveryLog(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> _sent = new();
    private readonly ConcurrentQueue<(string Id, TimeSpan Took)> _deliveries = new();
    private readonly ConcurrentQueue<(long At, bool Accepted)> _attempts = new();

    public long Now => time.GetTimestamp();

    /// <summary>The first attempt counts: from then on somebody waits.</summary>
    public void Sent(string messageId) => _sent.TryAdd(messageId, Now);

    /// <summary>On one screen for the first time, by push or by catching up.</summary>
    public void Shown(string messageId)
    {
        if (_sent.TryGetValue(messageId, out var at))
        {
            _deliveries.Enqueue((messageId, time.GetElapsedTime(at)));
        }
    }

    /// <summary>An attempt to send, begun at the timestamp, got its answer: an acknowledgement or a refusal, or none in time.</summary>
    public void Answered(long begun, bool accepted) => _attempts.Enqueue((begun, accepted));

    /// <summary>How long messages first sent between the two timestamps took to each screen, shortest first.</summary>
    public IReadOnlyList<TimeSpan> DeliveriesBetween(long from, long until) =>
        [.. _deliveries.Where(d => _sent[d.Id] is var at && at >= from && at <= until).Select(d => d.Took).Order()];

    /// <summary>Of the attempts begun between the two timestamps, the part that was acknowledged, 0 to 1; 1 without any.</summary>
    public double AcceptedBetween(long from, long until)
    {
        var begun = _attempts.Where(a => a.At >= from && a.At <= until).ToList();
        return begun.Count == 0 ? 1 : (double)begun.Count(a => a.Accepted) / begun.Count;
    }
}
