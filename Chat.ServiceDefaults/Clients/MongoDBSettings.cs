namespace Aspire.MongoDB.Driver;

/// <summary>How the client of a MongoDB server is set up; section <c>Aspire:MongoDB:Driver</c>, then <c>Aspire:MongoDB:Driver:{name}</c>.</summary>
public sealed class MongoDBSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }

    /// <summary>Milliseconds.</summary>
    public int? HealthCheckTimeout { get; set; }

    public bool DisableTracing { get; set; }
}
