using System.Text.Json;
using Chat.Contracts;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Logging;

namespace Chat.Backends.Pods;

/// <summary>
/// The transports in order of preference, Redis first: each event is published on the first that takes it, and received on all
/// of them, all the time, so that pods need not change over at the same moment. What came by two ways is handed on once.
/// <para>
/// A pod that alone is cut off from Redis says so by the other ways, again and again; for as long as anybody does, all publish
/// on every way.
/// </para>
/// </summary>
public sealed partial class PodChannel(PodIdentity pod, IEnumerable<IPodTransport> transports, TimeProvider time, ILogger<PodChannel> logger)
    : IPodChannel, IPodReceiver, IPodMirror, IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SayApartEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ApartFor = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan HeardAfter = TimeSpan.FromSeconds(3);
    private const int Seen = 20_000;
    private const int KeptUnsent = 1_000;
    private static readonly System.Diagnostics.Metrics.Counter<long> Lost =
        Telemetry.Meter.CreateCounter<long>("chat.pods.unsent", description: "Events that no path took");

    private readonly IPodTransport[] _transports = [.. transports];

    // How the envelopes of this pod begin; PodJsonTests holds it to what PodJson writes.
    private readonly byte[] _ownHead = PodJson.HeadOf(pod);
    private readonly Remembered<bool> _seen = new(Seen);
    private readonly Queue<PodEvent> _unsent = new();
    private readonly CancellationTokenSource _stopping = new();
    private Func<PodEvent, Task>? _handler;
    private long _apartUntil;

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

        if (_transports.Length > 1)
        {
            _ = SayApartAsync();
        }
    }

    void IPodMirror.Appended(Message message)
    {
        // Nobody waits for it: those who can use Redis have the message already.
        if (IsSomebodyApart)
        {
            _ = SendAsync(new MessageArrived(message), first: 1, CancellationToken.None).AsTask();
        }
    }

    void IPodMirror.Changed(MessageChange change)
    {
        if (IsSomebodyApart)
        {
            _ = SendAsync(new MessageWasChanged(change) { EventId = ChangeKey(change) }, first: 1, CancellationToken.None).AsTask();
        }
    }

    public Task SubscribeAsync(string roomId, CancellationToken cancellationToken) =>
        Task.WhenAll(_transports.Select(t => t.SubscribeAsync(roomId, cancellationToken)));

    public Task UnsubscribeAsync(string roomId, CancellationToken cancellationToken) =>
        Task.WhenAll(_transports.Select(t => t.UnsubscribeAsync(roomId, cancellationToken)));

    public async ValueTask<bool> PublishAsync(PodEvent podEvent, CancellationToken cancellationToken)
    {
        if (await SendAsync(podEvent, first: 0, cancellationToken))
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
        // Transports bring a pod's own events back to it, half of all in a pair of pods: not worth parsing.
        if (body.Span.StartsWith(_ownHead))
        {
            return;
        }

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

        if (envelope is null || envelope.Pod == PodId)
        {
            return;
        }

        if (envelope.Apart == true)
        {
            Interlocked.Exchange(ref _apartUntil, (time.GetUtcNow() + ApartFor).UtcTicks);
        }

        if (envelope.Event is null || !_seen.Add(Key(envelope.Event), true))
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
        await _stopping.CancelAsync();
        foreach (var transport in _transports)
        {
            await transport.DisposeAsync();
        }
    }

    private bool IsSomebodyApart => time.GetUtcNow().UtcTicks < Interlocked.Read(ref _apartUntil);

    private bool IsApart => _transports.Length > 1 && !_transports[0].IsAvailable;

    /// <summary>On the first way that takes it, beginning with the given one; on all of them while somebody is apart.</summary>
    private async ValueTask<bool> SendAsync(PodEvent? podEvent, int first, CancellationToken cancellationToken)
    {
        var taken = false;
        var everywhere = IsSomebodyApart;
        foreach (var transport in _transports.Skip(first))
        {
            if (transport.IsAvailable && (!taken || everywhere))
            {
                // Written each time anew: the way before may just have failed.
                var envelope = new PodEnvelope(PodId, podEvent, IsApart ? true : null);
                taken |= await transport.PublishAsync(
                    podEvent?.RoomId, JsonSerializer.SerializeToUtf8Bytes(envelope, PodJson.Default.PodEnvelope), cancellationToken);
            }
        }

        return taken;
    }

    /// <summary>
    /// Says it at once and every two seconds. What the others published before they heard it was missed: so that clients need not wait for
    /// it until Redis is back, they look for it in the archive as soon as saving has had its time.
    /// </summary>
    private async Task SayApartAsync()
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        long? since = null;
        long said = 0;
        var looked = false;
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                if (!IsApart)
                {
                    (since, looked) = (null, false);
                    continue;
                }

                if (since is null || time.GetElapsedTime(said) >= SayApartEvery)
                {
                    said = time.GetTimestamp();
                    since ??= said;
                    await SendAsync(null, first: 1, _stopping.Token);
                }

                if (!looked && time.GetElapsedTime(since.Value) >= HeardAfter)
                {
                    looked = true;
                    await HandAsync(new ResyncNeeded());
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end.
        }
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

            if (!await SendAsync(next, first: 0, CancellationToken.None))
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
    private static string Key(PodEvent podEvent) => podEvent is MessageArrived { Message: var message }
        ? MessageKey(message)
        : podEvent.EventId;

    /// <summary>The same on every way; another when it was sent again and has another time.</summary>
    internal static string MessageKey(Message message) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"m{message.Id}-{message.Timestamp.ToUnixTimeMilliseconds()}");

    /// <summary>The event ID of a numbered change: the same on every way.</summary>
    internal static string ChangeKey(MessageChange change) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{ChangeKeyHead}{change.Epoch}-{change.Seq}");

    /// <summary>What <see cref="ChangeKey"/> begins with, as the script needs it.</summary>
    internal const string ChangeKeyHead = "c";

    [LoggerMessage(2201, LogLevel.Warning, "An event from another pod cannot be read")]
    private partial void LogUnreadable(Exception e);

    [LoggerMessage(2202, LogLevel.Information, "Events from other pods may have been missed on the path {path}")]
    private partial void LogGap(string path);

    [LoggerMessage(2203, LogLevel.Error, "Handling an event of type {type} failed")]
    private partial void LogHandler(Exception e, string type);
}
