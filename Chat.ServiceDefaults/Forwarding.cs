using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.ServiceDefaults;

/// <summary>Behind a proxy or an ingress the address, scheme and host of a request are those that the browser used.</summary>
public static class Forwarding
{
    // Where proxies are: the machine itself, a pod network, a private network. What comes from elsewhere speaks for itself.
    private static readonly string[] ProxyNetworks = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"];

    /// <summary>Says whose forwarded headers <c>UseForwardedHeaders</c> believes.</summary>
    public static IServiceCollection AddTrustedProxies(this IServiceCollection services) => services.Configure<ForwardedHeadersOptions>(o =>
    {
        o.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
        foreach (var network in ProxyNetworks)
        {
            o.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        }
    });
}
