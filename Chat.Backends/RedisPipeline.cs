using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>
/// Sends calls that come at the same time together. A call that finds none under way is sent at once; those that come while one is under
/// way wait for its answer and are then sent in one write, which Redis answers in one. So a single caller waits for nobody, and many
/// callers cost both sides one system call for a batch instead of one for each call. Calls are sent in the order in which they came.
/// </summary>
/// <param name="limit">After this time calls no longer wait for the answers to those before them.</param>
/// <param name="time">The clock.</param>
internal sealed class RedisPipeline(TimeSpan limit, TimeProvider time)
{
    private readonly Lock _gate = new();
    private List<IWaiting> _waiting = [];
    private bool _underWay;

    /// <summary>The call's own result or error.</summary>
    /// <param name="database">Where to.</param>
    /// <param name="call">The call; it may begin on another thread, after this method returned.</param>
    public Task<T> CallAsync<T>(IDatabase database, Func<IDatabaseAsync, Task<T>> call)
    {
        lock (_gate)
        {
            if (_underWay)
            {
                var waiting = new Waiting<T>(call);
                _waiting.Add(waiting);
                return waiting.Task;
            }

            _underWay = true;
        }

        Task<T> first;
        try
        {
            first = call(database);
        }
        catch
        {
            _ = SendWaitingAsync(database, Task.CompletedTask);
            throw;
        }

        _ = SendWaitingAsync(database, first);
        return first;
    }

    private async Task SendWaitingAsync(IDatabase database, Task underWay)
    {
        while (true)
        {
            // Answers come in the order of the calls, so the last one's is the batch's.
            await underWay.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            List<IWaiting> next;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _underWay = false;
                    return;
                }

                next = _waiting;
                _waiting = [];
            }

            var batch = database.CreateBatch();
            foreach (var waiting in next)
            {
                underWay = waiting.Send(batch);
            }

            batch.Execute();
        }
    }

    private interface IWaiting
    {
        Task Send(IDatabaseAsync batch);
    }

    private sealed class Waiting<T>(Func<IDatabaseAsync, Task<T>> call) : IWaiting
    {
        private readonly TaskCompletionSource<Task<T>> _sent = new();

        public Task<T> Task => _sent.Task.Unwrap();

        public Task Send(IDatabaseAsync batch)
        {
            try
            {
                var sent = call(batch);
                _sent.SetResult(sent);
                return sent;
            }
#pragma warning disable CA1031 // It belongs to the one who waits for this call.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _sent.SetException(e);
                return System.Threading.Tasks.Task.CompletedTask;
            }
        }
    }
}
