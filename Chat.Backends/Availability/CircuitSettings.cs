namespace Chat.Backends.Availability;

/// <summary>What a <see cref="Circuit"/> needs to know of its service.</summary>
internal sealed record CircuitSettings
{
    /// <summary>The service's name in the log.</summary>
    public required string Backend { get; init; }

    /// <summary>The driver's table.</summary>
    public required Func<Exception, Verdict> Classify { get; init; }

    /// <summary>Whether the error says by itself that the connection is lost. Then the circuit opens at once.</summary>
    public Func<Exception, bool> MeansLost { get; init; } = static _ => false;

    /// <summary>
    /// Run in the background while the circuit is open: calls <see cref="Circuit.TryClose"/> when the service can be used and answers
    /// what that answered. It limits its own time. False and exceptions: it is run again, with backoff.
    /// </summary>
    public required Func<Circuit, CancellationToken, Task<bool>> ProbeAsync { get; init; }

    /// <summary>
    /// Run in the background after a call that took too long: false or an exception says that nobody is answered, and opens the circuit.
    /// It limits its own time.
    /// </summary>
    public required Func<CancellationToken, Task<bool>> PingAsync { get; init; }

    /// <summary>The longest that a call may take. The failure ratio is taken over twice that time, at least half a second.</summary>
    public required TimeSpan Limit { get; init; }

    /// <summary>Calls in that time, below which the ratio says nothing; at least 2.</summary>
    public int MinimumThroughput { get; init; } = 2;

    /// <summary>The first delay between two probes; it doubles up to <see cref="MaxProbeDelay"/>.</summary>
    public TimeSpan ProbeDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest delay between two probes.</summary>
    public required TimeSpan MaxProbeDelay { get; init; }

    /// <summary>Open until the first probe succeeds; otherwise the first call finds out.</summary>
    public bool StartsOpen { get; init; }

    /// <summary>Run under the circuit's lock whenever it opens, before anything else can close it.</summary>
    public Action WhenOpening { get; init; } = static () => { };

    /// <summary>
    /// After an opening by ratio a successful probe does not close the circuit yet: one call at a time is let through until one succeeds,
    /// since a service may answer a ping and still do no work.
    /// </summary>
    public bool HalfOpens { get; init; }
}
