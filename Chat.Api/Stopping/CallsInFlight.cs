using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Stopping;

/// <summary>Which connections wait for an answer, so that none is closed before it has it.</summary>
public sealed class CallsInFlight : IHubFilter
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Calls> _calls = new(StringComparer.Ordinal);

    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        ArgumentNullException.ThrowIfNull(invocationContext);
        ArgumentNullException.ThrowIfNull(next);
        var connection = invocationContext.Context.ConnectionId;
        Begin(connection);
        try
        {
            return await next(invocationContext);
        }
        finally
        {
            End(connection);
        }
    }

    /// <summary>Completes when the connection waits for nothing.</summary>
    public Task NoneOfAsync(string connectionId)
    {
        lock (_gate)
        {
            return _calls.TryGetValue(connectionId, out var calls) ? calls.None.Task : Task.CompletedTask;
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
