using System.Text;
using Chat.Manifests;
using Chat.Manifests.Aspire;
using Chat.Manifests.Commands;
using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using k8s;
using k8s.Models;

namespace Chat.Tests.Manifests;

/// <summary>The Secrets that the command prints.</summary>
public sealed class SecretsTests
{
    private static readonly ChatTopology Topology = TopologyReader.Read(Sources.Aspire());

    [Fact]
    public void Every_secret_is_generated_by_the_manifests_rules_and_never_twice_the_same()
    {
        var first = Make();
        var second = Make();
        Assert.Equal(["cache-credentials", "messaging-credentials", "mongo-credentials"], first.Keys);
        Assert.All(first, s => Assert.Matches("^[A-Za-z0-9]{22}$", Text(s.Value, "password")));
        Assert.All(first, s => Assert.NotEqual(Text(s.Value, "password"), Text(second[s.Key], "password")));
        Assert.Matches("^[A-Za-z0-9]{64}$", Text(first["messaging-credentials"], "erlang-cookie"));
        Assert.Matches("^[A-Za-z0-9]{64}$", Text(first["mongo-credentials"], "keyfile"));
        Assert.Equal("guest", Text(first["messaging-credentials"], "username"));
    }

    [Fact]
    public void A_given_value_is_kept_as_it_is_and_encoded_beside_it()
    {
        var mongo = Make(given: new() { ["mongo-password"] = "pass/word+with:signs@home" })["mongo-credentials"];
        Assert.Equal("pass/word+with:signs@home", Text(mongo, "password"));
        Assert.Equal("pass%2Fword%2Bwith%3Asigns%40home", Text(mongo, "password-uri"));
    }

    [Fact]
    public void Existing_values_stay_when_the_command_runs_again()
    {
        var first = Make();
        var list = KubernetesYaml.Serialize(new V1SecretList { ApiVersion = "v1", Kind = "List", Items = [.. first.Values] });

        var again = Make(existing: SecretsCommand.Existing(list));

        Assert.Equal(first.Select(s => KubernetesYaml.Serialize(s.Value)), again.Select(s => KubernetesYaml.Serialize(s.Value)));
    }

    [Theory]
    [InlineData("cache-password", "short")]
    [InlineData("cache-password", "comma,ends,the,string")]
    [InlineData("cache-password", "a blank in between")]
    [InlineData("cache-password", "dollar$in$a$shell")]
    [InlineData("no-such-secret", "long-enough-value")]
    public void A_value_that_some_reader_would_misread_is_refused(string parameter, string value) =>
        Assert.Throws<ManifestException>(() => Make(given: new() { [parameter] = value }));

    [Fact]
    public void A_generated_value_has_every_class_of_characters_that_is_asked_for()
    {
        for (var i = 0; i < 200; i++)
        {
            var value = SecretValues.Generate(new AspireGenerate(MinLength: 4));
            Assert.Equal(4, value.Length);
            Assert.True(value.Any(char.IsAsciiLetterLower) && value.Any(char.IsAsciiLetterUpper) && value.Any(char.IsAsciiDigit)
                && value.Any(c => !char.IsAsciiLetterOrDigit(c)));
        }
    }

    private static SortedDictionary<string, V1Secret> Make(
        Dictionary<string, string>? given = null, Dictionary<(string Secret, string Key), string>? existing = null) =>
        new(SecretValues.Make(Topology, "chat", given ?? [], existing ?? []).ToDictionary(s => s.Metadata.Name), StringComparer.Ordinal);

    private static string Text(V1Secret secret, string key) => Encoding.UTF8.GetString(secret.Data[key]);
}
