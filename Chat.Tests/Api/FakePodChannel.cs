using System.Collections.Concurrent;
using Chat.Backends.Pods;

namespace Chat.Tests.Api;

/// <summary>A path between pods that keeps what it is given.</summary>
internal sealed class FakePodChannel : IPodChannel
{
    public string PodId => "me";

    public string Path => "fake";

    public ConcurrentQueue<PodEvent> Published { get; } = new();

    public IReadOnlyList<PresenceChanged> Presence => [.. Published.OfType<PresenceChanged>()];

    public ConcurrentDictionary<string, bool> Subscribed { get; } = new();

    public void OnEvent(Func<PodEvent, Task> handler)
    {
    }

    public Task SubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        Subscribed[roomId] = true;
        return Task.CompletedTask;
    }

    public Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken)
    {
        Subscribed.TryRemove(roomId, out _);
        return Task.CompletedTask;
    }

    public ValueTask<bool> PublishAsync(PodEvent podEvent, CancellationToken cancellationToken)
    {
        Published.Enqueue(podEvent);
        return new(true);
    }
}
