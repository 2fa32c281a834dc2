using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Backends.Keys;
using Chat.Backends.Rooms;
using Chat.Backends.Saving;
using Chat.Backends.Sessions;
using Chat.Backends.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Chat.Backends.Sqlite;

/// <summary>The stand-ins of RabbitMQ and MongoDB. Whatever names the same file shares one <see cref="SqliteDatabase"/>, and so one writer.</summary>
internal static class SqliteRegistration
{
    public static void AddSqliteSaving(this IHostApplicationBuilder builder, string file)
    {
        var services = builder.Services;
        var key = services.AddDatabase(file);
        services.AddOptions<SaveConsumerOptions>().BindConfiguration(SaveConsumerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ISaveQueue>(s => new SqliteSaveQueue(s.GetRequiredKeyedService<SqliteDatabase>(key), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IDeadLetters>(s => new SqliteDeadLetters(s.GetRequiredKeyedService<SqliteDatabase>(key)));
        services.AddSingleton<ISaveConsumer>(s => new SqliteSaveConsumer(
            s.GetRequiredKeyedService<SqliteDatabase>(key), s.GetRequiredService<IOptions<SaveConsumerOptions>>(),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SqliteSaveConsumer>>()));
    }

    public static void AddSqliteStores(this IHostApplicationBuilder builder, string file)
    {
        var services = builder.Services;
        var key = services.AddDatabase(file);
        services.AddSingleton<IMessageArchive>(s => new SqliteMessageArchive(s.GetRequiredKeyedService<SqliteDatabase>(key)));
        services.AddSingleton<IFiles>(s => new SqliteFiles(s.GetRequiredKeyedService<SqliteDatabase>(key), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IUserDirectory>(s => new SqliteUserDirectory(s.GetRequiredKeyedService<SqliteDatabase>(key)));
        services.AddSingleton<IRoomStore>(s => new SqliteRoomStore(s.GetRequiredKeyedService<SqliteDatabase>(key)));
        services.AddKeyedSingleton<ISessionStore>(
            ChatBackendsExtensions.ChatDb,
            (s, _) => new SqliteSessionStore(s.GetRequiredKeyedService<SqliteDatabase>(key), s.GetRequiredService<TimeProvider>()));
        services.AddSqliteKeys(file);
    }

    /// <summary>Data Protection's keys without the rest, for a service that only has to read cookies.</summary>
    public static void AddSqliteKeys(this IServiceCollection services, string file)
    {
        var key = services.AddDatabase(file);
        services.AddSingleton<IKeyStore>(s => new SqliteKeyStore(s.GetRequiredKeyedService<SqliteDatabase>(key)));
    }

    private static string AddDatabase(this IServiceCollection services, string file)
    {
        var path = Path.GetFullPath(file);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton(path, (_, _) => new SqliteDatabase(path));
        return path;
    }
}
