using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>
/// One turn for each message: changes of a message that come while others are being applied to it wait, and are then applied together.
/// So many people who react at once cost a few round trips, and a pod contends with other pods only, never with itself.
/// </summary>
/// <param name="apply">Applies changes of one message; its answer is the answer to each of them.</param>
internal sealed class ChangeTurns(Func<IReadOnlyList<MessageChange>, Task<bool>> apply)
{
    private readonly Lock _sync = new();

    // A message is here while changes are being applied to it, with those that wait for the next turn.
    private readonly Dictionary<(string RoomId, string Id), Turn?> _next = [];

    public Task<bool> ApplyAsync(MessageChange change)
    {
        var key = (change.RoomId, change.Id);
        Turn turn;
        lock (_sync)
        {
            if (_next.TryGetValue(key, out var next))
            {
                next ??= _next[key] = new Turn();
                next.Changes.Add(change);
                return next.Done.Task;
            }

            _next[key] = null;
            turn = new Turn();
            turn.Changes.Add(change);
        }

        _ = RunAsync(key, turn);
        return turn.Done.Task;
    }

    /// <summary>Never throws: an error is the answer to those whose turn it was, and the next turn comes all the same.</summary>
    private async Task RunAsync((string RoomId, string Id) key, Turn turn)
    {
        for (var current = turn; current is not null;)
        {
            try
            {
                current.Done.TrySetResult(await apply(current.Changes));
            }
            catch (Exception e)
            {
                current.Done.TrySetException(e);
            }

            lock (_sync)
            {
                current = _next[key];
                if (current is null)
                {
                    _next.Remove(key);
                }
                else
                {
                    _next[key] = null;
                }
            }
        }
    }

    private sealed class Turn
    {
        public List<MessageChange> Changes { get; } = [];

        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
