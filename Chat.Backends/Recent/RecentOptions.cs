using System.ComponentModel.DataAnnotations;

namespace Chat.Backends.Recent;

/// <summary>Section <c>Recent</c>: what holds for Redis, and for the recent messages in it.</summary>
public sealed class RecentOptions
{
    public const string Section = "Recent";

    /// <summary>The longest that a call waits for Redis; up to a second where this process is too busy to read the answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:30")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMilliseconds(150);

    /// <summary>The longest that a starting process waits for the first answer before it goes on without.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Between two probes while Redis is away; they begin at a tenth of it, double, and vary by half so that pods do not come in step.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan MaxProbeDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many messages and changes are kept to make up for later; the newest stay.</summary>
    [Range(0, 1_000_000)]
    public int MissedMax { get; set; } = 10_000;

    /// <summary>How long an appended message's id is known; an hour at least.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "7.00:00:00")]
    public TimeSpan RememberIds { get; set; } = TimeSpan.FromHours(2);

    /// <summary>A room's list is dropped when nothing was appended for so long; null: never.</summary>
    public TimeSpan? ForgetIdleRoomsAfter { get; set; }
}
