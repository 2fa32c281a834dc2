namespace Chat.Tests.Backends;

/// <summary>Waiting, bounded, for what another thread, process or server brings about.</summary>
internal static class Eventually
{
    /// <summary>No wait of a test that passes comes near it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task IsTrueAsync(Func<bool> condition, string what) => IsTrueAsync(() => Task.FromResult(condition()), what);

    public static async Task IsTrueAsync(Func<Task<bool>> condition, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, $"After {Patience.TotalSeconds} s still not: {what}.");
            await Task.Delay(10);
        }
    }
}
