namespace Aspire.StackExchange.Redis;

/// <summary>How the client of a Redis server is set up; section <c>Aspire:StackExchange:Redis</c>, then <c>Aspire:StackExchange:Redis:{name}</c>.</summary>
public sealed class StackExchangeRedisSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }

    public bool DisableTracing { get; set; }

    /// <summary>When false the host connects while it starts; otherwise whoever first asks for the client.</summary>
    public bool DisableAutoActivation { get; set; } = true;
}
