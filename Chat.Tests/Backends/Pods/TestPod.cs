using System.Collections.Concurrent;
using Chat.Backends;
using Chat.Backends.Pods;
using Chat.Backends.Recent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Pods;

/// <summary>What one API pod has of Redis and of the path to the others, without the rest of it.</summary>
public sealed class TestPod : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private TestPod(ServiceProvider services) => _services = services;

    public RedisGate Gate => _services.GetRequiredService<RedisGate>();

    public RedisConnection Connection => _services.GetRequiredService<RedisConnection>();

    public IRecentMessages Recent => _services.GetRequiredService<IRecentMessages>();

    public IPodChannel Channel => _services.GetRequiredService<IPodChannel>();

    public ConcurrentQueue<PodEvent> Events { get; } = new();

    public IEnumerable<string> Arrived => Events.OfType<MessageArrived>().Select(e => e.Message.Content);

    /// <summary>The event IDs of what the pod logged.</summary>
    public ConcurrentQueue<int> Logged { get; private init; } = new();

    public int Resyncs => Events.Count(e => e is ResyncNeeded);

    public static async Task<TestPod> StartAsync(
        string redis, string? rabbit = null, string? sqlite = null, Action<RecentOptions>? configure = null,
        Func<PodEvent, Task>? handler = null, params string[] rooms)
    {
        var logged = new ConcurrentQueue<int>();
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerProvider>(new EventIds(logged));
        services.AddLogging(l => { if (Environment.GetEnvironmentVariable("CHAT_TEST_LOG") is not null) { l.AddConsole().SetMinimumLevel(LogLevel.Debug); } });
        services.AddSingleton(TimeProvider.System);
        services.Configure<RecentOptions>(o =>
        {
            // Tests share few cores with the servers they start.
            o.Timeout = TimeSpan.FromSeconds(5);
            o.StartTimeout = TimeSpan.FromSeconds(30);
            o.MaxProbeDelay = TimeSpan.FromMilliseconds(300);
            configure?.Invoke(o);
        });
        services.AddSingleton<IConnectionMultiplexer>(_ =>
        {
            var options = ConfigurationOptions.Parse(redis);
            RedisConnection.Configure(options);
            return ConnectionMultiplexer.Connect(options);
        });
        services.AddSingleton<RedisConnection>();
        services.AddSingleton<RedisGate>();
        services.AddSingleton(PodIdentity.New());
        services.AddSingleton<IRecentMessages, RedisRecentMessages>();
        services.AddSingleton<IPodTransport, RedisPodTransport>();
        if (rabbit is not null)
        {
            services.AddSingleton<IPodTransport>(s => new RabbitPodTransport(
                () => Task.FromResult<IConnectionFactory>(new ConnectionFactory { Uri = new Uri(rabbit) }),
                s.GetRequiredService<PodIdentity>(), s.GetRequiredService<RedisGate>(), TimeProvider.System, s.GetRequiredService<ILogger<RabbitPodTransport>>()));
        }

        if (sqlite is not null)
        {
            services.AddSingleton<IPodTransport>(s => new SqlitePodTransport(
                sqlite, s.GetRequiredService<RedisGate>(), TimeProvider.System, s.GetRequiredService<ILogger<SqlitePodTransport>>()));
        }

        services.AddSingleton<IPodChannel, PodChannel>();
        var pod = new TestPod(services.BuildServiceProvider()) { Logged = logged };
        _ = pod.Recent;
        await pod.Gate.StartAsync(CancellationToken.None);
        pod.Channel.OnEvent(e =>
        {
            pod.Events.Enqueue(e);
            return handler?.Invoke(e) ?? Task.CompletedTask;
        });
        foreach (var room in rooms)
        {
            await pod.Channel.SubscribeAsync(room, CancellationToken.None);
        }

        return pod;
    }

    public IEnumerable<IPodTransport> Transports => _services.GetServices<IPodTransport>();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private sealed class EventIds(ConcurrentQueue<int> ids) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            ids.Enqueue(eventId.Id);

        public void Dispose()
        {
        }
    }
}
