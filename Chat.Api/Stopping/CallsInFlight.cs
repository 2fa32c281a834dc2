using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Stopping;

/// <summary>Which connections wait for an answer, so that none is closed before it has it.</summary>
public sealed class CallsInFlight : IHubFilter
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Calls> _calls = new(StringComparer.Ordinal);

    public ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        ArgumentNullException.ThrowIfNull(invocationContext);
        ArgumentNullException.ThrowIfNull(next);
        // Not RunContinuationsAsynchronously: SignalR writes the answer inside of setting the result, so that a call ends after that.
        var answer = new TaskCompletionSource<object?>();
        _ = AnswerAsync(invocationContext, next, answer);
        return new ValueTask<object?>(answer.Task);
    }

    /// <summary>Completes when the connection waits for nothing.</summary>
    public Task NoneOfAsync(string connectionId)
    {
        lock (_gate)
        {
            return _calls.TryGetValue(connectionId, out var calls) ? calls.None.Task : Task.CompletedTask;
        }
    }

    private async Task AnswerAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next, TaskCompletionSource<object?> answer)
    {
        var connection = invocationContext.Context.ConnectionId;
        Begin(connection);
        try
        {
            answer.SetResult(await next(invocationContext));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            answer.SetException(e);
        }
        finally
        {
            End(connection);
        }
    }

    private void Begin(string connectionId)
    {
        lock (_gate)
        {
            if (!_calls.TryGetValue(connectionId, out var calls))
            {
                calls = _calls[connectionId] = new Calls();
            }

            calls.Count++;
        }
    }

    private void End(string connectionId)
    {
        lock (_gate)
        {
            var calls = _calls[connectionId];
            if (--calls.Count == 0)
            {
                _calls.Remove(connectionId);
                calls.None.SetResult();
            }
        }
    }

    private sealed class Calls
    {
        public int Count { get; set; }

        public TaskCompletionSource None { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
