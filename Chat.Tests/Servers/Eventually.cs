using System.Diagnostics;

namespace Chat.Tests.Servers;

/// <summary>Bounded waiting for what becomes true by itself.</summary>
public static class Eventually
{
    /// <summary>Only a failing test waits this long; a busy machine may need much of it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static Task AsyncTrue(Func<bool> condition, string? because = null) => AsyncTrue(() => Task.FromResult(condition()), because);

    public static async Task AsyncTrue(Func<Task<bool>> condition, string? because = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < Patience, because ?? "The condition did not become true in time.");
            await Task.Delay(20);
        }
    }
}
