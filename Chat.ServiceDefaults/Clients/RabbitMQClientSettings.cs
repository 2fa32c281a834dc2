namespace Aspire.RabbitMQ.Client;

/// <summary>How the client of a RabbitMQ broker is set up; section <c>Aspire:RabbitMQ:Client</c>, then <c>Aspire:RabbitMQ:Client:{name}</c>.</summary>
public sealed class RabbitMQClientSettings
{
    public string? ConnectionString { get; set; }

    /// <summary>Attempts to connect, with growing pauses, before resolving the connection fails.</summary>
    public int MaxConnectRetryCount { get; set; } = 5;

    public bool DisableHealthChecks { get; set; }

    public bool DisableTracing { get; set; }

    /// <summary>When false the host connects while it starts; otherwise whoever first asks for the connection.</summary>
    public bool DisableAutoActivation { get; set; } = true;
}
