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
    /// <summary>How often a batch is sent again while its answer is awaited.</summary>
    private const int Resends = 10;
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
        IBatch? sent = null;
        while (true)
        {
            await AnsweredAsync(underWay, sent);
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

            (sent, underWay) = Send(database, next);
        }
    }

    /// <summary>
    /// Waits for the answer, at most for the limit. When the server has forgotten a script, the client library adds the call to the same
    /// batch again, although that has gone out. So the batch is sent again while its answer is awaited; only what was added to it goes out.
    /// </summary>
    private async Task AnsweredAsync(Task underWay, IBatch? batch)
    {
        var steps = batch is null ? 1 : Resends;
        for (var i = 0; i < steps && !underWay.IsCompleted; i++)
        {
            if (i > 0)
            {
                TryExecute(batch!);
            }

            await underWay.WaitAsync(limit / steps, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Sends the calls in one batch. Answers come in the order of the calls, so the last call's answer is the batch's. If the batch cannot
    /// be sent, every call in it gets the error.
    /// </summary>
    private static (IBatch? Batch, Task UnderWay) Send(IDatabase database, List<IWaiting> calls)
    {
        try
        {
            var batch = database.CreateBatch();
            var last = Task.CompletedTask;
            foreach (var call in calls)
            {
                last = call.AddTo(batch);
            }

            batch.Execute();
            calls.ForEach(call => call.Sent());
            return (batch, last);
        }
#pragma warning disable CA1031 // No server is connected, for example. The calls that come later are still sent.
        catch (Exception e)
#pragma warning restore CA1031
        {
            calls.ForEach(call => call.Fail(e));
            return (null, Task.CompletedTask);
        }
    }

    private static void TryExecute(IBatch batch)
    {
        try
        {
            batch.Execute();
        }
#pragma warning disable CA1031 // The calls that were left in the batch reach their own limits. Those that come later are still sent.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private interface IWaiting
    {
        /// <summary>Its answer, or a completed task where the call itself threw.</summary>
        Task AddTo(IDatabaseAsync batch);

        void Sent();

        void Fail(Exception error);
    }

    private sealed class Waiting<T>(Func<IDatabaseAsync, Task<T>> call) : IWaiting
    {
        private readonly TaskCompletionSource<Task<T>> _sent = new();
        private Task<T>? _answer;

        public Task<T> Task => _sent.Task.Unwrap();

        public Task AddTo(IDatabaseAsync batch)
        {
            try
            {
                return _answer = call(batch);
            }
#pragma warning disable CA1031 // It belongs to the one who waits for this call.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _sent.SetException(e);
                return System.Threading.Tasks.Task.CompletedTask;
            }
        }

        public void Sent()
        {
            if (_answer is not null)
            {
                _sent.SetResult(_answer);
            }
        }

        public void Fail(Exception error) => _sent.TrySetException(error);
    }
}
