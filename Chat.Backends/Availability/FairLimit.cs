using System.Diagnostics;

namespace Chat.Backends.Availability;

/// <summary>
/// A time limit that blames the service only for the service's own time. This process may be late, because it is starting or has more work
/// than processor time; then an answer may have arrived that no thread has read yet. To call the service unavailable would add the work of
/// an outage to a process that is busy already.
/// </summary>
/// <param name="limit">The longest that an answer may take.</param>
/// <param name="longest">The longest that anybody waits, however late the process is. A late process waits in steps of the limit.</param>
/// <param name="time">The clock.</param>
/// <param name="isBusy">Whether work waits for a thread at present; null: <see cref="IsPoolBusyAsync"/>.</param>
internal sealed class FairLimit(TimeSpan limit, TimeSpan longest, TimeProvider time, Func<ValueTask<bool>>? isBusy = null)
{
    /// <summary>A process that has processor time for its work is served in less than a millisecond.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(10);

    /// <summary>More work items than this wait for a thread only where the process lacks processor time.</summary>
    private static readonly int ManyWaiting = 16 * Environment.ProcessorCount;

    private readonly Func<ValueTask<bool>> _isBusy = isBusy ?? IsPoolBusyAsync;

    /// <summary>The task's result or error.</summary>
    /// <exception cref="TimeoutException">It did not end within the limit.</exception>
    public async Task<T> WaitAsync<T>(Task<T> task)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var step = time.GetTimestamp();
            try
            {
                return await task.WaitAsync(limit, time);
            }
            catch (TimeoutException) when (!task.IsCompleted)
            {
                var isLate = time.GetElapsedTime(step) - limit >= Late || await _isBusy();
                if (!isLate || time.GetElapsedTime(began) + limit > longest)
                {
                    throw;
                }
            }
        }
    }

    private static async ValueTask<bool> IsPoolBusyAsync()
    {
        if (ThreadPool.PendingWorkItemCount > ManyWaiting)
        {
            return true;
        }

        var queued = Stopwatch.GetTimestamp();
        await Task.Yield();
        return Stopwatch.GetElapsedTime(queued) >= Late;
    }
}
