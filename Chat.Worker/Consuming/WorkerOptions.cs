using System.ComponentModel.DataAnnotations;

namespace Chat.Worker.Consuming;

/// <summary>Section <c>Worker</c>, which also holds <see cref="Chat.Backends.Saving.SaveConsumerOptions"/>.</summary>
public sealed class WorkerOptions
{
    public const string Section = "Worker";

    /// <summary>The delay after the first probe that the archive does not take; doubled with each further one, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan ProbeDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan MaxProbeDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two sweeps of files that nobody needs any more.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(5);
}
