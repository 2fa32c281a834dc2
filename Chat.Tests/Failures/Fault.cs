using Chat.Servers;

namespace Chat.Tests.Failures;

/// <summary>Something that breaks and how it is mended. <c>Single</c>: one server alone, so sends must go on being accepted.</summary>
internal sealed record Fault(string Name, bool Single, Func<ChatSystem, CancellationToken, Task> Break, Func<ChatSystem, CancellationToken, Task> Mend)
{
    private static readonly string[] ServerNames = ["cache", "messaging", "chatdb"];

    /// <summary>Every fault of the matrix: each kind on each part, then each pair of servers.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. ServerNames.SelectMany(OnServer),
        new("worker: kill -9", Single: true, (s, _) => s.Workers[0].KillAsync(), (s, t) => s.Workers[0].StartAsync(t)),
        new("workers: both stopped", Single: true, (s, _) => Task.WhenAll(s.Workers.Select(w => w.StopAsync())), (s, t) => Task.WhenAll(s.Workers.Select(w => w.StartAsync(t)))),
        new("worker: SIGSTOP", Single: true, (s, _) => Done(s.Workers[0].Pause), (s, _) => Done(s.Workers[0].Resume)),
        new("api: stopped", Single: true, (s, _) => s.Apis[0].StopAsync(), (s, t) => s.Apis[0].StartAsync(t)),
        new("api: kill -9", Single: true, (s, _) => s.Apis[0].KillAsync(), (s, t) => s.Apis[0].StartAsync(t)),
        new("api: SIGSTOP", Single: true, (s, _) => Done(s.Apis[0].Pause), (s, _) => Done(s.Apis[0].Resume)),
        .. Pairs(),
    ];

    private static IEnumerable<Fault> OnServer(string name)
    {
        yield return new($"{name}: stopped", Single: true, (s, _) => s.Servers[name].StopAsync(), (s, t) => s.Servers[name].StartAsync(t));
        yield return new($"{name}: kill -9", Single: true, (s, _) => s.Servers[name].KillAsync(), (s, t) => s.Servers[name].StartAsync(t));
        if (!OperatingSystem.IsWindows())
        {
            yield return new($"{name}: SIGSTOP", Single: true, (s, _) => Done(() => Pause(s.Servers[name])), (s, _) => Done(() => Resume(s.Servers[name])));
        }

        yield return new(
            $"{name}: slow (200 ms)", Single: true,
            (s, t) => s.Proxies[name].AddLatencyAsync(TimeSpan.FromMilliseconds(200), cancellationToken: t),
            (s, t) => s.Proxies[name].RemoveAsync("latency", cancellationToken: t));
        yield return new(
            $"{name}: answers cut", Single: true,
            (s, t) => s.Proxies[name].CutAsync(ToxicDirection.Downstream, t),
            (s, t) => s.Proxies[name].RemoveAsync("timeout", ToxicDirection.Downstream, t));
        if (name == "cache")
        {
            // Redis is the one store that may lose everything; the others promise to keep what they confirmed.
            yield return new(
                "cache: restarted empty", Single: true,
                (s, _) => s.Servers[name].KillAsync(),
                (s, t) =>
                {
                    s.Servers[name].EraseData();
                    return s.Servers[name].StartAsync(t);
                });
        }
    }

    private static IEnumerable<Fault> Pairs() =>
        from first in ServerNames
        from second in ServerNames
        where string.CompareOrdinal(first, second) < 0
        select new Fault(
            $"{first} and {second}: kill -9", Single: false,
            (s, _) => Task.WhenAll(s.Servers[first].KillAsync(), s.Servers[second].KillAsync()),
            (s, t) => Task.WhenAll(s.Servers[first].StartAsync(t), s.Servers[second].StartAsync(t)));

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
}
