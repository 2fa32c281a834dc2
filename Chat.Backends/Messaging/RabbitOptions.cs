using System.ComponentModel.DataAnnotations;

namespace Chat.Backends.Messaging;

/// <summary>Section <c>Messaging</c>.</summary>
public sealed class RabbitOptions
{
    public const string Section = "Messaging";

    /// <summary>How long a publisher waits for the broker's confirm; a broker that confirms nothing for so long counts as away.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>For connecting, declaring and asking.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause between two attempts to connect; they begin at 50 ms and double, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Publishes without a confirm yet, of one process.</summary>
    [Range(1, 100_000)]
    public int MaxInFlight { get; set; } = 1_000;

    /// <summary>Channels that publish; each pipelines.</summary>
    [Range(1, 32)]
    public int PublishChannels { get; set; } = 2;

    /// <summary>While items come faster than one at a time, how long a batch waits to become full.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The longest that a failed item waits before it goes back: RabbitMQ has no delayed delivery, so the consumer waits with it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest a batch may take; far below the broker's consumer timeout of 30 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HandlingTimeout { get; set; } = TimeSpan.FromMinutes(1);
}
