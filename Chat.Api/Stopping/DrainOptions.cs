namespace Chat.Api.Stopping;

/// <summary>How the process lets go of its clients when it is told to end.</summary>
public sealed class DrainOptions
{
    public const string Section = "Chat:Drain";

    /// <summary>
    /// Each socket is closed at a random moment within it, so that the other pods get their clients one after the other. 0 to 30 s. A
    /// socket that has not been closed yet goes on working, so this does not make anybody wait. Where there are many sockets it takes
    /// longer (<see cref="SocketsPerSecond"/>).
    /// </summary>
    public TimeSpan Spread { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How many sockets are closed in a second where there are many; 1 to 10,000. The pods that get them may have been started a moment
    /// ago, and a crowd that comes at once would cost them their caches.
    /// </summary>
    public int SocketsPerSecond { get; init; } = 100;

    /// <summary>
    /// After it the process ends whatever is still open; more than <see cref="Spread"/>, at most a minute. Together with the host's own
    /// time to stop it must fit into a pod's grace period.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(28);

    /// <summary>
    /// The time within which the sockets are closed: at least <see cref="Spread"/>, and otherwise at most 80 % of <see cref="Limit"/>, so
    /// that the last ones have time for their closing handshakes.
    /// </summary>
    /// <param name="sockets">How many are open.</param>
    public TimeSpan SpreadOf(int sockets)
    {
        var calm = TimeSpan.FromSeconds((double)sockets / SocketsPerSecond);
        var longest = Math.Max(Spread.Ticks, (Limit * 0.8).Ticks);
        return TimeSpan.FromTicks(Math.Clamp(calm.Ticks, Spread.Ticks, longest));
    }
}
