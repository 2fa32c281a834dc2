using System.CommandLine;
using System.Text;
using Chat.Manifests.Aspire;
using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s;
using k8s.Models;

namespace Chat.Manifests.Commands;

/// <summary>
/// <c>secrets --manifest FILE | kubectl apply -f -</c>. With <c>--keep FILE</c> (what <c>kubectl get secrets -o yaml</c> printed, or
/// <c>-</c> for standard input) existing values stay, so that it may run again; <c>--set</c> gives one anew.
/// </summary>
public static class SecretsCommand
{
    public static Command Create()
    {
        var manifest = new Option<string>("--manifest") { Description = "The Aspire manifest", Required = true };
        var space = new Option<string>("--namespace") { Description = "Their namespace", DefaultValueFactory = _ => new GeneratorOptions().Namespace };
        var keep = new Option<string?>("--keep") { Description = "Existing Secrets, from kubectl get secrets -o yaml; - is standard input" };
        var set = new Option<string[]>("--set") { Description = "A value of your own, as mongo-password=@FILE (or =VALUE); repeatable" };
        var rotate = new Option<string[]>("--rotate") { Description = "A parameter to generate anew though it exists; repeatable" };
        var command = new Command("secrets", "Print the Secrets, with generated values, for kubectl apply -f -") { manifest, space, keep, set, rotate };
        command.SetAction(parsed =>
        {
            var topology = TopologyReader.Read(AspireManifest.Read(parsed.GetRequiredValue(manifest)));
            var existing = parsed.GetValue(keep) is { } file ? Existing(file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file)) : [];
            foreach (var name in parsed.GetValue(rotate) ?? [])
            {
                var key = SecretRules.All(topology).FirstOrDefault(k => k.Parameter == name)
                    ?? throw new ManifestException($"'{name}' is no secret of this topology.");
                existing.Remove((key.Secret, key.Key));
            }

            var secrets = SecretValues.Make(topology, parsed.GetRequiredValue(space), Given(parsed.GetValue(set) ?? []), existing);
            Console.Out.Write(string.Join("---\n", secrets.Select(OutputTree.Serialize)));
        });
        return command;
    }

    public static Dictionary<(string Secret, string Key), string> Existing(string yaml) =>
        string.IsNullOrWhiteSpace(yaml)
            ? []
            : KubernetesYaml.Deserialize<V1SecretList>(yaml).Items
                .SelectMany(s => (s.Data ?? new Dictionary<string, byte[]>()).Select(d => (Key: (s.Metadata.Name, d.Key), d.Value)))
                .ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(d.Value));

    private static Dictionary<string, string> Given(string[] arguments)
    {
        var given = new Dictionary<string, string>();
        foreach (var argument in arguments)
        {
            var split = argument.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0)
            {
                throw new ManifestException($"'{argument}' is not of the form mongo-password=@FILE.");
            }

            var value = argument[(split + 1)..];
            given[argument[..split]] = value.StartsWith('@') ? File.ReadAllText(value[1..]).TrimEnd('\r', '\n') : value;
        }

        return given;
    }
}
