using System.CommandLine;
using Chat.Manifests.Aspire;

namespace Chat.Manifests.Commands;

/// <summary><c>generate --manifest FILE --output FOLDER</c>: writes the whole tree.</summary>
public static class GenerateCommand
{
    private static readonly GeneratorOptions Defaults = new();

    public static Command Create()
    {
        var manifest = new Option<string>("--manifest") { Description = "The Aspire manifest", Required = true };
        var output = new Option<string>("--output") { Description = "The folder to write", DefaultValueFactory = _ => "aspirate-output" };
        var space = Text("--namespace", "The namespace of everything", Defaults.Namespace);
        var registry = Text("--registry", "Where the images api, worker and web are", Defaults.Registry);
        var tag = Text("--tag", "Their tag", Defaults.Tag);
        var host = Text("--host", "The chat's name in the browser", Defaults.Host);
        var issuer = Text("--issuer", "cert-manager's ClusterIssuer; empty: bring the Secret chat-tls yourself", Defaults.Issuer);
        var storageClass = Text("--storage-class", "Of the volumes; empty: the cluster's default", Defaults.StorageClass);
        var storage = new Option<string[]>("--storage") { Description = "A tier's volume size, as high=100Gi; repeatable" };
        var api = new Option<string[]>("--api") { Description = "A tier's bounds for the API, as medium=5..12; repeatable" };
        var worker = new Option<string[]>("--worker") { Description = "A tier's bounds for the workers, as high=5..10; repeatable" };
        var domain = Text("--cluster-domain", "The cluster's DNS domain", Defaults.ClusterDomain);
        var ingress = Text("--ingress-namespace", "Where the ingress controller runs", Defaults.IngressNamespace);
        var keda = Text("--keda-namespace", "Where KEDA runs", Defaults.KedaNamespace);
        var monitoring = Text("--monitoring-namespace", "Where Prometheus runs; given: the broker, the API and the workers are scraped", Defaults.MonitoringNamespace);
        var otlp = Text("--otlp", "An OTLP collector, as http://collector.observability:4317", Defaults.Otlp);
        var command = new Command("generate", "Write the base and the overlays low, medium and high")
        {
            manifest, output, space, registry, tag, host, issuer, storageClass, storage, api, worker, domain, ingress, keda, monitoring, otlp,
        };
        command.SetAction(parsed =>
        {
            var folder = parsed.GetRequiredValue(output);
            var options = new GeneratorOptions
            {
                Namespace = parsed.GetRequiredValue(space),
                Registry = parsed.GetRequiredValue(registry),
                Tag = parsed.GetRequiredValue(tag),
                Host = parsed.GetRequiredValue(host),
                Issuer = parsed.GetRequiredValue(issuer),
                StorageClass = parsed.GetRequiredValue(storageClass),
                ClusterDomain = parsed.GetRequiredValue(domain),
                IngressNamespace = parsed.GetRequiredValue(ingress),
                KedaNamespace = parsed.GetRequiredValue(keda),
                MonitoringNamespace = parsed.GetRequiredValue(monitoring),
                Otlp = parsed.GetRequiredValue(otlp),
                Tiers = TierOptions.Apply(parsed.GetValue(storage) ?? [], parsed.GetValue(api) ?? [], parsed.GetValue(worker) ?? []),
            };
            var tree = Generator.Generate(AspireManifest.Read(parsed.GetRequiredValue(manifest)), options);
            tree.Write(folder);
            Console.WriteLine($"{tree.Files.Count} files in {folder}");
        });
        return command;
    }

    private static Option<string> Text(string name, string description, string defaultValue) =>
        new(name) { Description = description, DefaultValueFactory = _ => defaultValue };
}
