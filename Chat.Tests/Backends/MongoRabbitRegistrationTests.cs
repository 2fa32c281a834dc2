using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Database;
using Chat.Backends.Keys;
using Chat.Backends.Messaging;
using Chat.Backends.Rooms;
using Chat.Backends.Saving;
using Chat.Backends.Sessions;
using Chat.Backends.Users;
using Chat.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chat.Tests.Backends;

public sealed class MongoRabbitRegistrationTests
{
    [Fact]
    public async Task A_service_starts_while_broker_and_database_are_away_and_each_call_says_so()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Configuration["ConnectionStrings:messaging"] = $"amqp://guest:guest@127.0.0.1:{FreePort.Next()}";
        builder.Configuration["ConnectionStrings:chatdb"] = $"mongodb://127.0.0.1:{FreePort.Next()}/chatdb";
        builder.AddRabbitSaving("messaging");
        builder.AddMongoStores("chatdb");
        using var host = builder.Build();

        await host.StartAsync().WaitAsync(Eventually.Patience);

        var services = host.Services;
        await AwayAsync(services.GetRequiredService<ISaveQueue>().EnqueueAsync(Said.Save(Said.Message("alice", "Hello")), default));
        await AwayAsync(services.GetRequiredService<IDeadLetters>().ListAsync(1, default));
        Assert.False(services.GetRequiredService<ISaveConsumer>().IsConsuming);
        await AwayAsync(services.GetRequiredService<IMessageArchive>().FindAsync("x", default));
        await AwayAsync(services.GetRequiredService<IUserDirectory>().FindAsync("alice", default));
        await AwayAsync(services.GetRequiredService<IRoomStore>().FindAsync("general", default));
        await AwayAsync(services.GetRequiredKeyedService<ISessionStore>("chatdb").FindAsync("x", default));
        await AwayAsync(services.GetRequiredService<IKeyStore>().ReadAsync(default));
        await host.StopAsync().WaitAsync(Eventually.Patience);
    }

    private static Task<BackendUnavailableException> AwayAsync(Task call) => Assert.ThrowsAsync<BackendUnavailableException>(() => call.WaitAsync(Eventually.Patience));
}
