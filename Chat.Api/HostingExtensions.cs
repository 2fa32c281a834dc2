using Chat.Api.Health;
using Chat.Contracts;
using Microsoft.AspNetCore.HttpOverrides;

namespace Chat.Api;

/// <summary>How the process stands in its surroundings: behind proxies, watched by probes, told to stop.</summary>
public static class HostingExtensions
{
    private const int BodyBytes = 64 * 1024;

    // Where proxies are: the machine itself, a pod network, a private network. What comes from elsewhere speaks for itself.
    private static readonly string[] ProxyNetworks = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"];

    public static IHostApplicationBuilder AddHosting(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = BodyBytes;
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.Services.Configure<ForwardedHeadersOptions>(o =>
        {
            o.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            foreach (var network in ProxyNetworks)
            {
                o.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
            }
        });
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, ChatJson.Default);
            o.SerializerOptions.Converters.Add(new UtcMillisecondsConverter());
            o.SerializerOptions.DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull;
        });
        builder.Services.AddHealthChecks().AddCheck<ServingHealthCheck>("api");
        return builder;
    }
}
