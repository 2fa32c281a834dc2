using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Knows the latest state of every resource and tells those who wait for one. Events of one resource come in their order.</summary>
public class ResourceNotificationService : IDisposable
{
    private readonly ConcurrentDictionary<string, ResourceEvent> _latest = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<Channel<ResourceEvent>> _watchers = [];
    private readonly Lock _gate = new();

    public Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory) =>
        PublishUpdateAsync(resource, resource.Name, stateFactory);

    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_gate)
        {
            var previous = _latest.TryGetValue(resourceId, out var known)
                ? known.Snapshot
                : new CustomResourceSnapshot { ResourceType = resource.GetType().Name.Replace("Resource", ""), CreationTimeStamp = DateTime.UtcNow };
            var changed = new ResourceEvent(resource, resourceId, stateFactory(previous));
            _latest[resourceId] = changed;
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(changed);
            }
        }

        return Task.CompletedTask;
    }

    public bool TryGetCurrentState(string resourceId, out ResourceEvent? resourceEvent) => _latest.TryGetValue(resourceId, out resourceEvent);

    /// <summary>The present states, then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<ResourceEvent>();
        lock (_gate)
        {
            foreach (var known in _latest.Values)
            {
                channel.Writer.TryWrite(known);
            }

            _watchers.Add(channel);
        }

        try
        {
            await foreach (var changed in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return changed;
            }
        }
        finally
        {
            lock (_gate)
            {
                _watchers.Remove(channel);
            }
        }
    }

    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, e => e.Snapshot.State?.Text == (targetState ?? KnownResourceStates.Running), cancellationToken);

    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates,
        CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToList();
        var reached = await WaitForResourceAsync(resourceName, e => states.Contains(e.Snapshot.State?.Text ?? ""), cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    /// <summary>Waits for an event of the resource, or of any replica of it, that fits.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate,
        CancellationToken cancellationToken = default)
    {
        await foreach (var changed in WatchAsync(cancellationToken))
        {
            if (Matches(changed, resourceName) && predicate(changed))
            {
                return changed;
            }
        }

        throw new OperationCanceledException($"'{resourceName}' did not reach the state waited for.", cancellationToken);
    }

    /// <summary>Running and healthy; of a replicated resource every replica that is meant to run.</summary>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        await foreach (var changed in WatchAsync(cancellationToken))
        {
            if (Matches(changed, resourceName) && IsHealthy(resourceName))
            {
                return changed;
            }
        }

        throw new OperationCanceledException($"'{resourceName}' did not become healthy.", cancellationToken);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryComplete();
            }
        }

        GC.SuppressFinalize(this);
    }

    internal bool IsHealthy(string resourceName)
    {
        var all = _latest.Values.Where(e => Matches(e, resourceName)).ToList();
        return all.Count > 0 && all.TrueForAll(e =>
            e.Snapshot.State?.Text == KnownResourceStates.Running && e.Snapshot.HealthStatus == HealthStatus.Healthy);
    }

    internal IReadOnlyList<ResourceEvent> Current() => [.. _latest.Values];

    private static bool Matches(ResourceEvent changed, string resourceName) =>
        string.Equals(changed.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) ||
        string.Equals(changed.ResourceId, resourceName, StringComparison.OrdinalIgnoreCase);
}
