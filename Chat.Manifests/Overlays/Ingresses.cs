using Chat.Manifests.Base;
using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>
/// <c>/api</c> and <c>/hubs</c> to the API, everything else to the pages. An object for each, because nginx takes its
/// annotations by object and only the hub's sockets want a cookie and an hour of silence.
/// </summary>
public static class Ingresses
{
    public const string TlsSecret = "chat-tls";

    private const string Prefix = "nginx.ingress.kubernetes.io/";

    public static IEnumerable<V1Ingress> All(ChatTopology topology, GeneratorOptions options)
    {
        var api = topology.Project("api").Name;
        var web = topology.Projects.FirstOrDefault(p => p.External)?.Name
            ?? throw new ManifestException("No project is external: say WithExternalHttpEndpoints() in the topology.");
        var redirect = (Prefix + "force-ssl-redirect", "true");
        // Above the contract's 10 MiB for a file; nothing larger is ever sent to the API.
        var body = (Prefix + "proxy-body-size", "11m");

        yield return Ingress("chat-api", "/api", api, options, [redirect, body, (Prefix + "proxy-read-timeout", "60")]);
        yield return Ingress("chat-hubs", "/hubs", api, options,
        [
            redirect,
            (Prefix + "affinity", "cookie"),
            // A pod that goes away loses its clients to another one; the ones that stay keep theirs.
            (Prefix + "affinity-mode", "persistent"),
            (Prefix + "session-cookie-name", "chat-pod"),
            (Prefix + "session-cookie-path", "/hubs"),
            (Prefix + "session-cookie-samesite", "Strict"),
            (Prefix + "session-cookie-change-on-failure", "true"),
            // A pod about to end refuses new sockets with 503 before the ingress has heard of it: the next one is asked at once.
            (Prefix + "proxy-next-upstream", "error timeout http_503"),
            (Prefix + "proxy-read-timeout", "3600"),
            (Prefix + "proxy-send-timeout", "3600"),
            (Prefix + "proxy-buffering", "off"),
        ]);
        yield return Ingress("chat-web", "/", web, options,
            options.Issuer.Length > 0 ? [redirect, ("cert-manager.io/cluster-issuer", options.Issuer)] : [redirect]);
    }

    private static V1Ingress Ingress(string name, string path, string service, GeneratorOptions options, (string Key, string Value)[] annotations) => new()
    {
        ApiVersion = "networking.k8s.io/v1",
        Kind = "Ingress",
        Metadata = new V1ObjectMeta { Name = name, Annotations = annotations.ToDictionary(a => a.Key, a => a.Value) },
        Spec = new V1IngressSpec
        {
            IngressClassName = "nginx",
            Tls = [new V1IngressTLS { Hosts = [options.Host], SecretName = TlsSecret }],
            Rules =
            [
                new V1IngressRule
                {
                    Host = options.Host,
                    Http = new V1HTTPIngressRuleValue
                    {
                        Paths =
                        [
                            new V1HTTPIngressPath
                            {
                                Path = path,
                                PathType = "Prefix",
                                Backend = new V1IngressBackend
                                {
                                    Service = new V1IngressServiceBackend { Name = service, Port = new V1ServiceBackendPort { Name = Projects.Port } },
                                },
                            },
                        ],
                    },
                },
            ],
        },
    };
}
