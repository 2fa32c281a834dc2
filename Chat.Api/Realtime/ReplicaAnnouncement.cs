using Chat.Contracts;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Chat.Api.Realtime;

/// <summary>
/// Tells the proxy of the web pages which replica negotiated a connection: <c>Chat-Replica: http://localhost:40123</c>. Only in development,
/// where all replicas are behind one address and nothing else keeps a connection's requests together.
/// </summary>
public static class ReplicaAnnouncement
{
    public static IApplicationBuilder UseReplicaAnnouncement(this IApplicationBuilder app)
    {
        if (!app.ApplicationServices.GetRequiredService<IHostEnvironment>().IsDevelopment())
        {
            return app;
        }

        var server = app.ApplicationServices.GetRequiredService<IServer>();
        return app.Use((context, next) =>
        {
            if (context.Request.Path.Equals($"{IChatServer.Path}/negotiate", StringComparison.OrdinalIgnoreCase)
                && server.Features.Get<IServerAddressesFeature>()?.Addresses is { Count: > 0 } addresses)
            {
                // Plain HTTP where there is a choice: the proxy need not trust a development certificate.
                context.Response.Headers[IChatServer.ReplicaHeader] =
                    addresses.FirstOrDefault(a => a.StartsWith("http:", StringComparison.Ordinal)) ?? addresses.First();
            }

            return next(context);
        });
    }
}
