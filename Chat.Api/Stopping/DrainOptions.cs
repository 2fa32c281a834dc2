namespace Chat.Api.Stopping;

/// <summary>How the process lets go of its clients when it is told to end.</summary>
public sealed class DrainOptions
{
    public const string Section = "Chat:Drain";

    /// <summary>
    /// Each socket is closed at a random moment within it, so that the other pods get their clients one after the other. 0 to 30 s. A
    /// socket that has not been closed yet goes on working, so this does not make anybody wait.
    /// </summary>
    public TimeSpan Spread { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Then the process goes on to end whatever is still open; more than <see cref="Spread"/>, at most a minute. With the host's own time to
    /// stop it must fit into a pod's grace period.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);
}
