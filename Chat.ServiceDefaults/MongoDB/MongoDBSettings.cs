namespace Aspire.MongoDB.Driver;

/// <summary>The settings of a MongoDB client: section <c>Aspire:MongoDB:Driver</c>, then <c>Aspire:MongoDB:Driver:NAME</c>.</summary>
public sealed class MongoDBSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }

    /// <summary>Milliseconds.</summary>
    public int? HealthCheckTimeout { get; set; }

    public bool DisableTracing { get; set; }
}
