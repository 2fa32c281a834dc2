namespace Chat.Worker.Consuming;

/// <summary>What the saving loop is doing, for whoever asks.</summary>
public sealed class SavingState(TimeProvider time)
{
    private volatile Standing _now = new(SavingPhase.Starting, time.GetUtcNow());

    public Standing Now => _now;

    public void Set(SavingPhase phase)
    {
        if (_now.Phase != phase)
        {
            _now = new Standing(phase, time.GetUtcNow());
        }
    }

    public sealed record Standing(SavingPhase Phase, DateTimeOffset Since);
}

public enum SavingPhase
{
    /// <summary>Not yet consuming: the archive has taken no write so far.</summary>
    Starting,

    /// <summary>The consumer runs; whether it is connected is its own to say.</summary>
    Consuming,

    /// <summary>The archive takes no writes; it is probed.</summary>
    Paused,
}
