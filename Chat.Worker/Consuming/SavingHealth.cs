using Chat.Backends.Saving;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Worker.Consuming;

/// <summary>
/// Whether messages are really being saved. Never Unhealthy: a worker that waits for a server would not become better by being
/// restarted, and the queue keeps what it does not take.
/// </summary>
public sealed class SavingHealth(SavingState state, ISaveConsumer consumer) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var now = state.Now;
        var since = $"{now.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}";
        return Task.FromResult(now.Phase switch
        {
            SavingPhase.Consuming when consumer.IsConsuming => HealthCheckResult.Healthy("Consuming"),
            SavingPhase.Consuming => HealthCheckResult.Degraded("Waiting: the queue is unavailable"),
            SavingPhase.Paused => HealthCheckResult.Degraded($"Paused: the archive takes no writes since {since}"),
            _ => HealthCheckResult.Degraded($"Starting: the archive has taken no write since {since}"),
        });
    }
}
