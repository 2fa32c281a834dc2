namespace Chat.Web.Client.Components;

/// <summary>
/// Draws at once when something changes, and then once for all that changes within the next moment: a burst of messages,
/// or the pages of a catch-up, cost as many drawings as an eye can follow, not one each.
/// </summary>
internal sealed class Pace(Action draw, TimeProvider time) : IDisposable
{
    /// <summary>Between the end of one drawing and the next.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(40);

    private ITimer? _timer;
    private long _drawn;
    private bool _waiting;
    private bool _disposed;

    /// <summary>Something changed.</summary>
    public void Ask()
    {
        if (_waiting || _disposed)
        {
            return;
        }

        if (_drawn == 0 || time.GetElapsedTime(_drawn) >= Moment)
        {
            Draw();
            return;
        }

        _waiting = true;
        _timer ??= time.CreateTimer(_ => Draw(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Moment, Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _disposed = true;
        _timer?.Dispose();
    }

    private void Draw()
    {
        _waiting = false;
        if (!_disposed)
        {
            try
            {
                draw();
            }
            finally
            {
                _drawn = time.GetTimestamp();
            }
        }
    }
}
