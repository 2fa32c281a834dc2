using Chat.Api.Health;
using Chat.Contracts;
using Chat.ServiceDefaults;

namespace Chat.Api;

/// <summary>How the process stands in its surroundings: behind proxies, watched by probes.</summary>
public static class HostingExtensions
{
    private const int BodyBytes = 64 * 1024;

    public static IHostApplicationBuilder AddHosting(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = BodyBytes;
        });
        builder.Services.AddTrustedProxies();
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, ChatJson.Default);
            o.SerializerOptions.Converters.Add(new UtcMillisecondsConverter());
            o.SerializerOptions.DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull;
        });
        builder.Services.AddOptions<RateLimitOptions>().BindConfiguration(RateLimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddHealthChecks().AddCheck<ServingHealthCheck>("api");
        return builder;
    }
}
