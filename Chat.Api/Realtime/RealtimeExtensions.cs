using Chat.Api.Presence;
using Chat.Contracts;
using Chat.ServiceDefaults;
using Microsoft.AspNetCore.SignalR;

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
        services.AddSingleton<SessionDoubts>();
        services.AddHostedService<SessionWatch>();
        services.AddHostedService<ConnectionMetrics>();
        return services;
    }

    public static void MapRealtime(this IEndpointRouteBuilder endpoints) => endpoints.MapHub<ChatHub>(IChatServer.Path, o =>
    {
        // A client that does not read is closed rather than buffered for.
        o.TransportMaxBufferSize = 256 * 1024;
        o.ApplicationMaxBufferSize = 2 * Limits.SocketMessageBytes;
        o.CloseOnAuthenticationExpiration = false;
    });

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
