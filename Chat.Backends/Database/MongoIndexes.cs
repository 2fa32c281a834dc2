using Chat.Backends.Archive;
using Chat.Backends.Availability;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chat.Backends.Database;

/// <summary>
/// Creates the indexes in the background, with backoff, and again when they may be gone. No call waits for it: until an index is there
/// the server answers without it, slowly. As the health check <c>indexes</c> it tells how far it is. Then the rooms of an older version get
/// their <see cref="MongoMilestones"/>.
/// </summary>
public sealed partial class MongoIndexes(MongoGate gate, TimeProvider time, ILogger<MongoIndexes> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _inDoubt = new(1, 1);

    /// <summary>Null: all are there.</summary>
    private volatile string? _lacking = "The indexes are not created yet";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_lacking is { } lacking ? HealthCheckResult.Degraded(lacking) : HealthCheckResult.Healthy("The indexes are there"));

    public override void Dispose()
    {
        gate.IndexesInDoubt -= Doubt;
        _inDoubt.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        gate.IndexesInDoubt += Doubt;
        var backoff = new Backoff(FirstDelay, LongestDelay);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _inDoubt.WaitAsync(stoppingToken);
                while (!await TryCreateAsync(stoppingToken))
                {
                    await backoff.WaitAsync(time, stoppingToken);
                }

                backoff.Reset();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>False: not all could be tried.</summary>
    private async Task<bool> TryCreateAsync(CancellationToken stoppingToken)
    {
        try
        {
            var refused = await gate.Collections.CreateIndexesAsync(stoppingToken);
            foreach (var (name, error) in refused)
            {
                LogRefused(error, name);
            }

            _lacking = refused.Count == 0 ? null : $"The server refuses indexes: {string.Join(", ", refused.Select(r => r.Name))}";
            if (refused.Count == 0)
            {
                LogCreated();
                await MongoMilestones.CompleteAsync(gate.Collections, gate.UnreadScan, stoppingToken);
            }

            return true;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever it is, ending here would leave the database without its indexes.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var verdict = MongoErrors.Classify(e);
            _lacking = $"The indexes could not be created yet ({verdict})";
            LogNotYet(e.GetType().Name, verdict);
            return false;
        }
    }

    private void Doubt()
    {
        try
        {
            _inDoubt.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is in doubt already.
        }
    }

    [LoggerMessage(3206, LogLevel.Information, "The indexes of the database are there")]
    private partial void LogCreated();

    [LoggerMessage(3203, LogLevel.Warning, "The indexes could not be created yet: {Error} ({Verdict})")]
    private partial void LogNotYet(string error, Verdict verdict);

    [LoggerMessage(3204, LogLevel.Error, "The server refuses the index {Name}")]
    private partial void LogRefused(Exception e, string name);
}
