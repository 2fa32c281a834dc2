using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Backends.Keys;
using Chat.Backends.Rooms;
using Chat.Backends.Sessions;
using Chat.Backends.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MongoDB.Driver;

namespace Chat.Backends.Database;

/// <summary>The archive, users, rooms, sessions and keys in MongoDB. The driver connects in the background.</summary>
internal static class MongoRegistration
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void AddMongoStores(this IHostApplicationBuilder builder, string connectionName)
    {
        builder.AddMongoDBClient(connectionName, configureClientSettings: Configure);
        builder.Services.AddOptions<MongoOptions>().BindConfiguration(MongoOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(s => new MongoGate(
            s.GetService<IMongoDatabase>() ?? s.GetRequiredService<IMongoClient>().GetDatabase(s.GetRequiredService<IOptions<MongoOptions>>().Value.Name),
            s.GetRequiredService<IOptions<MongoOptions>>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<MongoGate>>()));
        builder.Services.AddSingleton<MongoIndexes>();
        builder.Services.AddHostedService(s => s.GetRequiredService<MongoIndexes>());
        builder.Services.AddHealthChecks().AddCheck<MongoIndexes>("indexes");
        builder.Services.AddSingleton<IMessageArchive, MongoMessageArchive>();
        builder.Services.AddSingleton<IFiles, MongoFiles>();
        builder.Services.AddSingleton<IUserDirectory, MongoUserDirectory>();
        builder.Services.AddSingleton<IRoomStore, MongoRoomStore>();
        builder.Services.AddKeyedSingleton<ISessionStore, MongoSessionStore>(connectionName);
        builder.Services.AddSingleton<IKeyStore, MongoKeyStore>();
    }

    /// <summary>The driver's own patience of 30 seconds is far beyond what a user waits.</summary>
    internal static void Configure(MongoClientSettings settings)
    {
        settings.ServerSelectionTimeout = Patience;
        settings.ConnectTimeout = Patience;
        settings.HeartbeatTimeout = Patience;
        settings.HeartbeatInterval = TimeSpan.FromSeconds(5);
        settings.WaitQueueTimeout = Patience;
    }
}
