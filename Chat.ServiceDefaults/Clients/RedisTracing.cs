using System.Diagnostics;
using StackExchange.Redis;
using StackExchange.Redis.Profiling;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// The driver has no activity source but a profiler: commands run during an activity are collected beside it and become its
/// children when it stops. Without a listener to the source nothing is collected.
/// </summary>
internal static class RedisTracing
{
    public const string SourceName = "StackExchange.Redis";
    private const string Property = "chat.redis.profiling";
    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Lazy<ActivityListener> Listener = new(Listen);

    public static void Attach(IConnectionMultiplexer multiplexer)
    {
        _ = Listener.Value;
        multiplexer.RegisterProfiler(CurrentSession);
    }

    private static ProfilingSession? CurrentSession()
    {
        if (Activity.Current is not { Recorded: true } activity || !Source.HasListeners())
        {
            return null;
        }

        lock (activity)
        {
            if (activity.GetCustomProperty(Property) is not ProfilingSession session)
            {
                session = new ProfilingSession();
                activity.SetCustomProperty(Property, session);
            }

            return session;
        }
    }

    private static ActivityListener Listen()
    {
        // Samples nothing itself: it only hears of activities that another listener had created.
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name != SourceName,
            ActivityStopped = Report,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static void Report(Activity parent)
    {
        if (parent.GetCustomProperty(Property) is not ProfilingSession session)
        {
            return;
        }

        foreach (var command in session.FinishProfiling())
        {
            using var activity = Source.CreateActivity(command.Command, ActivityKind.Client, parent.Context);
            if (activity is null)
            {
                continue;
            }

            activity.SetStartTime(command.CommandCreated);
            activity.Start();
            activity.SetTag("db.system.name", "redis");
            activity.SetTag("db.operation.name", command.Command);
            activity.SetTag("server.address", command.EndPoint?.ToString());
            activity.SetEndTime(command.CommandCreated + command.ElapsedTime);
        }
    }
}
