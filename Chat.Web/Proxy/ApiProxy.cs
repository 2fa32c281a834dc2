using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Chat.Web.Proxy;

/// <summary>
/// <c>/api</c> and <c>/hubs</c> on the pages' own origin go to the API. In a cluster the ingress does this; here it lets a
/// browser talk to one address.
/// </summary>
public static class ApiProxy
{
    private const string Cluster = "api";
    private const string Hubs = "hubs";

    public static void AddApiProxy(this IHostApplicationBuilder builder)
    {
        var api = ApiAddress.Of(builder.Configuration);
        RouteConfig[] routes =
        [
            new() { RouteId = "api", ClusterId = Cluster, Match = new RouteMatch { Path = "/api/{**rest}" } },
            new() { RouteId = Hubs, ClusterId = Cluster, Match = new RouteMatch { Path = "/hubs/{**rest}" } },
        ];
        ClusterConfig[] clusters =
        [
            new()
            {
                ClusterId = Cluster,
                Destinations = new Dictionary<string, DestinationConfig> { [Cluster] = new() { Address = api.ToString() } },
                // A socket may be quiet for as long as two keep-alives take.
                HttpRequest = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromMinutes(2) },
            },
        ];
        // The origin check of the API compares with the host that the browser used.
        builder.Services.AddSingleton<ReplicaAffinity>();
        builder.Services.AddReverseProxy().LoadFromMemory(routes, clusters)
            .AddTransforms(transforms =>
            {
                if (transforms.Route.RouteId == Hubs)
                {
                    transforms.AddResponseTransform(transforms.Services.GetRequiredService<ReplicaAffinity>().TransformAsync);
                }
            })
            .ConfigureHttpClient((_, handler) => handler.ConnectTimeout = TimeSpan.FromSeconds(5));
    }

    public static void MapApiProxy(this IEndpointRouteBuilder endpoints)
    {
        var affinity = endpoints.ServiceProvider.GetRequiredService<ReplicaAffinity>();
        endpoints.MapReverseProxy(pipeline => pipeline.Use(affinity.InvokeAsync));
    }
}

/// <summary>Where the API is: the address that Aspire configures, else the cluster's Service.</summary>
public static class ApiAddress
{
    public static Uri Of(IConfiguration configuration) =>
        new(configuration["services:api:http:0"] ?? configuration["services:api:https:0"] ?? "http://api:8080");
}
