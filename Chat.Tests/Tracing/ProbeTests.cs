using System.Collections.Concurrent;
using Chat.Api.Realtime;
using Chat.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Tracing;

/// <summary>Health probes leave no trace and no log line, and neither does what a service does by itself.</summary>
[Collection(TracingCollection.Name)]
public sealed class ProbeTests : IDisposable
{
    private static readonly string[] Probes = ["/health", "/alive", "/metrics"];
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-probes-");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Probes_and_background_work_leave_no_span(bool real)
    {
        var settings = new Dictionary<string, string?> { ["Chat__Metrics__Prometheus"] = "true" };
        await using var system = real
            ? await TracedSystem.StartRealAsync(mongo: true, _limit.Token, settings)
            : await TracedSystem.StartEmbeddedAsync(_limit.Token, settings);
        await using var device = new Device();
        var room = await device.SignUpWithRoomAsync(system.Api.Address, _limit.Token);
        var socket = await device.ConnectAsync(system.Api.Address, _limit.Token);

        // Everything that is connected lazily is connected after the first message.
        for (var round = 0; round < 2; round++)
        {
            foreach (var address in new[] { system.Api.Address, system.Worker.Address }.SelectMany(a => Probes.Select(p => new Uri(a, p))))
            {
                using var answer = await device.Http.GetAsync(address, _limit.Token);
                Assert.True(answer.IsSuccessStatusCode, $"{address} answered {(int)answer.StatusCode}.");
            }

            await socket.SendAsync(room, "marker", $"marker-{round}", _limit.Token);
            await Backends.Eventually.IsTrueAsync(
                () => system.Collector.Spans.Count(s => s is { Service: "worker", Name: "message_save process" }) > round,
                "the marker's trace arrived");
        }

        // The request of a socket ends with it.
        await socket.Hub.StopAsync(_limit.Token);
        await Backends.Eventually.IsTrueAsync(() => Strays().Count == 0, "every span's parent is there");
        Assert.DoesNotContain(system.Collector.Spans, s => Probes.Any(p => s.ToString().Contains(p, StringComparison.Ordinal)));
        Assert.All(
            system.Collector.Spans.Where(s => s.Parent.Length == 0),
            s => Assert.True(s.Kind is CollectedSpan.Server or CollectedSpan.Consumer, s.ToString()));
        Assert.DoesNotContain(system.Collector.Spans, s => s.Name.Contains("PING", StringComparison.OrdinalIgnoreCase));

        List<CollectedSpan> Strays() =>
            [.. system.Collector.Spans.Where(s => s.Parent.Length > 0 && system.Collector.Spans.All(p => p.SpanId != s.Parent))];
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Probes_leave_no_log_line_also_while_they_fail(string environment)
    {
        var lines = new Lines();
        await using var api = Start(environment, lines);
        using var client = api.CreateClient();
        // The cache does not exist, and the services say that once.
        await Backends.Eventually.IsTrueAsync(
            async () => (await client.GetStringAsync("/health")).Contains("Degraded", StringComparison.Ordinal), "it is degraded");
        lines.All.Clear();

        foreach (var probe in Probes.SelectMany(p => Enumerable.Repeat(p, 5)))
        {
            using var answer = await client.GetAsync(probe, _limit.Token);
            Assert.True(answer.IsSuccessStatusCode);
        }

        // The lines of a request carry its trace. A background loop that reports that Redis is away has none.
        Assert.DoesNotContain(lines.All, l => l.Scopes.Contains("TraceId", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_that_is_logged_during_a_request_does_not_carry_its_path()
    {
        var lines = new Lines();
        await using var api = Start("Production", lines, services => services.AddSingleton<IStartupFilter, LogsEveryRequest>());
        using var client = api.CreateClient();

        using var answer = await client.GetAsync("/api/rooms/the-room/members/somebody?q=secret", _limit.Token);

        var line = Assert.Single(lines.All, l => l.Category == LogsEveryRequest.Category);
        Assert.Contains("TraceId", line.Scopes, StringComparison.Ordinal);
        string[] words = ["the-room", "somebody", "secret"];
        Assert.DoesNotContain(lines.All, l => words.Any(word => $"{l}".Contains(word, StringComparison.Ordinal)));
    }

    public void Dispose()
    {
        _limit.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _directory.Delete(recursive: true);
    }

    private WebApplicationFactory<ChatHub> Start(string environment, Lines lines, Action<IServiceCollection>? configure = null) =>
        new WebApplicationFactory<ChatHub>().WithWebHostBuilder(builder =>
        {
            var file = $"sqlite:{Path.Combine(_directory.FullName, "chat.db")}";
            builder.UseSetting("ConnectionStrings:cache", "127.0.0.1:1");
            builder.UseSetting("ConnectionStrings:messaging", file);
            builder.UseSetting("ConnectionStrings:chatdb", file);
            builder.UseSetting("Chat:Metrics:Prometheus", "true");
            builder.UseEnvironment(environment);
            builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(lines));
            builder.ConfigureServices(services => configure?.Invoke(services));
        });

    /// <summary>Logs a line in the middle of each request.</summary>
    private sealed class LogsEveryRequest(ILoggerFactory loggers) : IStartupFilter
    {
        public const string Category = "in-a-request";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                loggers.CreateLogger(Category).LogWarning("here");
                return rest(context);
            });
            next(app);
        };
    }

    private sealed record Line(string Category, string Text, string Scopes);

    /// <summary>Every line of a host with its scopes.</summary>
    private sealed class Lines : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider? _scopes;

        public ConcurrentQueue<Line> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private sealed class Logger(Lines lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => lines._scopes?.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                var scopes = new List<string>();
                lines._scopes?.ForEachScope(
                    static (scope, all) => all.Add(scope is IEnumerable<KeyValuePair<string, object?>> pairs
                        ? string.Join(',', pairs.Select(p => $"{p.Key}={p.Value}"))
                        : $"{scope}"),
                    scopes);
                lines.All.Enqueue(new Line(category, formatter(state, exception), string.Join(';', scopes)));
            }
        }
    }
}
