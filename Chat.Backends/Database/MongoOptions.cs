using System.ComponentModel.DataAnnotations;

namespace Chat.Backends.Database;

/// <summary>Section <c>Database</c>.</summary>
public sealed class MongoOptions
{
    public const string Section = "Database";

    /// <summary>The database, where the connection string names none.</summary>
    [Required]
    public string Name { get; set; } = "chatdb";

    /// <summary>How long one call may take. When most take longer, or a ping does, calls fail at once until the server answers.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Likewise for saving a batch.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan SaveTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause between two pings of a server that is away; they begin at 50 ms and double, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan MaxProbeDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Messages that one search looks at in each 100 rooms, the newest of those that have its rarest word; see docs/archive.md.</summary>
    [Range(10, 100_000)]
    public int SearchScan { get; set; } = 3_000;

    /// <summary>How many of a room's newest messages counting unread ones looks at, roughly; see docs/archive.md.</summary>
    [Range(1_000, 100_000)]
    public int UnreadScan { get; set; } = 2_000;
}
