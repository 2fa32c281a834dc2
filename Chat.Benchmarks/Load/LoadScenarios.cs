using System.Collections.Concurrent;
using System.Diagnostics;

namespace Chat.Benchmarks.Load;

/// <summary>One figure of one scenario on one target.</summary>
internal sealed record LoadFigure(string Scenario, string Figure, string Unit, double Value);

/// <summary>The loads, each through the public contract over real sockets. Every one warms up before it counts.</summary>
internal static class LoadScenarios
{
    private const int FanOutRate = 20;
    private const int Pipelines = 8;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    /// <summary>Senders that each wait for the acknowledgement before they send again, each in a room of its own.</summary>
    public static async Task<IReadOnlyList<LoadFigure>> ClosedLoopAsync(
        ILoadTarget target, int senders, TimeSpan duration, CancellationToken cancellationToken)
    {
        var rooms = new List<LoadRoom>();
        for (var i = 0; i < senders; i++)
        {
            rooms.Add(await target.OpenRoomAsync(1, i..(i + 1), static (_, _) => { }, cancellationToken));
        }

        await RunAsync(WarmUp, new ConcurrentBag<double>());
        var times = new ConcurrentBag<double>();
        var before = ProcessorTimes(target);
        var machine = MachineTimes.Now();
        var clock = Stopwatch.StartNew();
        await RunAsync(duration, times);
        var seconds = clock.Elapsed.TotalSeconds;
        var busy = MachineTimes.Now().BusySince(machine);
        var after = ProcessorTimes(target);
        await CloseAsync(rooms);

        var scenario = senders == 1 ? "1 sender, closed loop" : $"{senders} senders in their own rooms, closed loop";
        return
        [
            new(scenario, "sends acknowledged", "1/s", times.Count / seconds),
            .. Percentiles(scenario, "acknowledgement", times),
            .. after.Select(p => new LoadFigure(
                scenario, $"processor time a send, {p.Key}", "µs", (p.Value - before[p.Key]).TotalMicroseconds / times.Count)),
            .. busy is { } share
                ? [new LoadFigure(scenario, "all processors of the machine busy", "%", share * 100)]
                : Array.Empty<LoadFigure>(),
        ];

        Task RunAsync(TimeSpan span, ConcurrentBag<double> into)
        {
            var end = Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
            return Task.WhenAll(rooms.Select(room => Task.Run(
                async () =>
                {
                    while (Stopwatch.GetTimestamp() < end)
                    {
                        var began = Stopwatch.GetTimestamp();
                        await room.SendAsync(0, cancellationToken);
                        into.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    }
                },
                cancellationToken)));
        }
    }

