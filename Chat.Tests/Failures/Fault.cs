using Chat.Servers;

namespace Chat.Tests.Failures;

/// <summary>Of how much of the service is broken at once; see <c>docs/delivery.md</c> for what is promised then.</summary>
internal enum FaultKind
{
    /// <summary>One server alone, or workers: sends must go on being accepted.</summary>
    Server,

    /// <summary>One API process or the way to it: its clients go to another, and what was not answered is sent again.</summary>
    Api,

    /// <summary>Two servers: what cannot be accepted is refused, and the client sends it again.</summary>
    Pair,
}

/// <summary>Something that breaks and how it is mended. <c>Target</c>: no two faults of one target at the same time.</summary>
internal sealed record Fault(
    string Target, string What, FaultKind Kind, Func<ChatSystem, CancellationToken, Task> Break, Func<ChatSystem, CancellationToken, Task> Mend)
{
    public string Name => $"{Target}: {What}";
}

/// <summary>Every fault of the matrix: each kind on each part, then pairs of servers.</summary>
internal static class Faults
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(200);
    private static readonly string[] ServerNames = ["cache", "messaging", "chatdb"];

    public static IReadOnlyList<Fault> All { get; } =
    [
        .. ServerNames.SelectMany(OnServer),
        .. Emptied.All,
        .. OnWorkers(),
        .. OnApi(),
        .. ServerNames.Select(name => OnWay("api-0", $"alone cut off from {name}", FaultKind.Api, s => s.WaysOf("api-0", name), Toxic.Cut)),
        new(
            "api-0", "alone cut off from cache, then kill -9", FaultKind.Api,
            (s, t) => Task.WhenAll(s.WaysOf("api-0", "cache").Select(w => w.DisableAsync(t))),
            async (s, t) =>
            {
                // What it showed and could not append, it can never append now.
                await s.Apis[0].KillAsync();
                await Task.WhenAll(s.WaysOf("api-0", "cache").Select(w => w.EnableAsync(t)));
                await s.Apis[0].StartAsync(t);
            }),
        .. from first in ServerNames
           from second in ServerNames
           where string.CompareOrdinal(first, second) < 0
           from fault in OnPair(first, second)
           select fault,
    ];

    /// <summary>The few that run with the other tests, one of each sort.</summary>
    public static IReadOnlyList<Fault> Short { get; } =
        [.. new[] { "cache: kill -9", "messaging: SIGSTOP", "chatdb: stopped", "workers: both stopped", "api-0: kill -9", "cache and chatdb: kill -9" }
            .Select(name => All.Single(f => f.Name == name))];

    private static IEnumerable<Fault> OnServer(string name)
    {
        yield return new(name, "stopped", FaultKind.Server, (s, _) => s.Servers[name].StopAsync(), (s, t) => s.Servers[name].StartAsync(t));
        yield return new(name, "kill -9", FaultKind.Server, (s, _) => s.Servers[name].KillAsync(), (s, t) => s.Servers[name].StartAsync(t));
        if (!OperatingSystem.IsWindows())
        {
            yield return new(name, "SIGSTOP", FaultKind.Server, (s, _) => Done(() => Pause(s.Servers[name])), (s, _) => Done(() => Resume(s.Servers[name])));
        }

        foreach (var toxic in Toxic.All)
        {
            yield return OnWay(name, toxic.What, FaultKind.Server, s => s.WaysTo(name), toxic);
        }
    }

    private static IEnumerable<Fault> OnWorkers()
    {
        yield return new("worker-0", "stopped", FaultKind.Server, (s, _) => s.Workers[0].StopAsync(), (s, t) => s.Workers[0].StartAsync(t));
        yield return new("worker-0", "kill -9", FaultKind.Server, (s, _) => s.Workers[0].KillAsync(), (s, t) => s.Workers[0].StartAsync(t));
        yield return new("worker-0", "SIGSTOP", FaultKind.Server, (s, _) => Done(s.Workers[0].Pause), (s, _) => Done(s.Workers[0].Resume));
        yield return new("workers", "both stopped", FaultKind.Server, (s, _) => Task.WhenAll(s.Workers.Select(w => w.StopAsync())), (s, t) => Task.WhenAll(s.Workers.Select(w => w.StartAsync(t))));
        foreach (var toxic in Toxic.All)
        {
            yield return OnWay("worker-0", toxic.What, FaultKind.Server, s => s.WaysOf("worker-0"), toxic);
        }
    }

    private static IEnumerable<Fault> OnApi()
    {
        yield return new("api-0", "stopped", FaultKind.Api, (s, _) => s.Apis[0].StopAsync(), (s, t) => s.Apis[0].StartAsync(t));
        yield return new("api-0", "kill -9", FaultKind.Api, (s, _) => s.Apis[0].KillAsync(), (s, t) => s.Apis[0].StartAsync(t));
        yield return new("api-0", "SIGSTOP", FaultKind.Api, (s, _) => Done(s.Apis[0].Pause), (s, _) => Done(s.Apis[0].Resume));
        foreach (var toxic in Toxic.All)
        {
            yield return OnWay("api-0", toxic.What, FaultKind.Api, s => [s.WayTo(s.Apis[0])], toxic);
        }
    }

    private static IEnumerable<Fault> OnPair(string first, string second)
    {
        var both = $"{first} and {second}";
        yield return new(
            both, "kill -9", FaultKind.Pair,
            (s, _) => Task.WhenAll(s.Servers[first].KillAsync(), s.Servers[second].KillAsync()),
            (s, t) => Task.WhenAll(s.Servers[first].StartAsync(t), s.Servers[second].StartAsync(t)));
        if (!OperatingSystem.IsWindows())
        {
            yield return new(
                both, "SIGSTOP", FaultKind.Pair,
                (s, _) => Done(() => { Pause(s.Servers[first]); Pause(s.Servers[second]); }),
                (s, _) => Done(() => { Resume(s.Servers[first]); Resume(s.Servers[second]); }));
        }
    }

    private static Fault OnWay(string target, string what, FaultKind kind, Func<ChatSystem, IReadOnlyList<ToxicProxy>> ways, Toxic toxic) => new(
        target, what, kind,
        (s, t) => Task.WhenAll(ways(s).Select(w => toxic.Add(w, t))),
        (s, t) => Task.WhenAll(ways(s).Select(w => toxic.Remove(w, t))));

    private static void Pause(LocalServer server)
    {
        if (!OperatingSystem.IsWindows())
        {
            server.Pause();
        }
    }

    private static void Resume(LocalServer server)
    {
        if (!OperatingSystem.IsWindows())
        {
            server.Resume();
        }
    }

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    /// <summary>What is done to a connection: answers come late, or one direction is silent while the connection stays.</summary>
    private sealed record Toxic(string What, Func<ToxicProxy, CancellationToken, Task> Add, Func<ToxicProxy, CancellationToken, Task> Remove)
    {
        public static IReadOnlyList<Toxic> All { get; } =
        [
            new("slow (200 ms)", (w, t) => w.AddLatencyAsync(Slow, cancellationToken: t), (w, t) => w.RemoveAsync("latency", cancellationToken: t)),
            new("requests cut", (w, t) => w.CutAsync(ToxicDirection.Upstream, t), (w, t) => w.RemoveAsync("timeout", ToxicDirection.Upstream, t)),
            new("answers cut", (w, t) => w.CutAsync(ToxicDirection.Downstream, t), (w, t) => w.RemoveAsync("timeout", ToxicDirection.Downstream, t)),
        ];

        public static Toxic Cut { get; } = new("cut off", (w, t) => w.DisableAsync(t), (w, t) => w.EnableAsync(t));
    }
}
