using Chat.Backends.Database;
using Chat.Backends.Keys;
using Chat.Backends.Messaging;
using Chat.Backends.Pods;
using Chat.Backends.Presence;
using Chat.Backends.Recent;
using Chat.Backends.Sessions;
using Chat.Backends.Sqlite;
using Chat.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Chat.Backends;

/// <summary>
/// Registers every backing service behind its interface. Connection strings alone choose: <c>cache</c> is always Redis' protocol,
/// <c>messaging</c> is <c>amqp(s)://…</c> or <c>sqlite:PATH</c>, <c>chatdb</c> is <c>mongodb(+srv)://…</c> or <c>sqlite:PATH</c>.
/// The two session stores are keyed: <see cref="Cache"/> is Redis', <see cref="ChatDb"/> the archive's.
/// </summary>
public static class ChatBackendsExtensions
{
    public const string Cache = "cache";
    public const string Messaging = "messaging";
    public const string ChatDb = "chatdb";
    private const string Sqlite = "sqlite:";

    public static IHostApplicationBuilder AddChatBackends(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddRedis();

        var messaging = builder.Required(Messaging);
        if (SqliteFile(messaging) is { } queueFile)
        {
            builder.AddSqliteMessaging(queueFile);
        }
        else
        {
            builder.AddRabbit();
        }

        builder.AddDatabase();
        return builder;
    }

    /// <summary>Only what a worker needs, the queue and the archive: it knows no Redis.</summary>
    public static IHostApplicationBuilder AddSavingBackends(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        if (SqliteFile(builder.Required(Messaging)) is { } queueFile)
        {
            builder.AddSqliteSaving(queueFile);
        }
        else
        {
            builder.AddRabbitSaving(Messaging);
        }

        builder.AddDatabase();
        return builder;
    }

    /// <summary>Only what shares Data Protection's keys, for the pages: their copy in Redis and the one in the database.</summary>
    public static IHostApplicationBuilder AddKeyBackends(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddRedis();
        builder.AddDatabase();
        return builder;
    }

    /// <summary>The path of a <c>sqlite:</c> connection string; null for another.</summary>
    public static string? SqliteFile(string connectionString) =>
        connectionString.StartsWith(Sqlite, StringComparison.OrdinalIgnoreCase) ? connectionString[Sqlite.Length..] : null;

    private static void AddRedis(this IHostApplicationBuilder builder)
    {
        builder.Required(Cache);
        builder.AddRedisClient(
            Cache, settings => settings.DisableTracing = !Telemetry.IsExported(builder.Configuration), RedisConnection.Configure);
        builder.Services.AddOptions<RecentOptions>().BindConfiguration(RecentOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<RedisConnection>();
        builder.Services.AddSingleton<RedisGate>();
        builder.Services.AddHostedService(s => s.GetRequiredService<RedisGate>());

        builder.Services.AddSingleton(PodIdentity.New());
        builder.Services.AddSingleton<IRecentMessages, RedisRecentMessages>();
        builder.Services.AddSingleton<IPodTransport, RedisPodTransport>();
        builder.Services.AddSingleton<IPodChannel, PodChannel>();
        builder.Services.AddSingleton<IPresenceStore, RedisPresenceStore>();
        builder.Services.AddKeyedSingleton<ISessionStore, RedisSessionStore>(Cache);
        builder.Services.AddSingleton<IKeyStore, RedisKeyStore>();
        // Sets itself as the one who makes up for what was missed: not before somebody asks for it would be too late.
        builder.Services.ActivateSingleton<IRecentMessages>();
    }

    private static void AddRabbit(this IHostApplicationBuilder builder)
    {
        builder.AddRabbitSaving(Messaging);
        builder.Services.AddHostedService<RabbitConnecting>();
        builder.Services.AddSingleton<IPodTransport>(s => new RabbitPodTransport(
            () => Task.FromResult(s.GetRequiredService<IConnectionFactory>()),
            s.GetRequiredService<PodIdentity>(), s.GetRequiredService<RedisGate>(),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<RabbitPodTransport>>()));
    }

    private static void AddSqliteMessaging(this IHostApplicationBuilder builder, string file)
    {
        builder.AddSqliteSaving(file);
        builder.Services.AddSingleton<IPodTransport>(s => new SqlitePodTransport(
            file, s.GetRequiredService<RedisGate>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SqlitePodTransport>>()));
    }

    private static void AddDatabase(this IHostApplicationBuilder builder)
    {
        if (SqliteFile(builder.Required(ChatDb)) is { } file)
        {
            builder.AddSqliteStores(file);
        }
        else
        {
            builder.AddMongo();
        }
    }

    private static void AddMongo(this IHostApplicationBuilder builder) => builder.AddMongoStores(ChatDb);

    private static string Required(this IHostApplicationBuilder builder, string name) =>
        builder.Configuration.GetConnectionString(name) is { Length: > 0 } given
            ? given
            : throw new InvalidOperationException($"The connection string '{name}' is missing: ConnectionStrings__{name} in the environment.");
}
