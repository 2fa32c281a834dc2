using System.ComponentModel.DataAnnotations;
using Chat.Contracts;

namespace Chat.Api;

/// <summary>How often one user may do something through one pod. Section <c>RateLimits</c>.</summary>
public sealed class RateLimitOptions
{
    public const string Section = "RateLimits";

    /// <summary>Sending messages and changing them.</summary>
    [Required]
    public RateLimit Sends { get; set; } = new() { Burst = Limits.SendBurst, PerSecond = Limits.SendsPerSecond };

    /// <summary>Uploading files.</summary>
    [Required]
    public RateLimit Uploads { get; set; } = new() { Burst = Limits.UploadBurst, PerSecond = Limits.UploadsPerMinute / 60.0 };
}

/// <summary>A token bucket that is full at first.</summary>
public sealed class RateLimit
{
    /// <summary>How often at once; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int Burst { get; set; } = 1;

    /// <summary>How often a second over time; 0.001 to 1,000,000.</summary>
    [Range(0.001, 1_000_000)]
    public double PerSecond { get; set; } = 1;
}
