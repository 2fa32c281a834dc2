using Chat.Contracts;

namespace Chat.Backends.Recent;

/// <summary>
/// One turn for each message: changes of a message that come while others are being applied to it wait, and are then applied together.
/// So many people who react at once cost a few round trips, and a pod contends with other pods only, never with itself.
/// </summary>
/// <param name="apply">Applies changes of one message; answers each with its number, in their order, or null when it could not.</param>
internal sealed class ChangeTurns(Func<IReadOnlyList<ChangeToApply>, Task<IReadOnlyList<MessageChange>?>> apply)
{
    private readonly Lock _sync = new();

    // A message is here while changes are being applied to it, with those that wait for the next turn.
    private readonly Dictionary<(string RoomId, string Id), Turn?> _next = [];

    /// <summary>The change with its number; null when it could not be applied.</summary>
    public async Task<MessageChange?> ApplyAsync(ChangeToApply change)
    {
        var (applied, place) = Enter(change);
        return (await applied)?[place];
    }

    private (Task<IReadOnlyList<MessageChange>?> Applied, int Place) Enter(ChangeToApply change)
    {
        var key = (change.Change.RoomId, change.Change.Id);
        Turn turn;
        lock (_sync)
        {
            if (_next.TryGetValue(key, out var next))
            {
                next ??= _next[key] = new Turn();
                next.Changes.Add(change);
                return (next.Done.Task, next.Changes.Count - 1);
            }

            _next[key] = null;
            turn = new Turn();
            turn.Changes.Add(change);
        }

        _ = RunAsync(key, turn);
        return (turn.Done.Task, 0);
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
        public List<ChangeToApply> Changes { get; } = [];

        public TaskCompletionSource<IReadOnlyList<MessageChange>?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>A change that waits for its turn.</summary>
/// <param name="Change">The change.</param>
/// <param name="Again">It may have been numbered before, by this pod or another one.</param>
internal sealed record ChangeToApply(MessageChange Change, bool Again);
