using System.Collections.Concurrent;
using System.Diagnostics;
using Chat.Servers;

namespace Chat.Tests.Servers;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Every_line_of_a_child_arrives_and_its_exit_code()
    {
        var lines = new ConcurrentQueue<ChildLine>();
        await using var child = ChildProcess.Start(new ChildStart(ProgramFinder.Dotnet(), [typeof(Reaper).Assembly.Location, "unknown"])
        {
            OnLine = lines.Enqueue,
        });

        Assert.Equal(2, await child.Exited.WaitAsync(TimeSpan.FromSeconds(30)));
        await Eventually.AsyncTrue(() => lines.Any(l => l is { IsError: true } && l.Text.StartsWith("usage:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_child_that_ignores_the_request_to_end_is_killed_after_the_grace_period()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell to ignore a signal");
        await using var child = ChildProcess.Start(new ChildStart("/bin/sh", ["-c", "trap '' TERM; echo up; while true; do sleep 1; done"]));
        await Eventually.AsyncTrue(() => child.Tail == "up");

        await child.StopAsync(TimeSpan.FromMilliseconds(200)).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.True(child.HasExited);
        Assert.Equal(137, await child.Exited);
    }

    /// <summary>This test runs the reaper as a parent would and closes its input as the system does when a parent dies.</summary>
    [Fact]
    public async Task When_the_parent_dies_the_reaper_kills_what_is_listed_with_all_below_it_and_nothing_else()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "uses /bin/sh for a tree of processes");
        using var tree = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 300 & echo $!; wait"]) { RedirectStandardOutput = true })!;
        using var grandchild = Process.GetProcessById(int.Parse((await tree.StandardOutput.ReadLineAsync())!));
        using var forgotten = Process.Start("sleep", "300");
        using var reused = Process.Start("sleep", "300");
        try
        {
            using var reaper = Process.Start(new ProcessStartInfo(ProgramFinder.Dotnet(), [typeof(Reaper).Assembly.Location, "reap"])
            {
                RedirectStandardInput = true,
            })!;
            await reaper.StandardInput.WriteLineAsync($"+{tree.Id} {tree.StartTime.ToUniversalTime().Ticks}");
            await reaper.StandardInput.WriteLineAsync($"+{forgotten.Id} {forgotten.StartTime.ToUniversalTime().Ticks}");
            await reaper.StandardInput.WriteLineAsync($"-{forgotten.Id}");
            // The id of a process that started at another time than the one listed.
            await reaper.StandardInput.WriteLineAsync($"+{reused.Id} {reused.StartTime.ToUniversalTime().AddMinutes(-1).Ticks}");
            reaper.StandardInput.Close();

            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await reaper.WaitForExitAsync(patience.Token);
            await tree.WaitForExitAsync(patience.Token);
            await grandchild.WaitForExitAsync(patience.Token);
            Assert.False(forgotten.HasExited);
            Assert.False(reused.HasExited);
        }
        finally
        {
            forgotten.Kill();
            reused.Kill();
        }
    }

    [Fact]
    public void No_port_is_given_twice()
    {
        var ports = Enumerable.Range(0, 100).Select(_ => FreePort.Next()).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
    }
}
