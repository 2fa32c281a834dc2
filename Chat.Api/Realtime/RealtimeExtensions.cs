using Chat.Api.Presence;
using Chat.Contracts;
using Chat.ServiceDefaults;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Chat.Api.Realtime;

public static class RealtimeExtensions
{
    public static IServiceCollection AddRealtime(this IServiceCollection services)
    {
        services.AddSignalR(o =>
            {
                o.MaximumReceiveMessageSize = Limits.SocketMessageBytes;
                o.AddFilter<RefusalFilter>();
                // Sends of one connection may overlap: one that waits for a slow store must not hold up the next.
                o.MaximumParallelInvocationsPerClient = 8;
                o.KeepAliveInterval = TimeSpan.FromSeconds(10);
                o.ClientTimeoutInterval = TimeSpan.FromSeconds(30);
            })
            .AddJsonProtocol(o =>
            {
                o.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, ChatJson.Default);
                o.PayloadSerializerOptions.Converters.Add(new UtcMillisecondsConverter());
                o.PayloadSerializerOptions.DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull;
            })
            .AddMessagePackProtocol(o => o.SerializerOptions = MessagePackJson.Options);
        services.AddSingleton<RefusalFilter>();
        services.AddSingleton<Connections>();
        services.AddSingleton<RoomSubscriptions>();
        services.AddSingleton<Typing>();
        services.AddSingleton<PodBridge>();
        services.AddHostedService(s => s.GetRequiredService<PodBridge>());
        services.AddSingleton<Online>();
        services.AddHostedService(s => s.GetRequiredService<Online>());
        services.AddSingleton<RecheckSignal>();
        services.AddHostedService<SessionWatch>();
        services.AddHostedService<ConnectionMetrics>();
        return services;
    }

    public static void MapRealtime(this IEndpointRouteBuilder endpoints)
    {
        var hub = endpoints.ServiceProvider.GetRequiredService<IOptions<HubOptions>>().Value;
        var transport = new HttpConnectionDispatcherOptions
        {
            // A client that does not read is closed rather than buffered for.
            TransportMaxBufferSize = 256 * 1024,
            ApplicationMaxBufferSize = 2 * Limits.SocketMessageBytes,
            CloseOnAuthenticationExpiration = false,
        };
        // What MapHub does, with the timeout for silent clients before the hub.
        endpoints.MapConnections(
                IChatServer.Path, transport, connection => connection.UseSilenceTimeout(hub.ClientTimeoutInterval).UseHub<ChatHub>())
            .WithMetadata([.. typeof(ChatHub).GetCustomAttributes(inherit: true), new HubMetadata(typeof(ChatHub))]);
    }

    /// <summary>The gauge is observed from here, so that it lives as long as the host.</summary>
    private sealed class ConnectionMetrics(Connections connections) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            Telemetry.Meter.CreateObservableGauge("chat.connections", () => connections.Count);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
