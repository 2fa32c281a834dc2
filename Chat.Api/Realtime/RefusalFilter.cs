using Chat.Api.Refusals;
using Chat.Backends;
using Chat.ServiceDefaults;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Realtime;

/// <summary>Whatever a hub method throws reaches the caller as <c>code: text</c>, and nothing else of it does.</summary>
internal sealed partial class RefusalFilter(ILogger<RefusalFilter> logger) : IHubFilter
{
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.hub.failures");

    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        if (invocationContext.HubMethodArguments.Any(a => a is null))
        {
            throw Refuse.InvalidRequest.ToHubException();
        }

        try
        {
            return await next(invocationContext);
        }
        catch (BackendUnavailableException)
        {
            Failures.Add(1);
            throw Refuse.Unavailable.ToHubException();
        }
        catch (Exception e) when (e is not (HubException or OperationCanceledException or OutOfMemoryException))
        {
            Failures.Add(1);
            LogFailed(invocationContext.HubMethodName, e);
            throw Refuse.Internal.ToHubException();
        }
    }

    [LoggerMessage(1310, LogLevel.Error, "The hub's method {Method} failed")]
    private partial void LogFailed(string method, Exception exception);
}
