namespace Chat.Standalone.Running;

/// <summary>
/// What stands behind one instance: a project's process, a backing server, or nothing at all (given from outside, embedded in
/// a file). It can be started again after it ended.
/// </summary>
internal interface IRunnable
{
    /// <summary>Null where there is no process.</summary>
    int? ProcessId { get; }

    /// <summary>Done when its process ended; never where there is none.</summary>
    Task<int> Exited { get; }

    /// <summary>Done when it was started, not when it is healthy.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Asks it to end, kills it after the grace period; done when it is gone.</summary>
    Task StopAsync(TimeSpan grace);

    Task KillAsync();

    void Pause();

    void Resume();

    /// <summary>Null when it answers as it should, else what is wrong.</summary>
    Task<string?> ProbeAsync(CancellationToken cancellationToken);
}
