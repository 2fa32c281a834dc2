using System.Text.Json;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;

namespace Chat.Backends.Pods;

/// <summary>
/// The transports in order of preference, Redis first: each event is published on the first that takes it, and received on all
/// of them, all the time, so that pods need not change over at the same moment. What came by two ways is handed on once.
/// </summary>
public sealed partial class PodChannel(PodIdentity pod, IEnumerable<IPodTransport> transports, ILogger<PodChannel> logger)
    : IPodChannel, IPodReceiver, IAsyncDisposable
{
    private const int Remembered = 20_000;
    private const int KeptUnsent = 1_000;
    private static readonly System.Diagnostics.Metrics.Counter<long> Lost =
        Telemetry.Meter.CreateCounter<long>("chat.pods.unsent", description: "Events that no path took");

    private readonly IPodTransport[] _transports = [.. transports];
    private readonly RecentlySeen _seen = new(Remembered);
    private readonly Queue<PodEvent> _unsent = new();
    private Func<PodEvent, Task>? _handler;

    public string PodId => pod.Id;

    public string Path => _transports.FirstOrDefault(t => t.IsAvailable)?.Name ?? "none";

    public void OnEvent(Func<PodEvent, Task> handler)
    {
        if (_handler is not null)
        {
            throw new InvalidOperationException("There is a handler already.");
        }

        _handler = handler;
        foreach (var transport in _transports)
        {
            transport.Start(this);
        }
    }

    public Task SubscribeAsync(string roomId, CancellationToken cancellationToken) =>
        Task.WhenAll(_transports.Select(t => t.SubscribeAsync(roomId, cancellationToken)));

    public Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken) =>
        Task.WhenAll(_transports.Select(t => t.UnsubscribeAsync(roomId, cancellationToken)));

    public async ValueTask<bool> PublishAsync(PodEvent podEvent, CancellationToken cancellationToken)
    {
        if (await SendAsync(podEvent, cancellationToken))
        {
            return true;
        }

        Lost.Add(1);
        if (podEvent is not SomebodyTypes)
        {
            lock (_unsent)
            {
                _unsent.Enqueue(podEvent);
                if (_unsent.Count > KeptUnsent)
                {
                    _unsent.Dequeue();
                }
            }
        }

        return false;
    }

    public async Task OnBodyAsync(ReadOnlyMemory<byte> body)
    {
        PodEnvelope? envelope;
        try
        {
            envelope = JsonSerializer.Deserialize(body.Span, PodJson.Default.PodEnvelope);
        }
        catch (JsonException e)
        {
            RedisMetrics.Unreadable.Add(1);
            LogUnreadable(e);
            return;
        }

        if (envelope is null || envelope.Pod == PodId || !_seen.Add(Key(envelope.Event)))
        {
            return;
        }

        await HandAsync(envelope.Event);
    }

    public void OnGap(IPodTransport transport)
    {
        LogGap(transport.Name);
        _ = HandAsync(new ResyncNeeded());
        _ = SendUnsentAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _transports)
        {
            await transport.DisposeAsync();
        }
    }

    private async ValueTask<bool> SendAsync(PodEvent podEvent, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new PodEnvelope(PodId, podEvent), PodJson.Default.PodEnvelope);
        foreach (var transport in _transports)
        {
            if (transport.IsAvailable && await transport.PublishAsync(podEvent.RoomId, body, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What no path took goes out with the first that works again: the others would never hear of it.</summary>
    private async Task SendUnsentAsync()
    {
        while (true)
        {
            PodEvent? next;
            lock (_unsent)
            {
                if (!_unsent.TryPeek(out next))
                {
                    return;
                }
            }

            if (!await SendAsync(next, CancellationToken.None))
            {
                return;
            }

            lock (_unsent)
            {
                if (_unsent.TryPeek(out var first) && ReferenceEquals(first, next))
                {
                    _unsent.Dequeue();
                }
            }
        }
    }

    private async Task HandAsync(PodEvent podEvent)
    {
        try
        {
            await (_handler?.Invoke(podEvent) ?? Task.CompletedTask);
        }
        catch (Exception e)
        {
            // The handler promised not to; the next event must come all the same.
            Lost.Add(1);
            LogHandler(e, podEvent.GetType().Name);
        }
    }

    /// <summary>The same message may come from its sender's pod by the broker and from the append script by Redis.</summary>
    private static string Key(PodEvent podEvent) => podEvent is MessageArrived arrived ? "m" + arrived.Message.Id : podEvent.EventId;

    [LoggerMessage(2201, LogLevel.Warning, "An event from another pod cannot be read")]
    private partial void LogUnreadable(Exception e);

    [LoggerMessage(2202, LogLevel.Information, "Events from other pods may have been missed on the path {path}")]
    private partial void LogGap(string path);

    [LoggerMessage(2203, LogLevel.Error, "Handling an event of type {type} failed")]
    private partial void LogHandler(Exception e, string type);
}
