namespace Chat.Backends.Messaging;

/// <summary>
/// Every exchange, queue, routing key and header we use in RabbitMQ.
/// <code>
/// default exchange ── message_save ──────────► queue message_save (quorum)
///                                                │ delivery limit, reject
///                                                ▼
///                     exchange message_save.dlx ─► queue message_save.dead (quorum)
/// default exchange ── message_save.dead ─────────┘   dead letters of the worker, with their reason
/// </code>
/// </summary>
public static class RabbitNames
{
    /// <summary>What is accepted and not saved yet.</summary>
    public const string SaveQueue = "message_save";

    /// <summary>What could not be saved, kept until somebody puts it back.</summary>
    public const string DeadQueue = "message_save.dead";

    /// <summary>Direct; where the broker itself sends what it gives up on.</summary>
    public const string DeadLetterExchange = "message_save.dlx";

    /// <summary>
    /// Fanout; every consumer of <see cref="SaveQueue"/> hears a probe here and answers when it has settled all that it holds. A probe is
    /// not durable and nobody keeps it.
    /// </summary>
    public const string ProbeExchange = "message_save.probe";

    /// <summary>The pseudo-queue of RabbitMQ's direct reply-to.</summary>
    public const string DirectReplyTo = "amq.rabbitmq.reply-to";

    /// <summary>Why it is a dead letter; text.</summary>
    public const string ReasonHeader = "x-reason";

    /// <summary>When it became one; Unix milliseconds, long.</summary>
    public const string DeadAtHeader = "x-dead-at";

    /// <summary>How often handling it failed so far; int. Being given back while the archive is away does not count.</summary>
    public const string FailuresHeader = "x-failures";

    /// <summary>W3C Trace Context of the enqueuing; text.</summary>
    public const string TraceParentHeader = "traceparent";

    /// <summary>The broker's own record of dead-lettering: reason and time.</summary>
    public const string DeathHeader = "x-death";
}
