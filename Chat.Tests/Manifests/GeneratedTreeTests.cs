using System.Text.RegularExpressions;
using Chat.Manifests;

namespace Chat.Tests.Manifests;

public sealed partial class GeneratedTreeTests
{
    [Fact]
    public async Task Generating_again_changes_no_byte_of_what_is_checked_in()
    {
        var generated = Generator.Generate(await Sources.OursAsync(), new GeneratorOptions()).Files;

        var checkedIn = Sources.TreeFiles().ToDictionary(f => Path.GetRelativePath(Sources.Tree, f).Replace('\\', '/'), File.ReadAllText);
        Assert.Equal(generated.Keys, checkedIn.Keys.Order(StringComparer.Ordinal));
        Assert.All(generated, file => Assert.Equal(file.Value, checkedIn[file.Key]));
    }

    [Fact]
    public void Writing_removes_what_an_earlier_generation_left_and_nothing_else()
    {
        var folder = Directory.CreateTempSubdirectory("chat-manifests-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "mine.yaml"), "kept: true\n");
            var tree = new Chat.Manifests.Yaml.OutputTree();
            tree.Add("old/a.yaml", new Chat.Manifests.Yaml.Kustomization());
            tree.Write(folder);
            Assert.True(File.Exists(Path.Combine(folder, "old", "a.yaml")));

            new Chat.Manifests.Yaml.OutputTree().Write(folder);

            Assert.False(File.Exists(Path.Combine(folder, "old", "a.yaml")));
            Assert.True(File.Exists(Path.Combine(folder, "mine.yaml")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_file_parses_into_its_model_and_unknown_fields_are_refused()
    {
        Assert.NotEmpty(Sources.TreeFiles());
        Assert.All(Sources.TreeFiles(), file =>
        {
            var documents = TypedDocuments.Parse(File.ReadAllText(file));
            Assert.NotEmpty(documents);
        });
        Assert.ThrowsAny<Exception>(() => TypedDocuments.Parse("apiVersion: v1\nkind: Service\nspec:\n  oddity: 1\n"));
        Assert.ThrowsAny<Exception>(() => TypedDocuments.Parse("apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec:\n  oddity: 1\n"));
    }

    [Fact]
    public void Lines_end_as_on_every_machine_and_nothing_is_marked_with_a_time() =>
        Assert.All(Sources.TreeFiles(), file =>
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain('\r', text);
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(Time(), text);
        });

    [Fact]
    public void No_secret_value_is_in_the_tree() =>
        Assert.All(Sources.TreeFiles(), file =>
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("kind: Secret\n", text, StringComparison.Ordinal);
            Assert.All(PasswordValue().Matches(text), match =>
                Assert.True(match.Groups["value"].Value.StartsWith('$'), $"{file}: {match.Value}"));
        });

    [Fact]
    public void Nothing_of_Aspirates_defects_is_in_the_tree() =>
        Assert.All(Sources.TreeFiles(), file =>
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("&amp;", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(UnresolvedReference(), text);
            Assert.DoesNotContain("Recreate", text, StringComparison.Ordinal);
            Assert.DoesNotContain("imagePullPolicy: Always", text, StringComparison.Ordinal);
            Assert.True(text.Split('\n').Any(l => l.Length > 0 && l[0] != '#'), $"{file} is empty");
        });

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT")]
    private static partial Regex Time();

    // user:VALUE@host, password=VALUE, requirepass VALUE; a variable's name is no value.
    [GeneratedRegex(@"(://[^:@/\s]*:(?=\S*@)|password=|requirepass )(?<value>[^@\s""']+)", RegexOptions.IgnoreCase)]
    private static partial Regex PasswordValue();

    [GeneratedRegex(@"\{[a-z0-9-]+\.(value|connectionString|bindings|inputs)")]
    private static partial Regex UnresolvedReference();
}
