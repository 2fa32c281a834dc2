namespace Chat.Backends.Saving;

/// <summary>
/// The durable queue <c>message_save</c> between accepting and saving. At least once: an item may be delivered again, to
/// anybody; order is not promised (saving commutes). Dead letters go to <c>message_save.dead</c> with their reason.
/// </summary>
public interface ISaveQueue
{
    /// <summary>
    /// Completes when the item is durable: routed to the queue and confirmed by the broker, or committed to disk.
    /// </summary>
    /// <exception cref="BackendUnavailableException">
    /// Not confirmed in time: broker away, blocked by an alarm, or too many in flight. The item may be in the queue all the same.
    /// </exception>
    Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken);

    /// <summary>
    /// Items waiting, those being handled included where the queue can tell; null when it cannot be asked now.
    /// </summary>
    ValueTask<long?> CountAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Waits until everything that was durable in the queue before the call is saved, or set aside as a dead letter. Items that a
    /// consumer holds count as not saved.
    /// </summary>
    /// <returns>True when that is proved; false when it was not within <paramref name="patience"/>, or cannot be known now.</returns>
    Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken);
}

/// <summary>
/// The consuming side. <see cref="RunAsync"/> hands over batches of 1 to <c>Prefetch</c> deliveries and carries out the
/// outcome the handler gives for each. It reconnects by itself with backoff. It ends when cancelled or when the handler
/// answers <see cref="SaveOutcome.Pause"/> for any delivery: then everything not acked or dead-lettered is back in the
/// queue, for anybody, without having counted as a failed attempt as far as the broker allows.
/// </summary>
public interface ISaveConsumer
{
    /// <summary>True while connected and receiving.</summary>
    bool IsConsuming { get; }

    Task RunAsync(SaveHandler handler, CancellationToken cancellationToken);
}

/// <summary>Answers one outcome a delivery, in the same order. An exception counts as <see cref="SaveOutcome.Requeue"/> for all.</summary>
public delegate Task<IReadOnlyList<SaveOutcome>> SaveHandler(IReadOnlyList<SaveDelivery> batch, CancellationToken cancellationToken);

/// <summary>
/// A delivery: the raw body, so that what cannot be parsed can still be dead-lettered as it was. <c>Attempt</c> is 1 the
/// first time. <c>TraceParent</c> is W3C Trace Context of the enqueuing.
/// </summary>
public sealed record SaveDelivery(string Key, string Type, ReadOnlyMemory<byte> Body, int Attempt, string? TraceParent);

/// <summary>What becomes of a delivery.</summary>
public abstract record SaveOutcome
{
    private SaveOutcome()
    {
    }

    public static SaveOutcome Ack { get; } = new Acked();

    /// <summary>A passing trouble of this item alone: again, later. After <c>MaxAttempts</c> it is dead-lettered.</summary>
    public static SaveOutcome Requeue { get; } = new Requeued();

    /// <summary>The archive saves nothing now: give everything back and stop consuming.</summary>
    public static SaveOutcome Pause { get; } = new Paused();

    /// <summary>Can never be saved; kept aside with the reason.</summary>
    public static SaveOutcome DeadLetter(string reason) => new DeadLettered(reason);

    public sealed record Acked : SaveOutcome;

    public sealed record Requeued : SaveOutcome;

    public sealed record Paused : SaveOutcome;

    public sealed record DeadLettered(string Reason) : SaveOutcome;
}

/// <summary>Looks into <c>message_save.dead</c> and puts back what was mended.</summary>
public interface IDeadLetters
{
    /// <summary>The oldest first, at most <paramref name="limit"/>; they stay where they are.</summary>
    Task<IReadOnlyList<DeadLetter>> ListAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Puts one back into the queue; false when there is none of this key. Confirmed in the queue before it leaves the dead letters.</summary>
    Task<bool> RequeueAsync(string key, CancellationToken cancellationToken);

    /// <summary>Puts all back; answers how many.</summary>
    Task<int> RequeueAllAsync(CancellationToken cancellationToken);
}

public sealed record DeadLetter(string Key, string Type, ReadOnlyMemory<byte> Body, string Reason, DateTimeOffset At);
