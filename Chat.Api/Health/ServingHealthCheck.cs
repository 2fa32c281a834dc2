using System.Diagnostics.Metrics;
using System.Globalization;
using Chat.Backends;
using Chat.Backends.Pods;
using Chat.Backends.Recent;
using Chat.Backends.Saving;
using Chat.Backends.Users;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Api.Health;

/// <summary>
/// Whether this pod can serve: one durable store to accept messages is enough. Which parts answer, and which way the pods' events
/// go, stands in the data.
/// </summary>
internal sealed class ServingHealthCheck(IRecentMessages recent, IPodChannel channel, ISaveQueue queue, IUserDirectory users) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private static readonly Gauge<long> Waiting = Telemetry.Meter.CreateGauge<long>(
        "chat.save_queue.count", "{item}", "Items that wait in message_save and no worker holds, as of the last health check.");

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var archive = await ArchiveAnswersAsync(cancellationToken);
        var waiting = await queue.CountAsync(cancellationToken);
        if (waiting is { } items)
        {
            Waiting.Record(items);
        }

        var data = new Dictionary<string, object>
        {
            ["cache"] = State(recent.IsAvailable),
            ["messaging"] = State(waiting is not null),
            ["chatdb"] = State(archive),
            ["pods"] = channel.Path,
            ["backlog"] = waiting?.ToString(CultureInfo.InvariantCulture) ?? "unknown",
        };
        return !archive && waiting is null ? HealthCheckResult.Unhealthy("No durable store answers.", data: data)
            : archive && waiting is not null && recent.IsAvailable ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Degraded("Serving without some of its parts.", data: data);
    }

    private async Task<bool> ArchiveAnswersAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        try
        {
            await users.FindAsync("system", timeout.Token).WaitAsync(timeout.Token);
            return true;
        }
        catch (Exception e) when (e is BackendUnavailableException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string State(bool up) => up ? "up" : "down";
}
