using System.ComponentModel.DataAnnotations;

namespace Chat.Backends.Saving;

/// <summary>How <c>message_save</c> is consumed, whichever queue it is. Section <c>Worker</c>.</summary>
public sealed class SaveConsumerOptions
{
    public const string Section = "Worker";

    /// <summary>
    /// Most deliveries that one process holds, and so the largest batch. What arrives alone is saved alone: batches form by themselves
    /// when items come faster than they are saved. With 1 there are none. See docs/decisions/0012-prefetch.md.
    /// </summary>
    [Range(1, 1_000)]
    public int Prefetch { get; set; } = 500;

    /// <summary>Attempts after which a delivery that is requeued becomes a dead letter.</summary>
    [Range(1, 1_000)]
    public int MaxAttempts { get; set; } = 20;

    /// <summary>Before a requeued delivery comes again, where the queue can wait; doubled with each attempt up to a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);
}