    /// <summary>An open loop: twenty messages a second into one room, whatever becomes of them; how late every socket has each.</summary>
    public static async Task<IReadOnlyList<LoadFigure>> FanOutAsync(
        ILoadTarget target, int sockets, int people, TimeSpan duration, CancellationToken cancellationToken)
    {
        var lateness = new List<double>[sockets];
        for (var i = 0; i < sockets; i++)
        {
            lateness[i] = [];
        }

        var counting = false;
        await using var room = await target.OpenRoomAsync(
            sockets, ..people, (socket, sent) => Note(socket, sent), cancellationToken);
        await SendAsync(WarmUp);
        Volatile.Write(ref counting, true);
        await SendAsync(duration);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        Volatile.Write(ref counting, false);
        return [.. Percentiles($"{FanOutRate} messages/s to {sockets:N0} sockets, open loop", "delivery", lateness.SelectMany(l => l).ToList())];

        void Note(int socket, long sent)
        {
            if (Volatile.Read(ref counting))
            {
                lateness[socket].Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }
        }

        async Task SendAsync(TimeSpan span)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / FanOutRate));
            var sending = new List<Task>();
            for (var i = 0; i < span.TotalSeconds * FanOutRate; i++)
            {
                await timer.WaitForNextTickAsync(cancellationToken);
                sending.Add(room.SendAsync(i % sockets, cancellationToken));
            }

            await Task.WhenAll(sending);
        }
    }

    /// <summary>Eight senders of one room, each of which sends again when its message was acknowledged and is back at its own socket.</summary>
    public static async Task<IReadOnlyList<LoadFigure>> DeliveriesAsync(
        ILoadTarget target, int sockets, int people, TimeSpan duration, CancellationToken cancellationToken)
    {
        long delivered = 0;
        var back = new ConcurrentDictionary<int, SemaphoreSlim>();
        await using var room = await target.OpenRoomAsync(
            sockets,
            ..people,
            (socket, _) =>
            {
                Interlocked.Increment(ref delivered);
                if (socket < Pipelines)
                {
                    back.GetOrAdd(socket, static _ => new SemaphoreSlim(0)).Release();
                }
            },
            cancellationToken);
        var end = long.MaxValue;
        var senders = Enumerable.Range(0, Pipelines).Select(i => Task.Run(() => SendAsync(i), cancellationToken)).ToList();
        await Task.Delay(WarmUp, cancellationToken);
        var begun = Interlocked.Read(ref delivered);
        var before = ProcessorTimes(target);
        var clock = Stopwatch.StartNew();
        await Task.Delay(duration, cancellationToken);
        var count = Interlocked.Read(ref delivered) - begun;
        var seconds = clock.Elapsed.TotalSeconds;
        var after = ProcessorTimes(target);
        Volatile.Write(ref end, 0);
        await Task.WhenAll(senders);
        var scenario = $"{sockets:N0} sockets of one room, closed loop";
        return
        [
            new(scenario, "deliveries", "1/s", count / seconds),
            new(scenario, "processor time a delivery, api", "µs", (after["api"] - before["api"]).TotalMicroseconds / count),
        ];

        async Task SendAsync(int socket)
        {
            var arrived = back.GetOrAdd(socket, static _ => new SemaphoreSlim(0));
            while (Volatile.Read(ref end) > 0)
            {
                await room.SendAsync(socket, cancellationToken);
                // Any message of the room will do: with eight senders as many arrive as are sent.
                await arrived.WaitAsync(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    /// <summary>What an idle socket keeps alive on the managed heap, from the difference of two full collections.</summary>
    public static async Task<IReadOnlyList<LoadFigure>> HeapAsync(
        ILoadTarget target, int sockets, int people, CancellationToken cancellationToken)
    {
        await using (await target.OpenRoomAsync(people, ..people, static (_, _) => { }, cancellationToken))
        {
            var before = await LiveHeap.MeasureAsync(target.ServerId, cancellationToken);
            await using var room = await target.OpenRoomAsync(sockets, ..people, static (_, _) => { }, cancellationToken);
            await Task.Delay(WarmUp, cancellationToken);
            var after = await LiveHeap.MeasureAsync(target.ServerId, cancellationToken);
            return [new($"{sockets:N0} idle sockets", "live heap a connection", "KB", (after - before) / 1024.0 / sockets)];
        }
    }

    private static Dictionary<string, TimeSpan> ProcessorTimes(ILoadTarget target)
    {
        var times = target.Processes.ToDictionary(p => p.Key, p => ProcessTree.ProcessorTime(p.Value));
        using var load = Process.GetCurrentProcess();
        times["the load itself"] = load.TotalProcessorTime;
        return times;
    }

    private static IEnumerable<LoadFigure> Percentiles(string scenario, string what, IReadOnlyCollection<double> times)
    {
        var sorted = times.Order().ToArray();
        return sorted.Length == 0
            ? throw new InvalidOperationException($"Nothing was measured: {scenario}.")
            : [new(scenario, $"{what}, p50", "ms", sorted[sorted.Length / 2]), new(scenario, $"{what}, p99", "ms", sorted[sorted.Length * 99 / 100])];
    }

    private static async Task CloseAsync(IEnumerable<LoadRoom> rooms)
    {
        foreach (var room in rooms)
        {
            await room.DisposeAsync();
        }
    }
}
