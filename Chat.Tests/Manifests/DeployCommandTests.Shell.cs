using System.Text.RegularExpressions;

namespace Chat.Tests.Manifests;

/// <summary>The shell that the commands run in.</summary>
public sealed partial class DeployCommandTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Sources.Repository, "docs", "deploy.md"));

    /// <summary>The calls of one program in all of the document's command blocks, and in the commands of its rotation table.</summary>
    private static async Task<IReadOnlyList<string[]>> RunBlocksAsync(string program)
    {
        var scripts = Block().Matches(Document).Select(m => m.Groups["script"].Value)
            .Concat(Inline().Matches(Document).Select(m => m.Groups["command"].Value.Replace("\\|", "|", StringComparison.Ordinal)))
            .Where(s => s.Contains("kubectl", StringComparison.Ordinal))
            // Placeholders for a reader, which are no shell.
            .Where(s => !s.Contains('…', StringComparison.Ordinal)).ToList();
        var calls = new List<string[]>();
        foreach (var script in scripts)
        {
            calls.AddRange((await RunAsync(script, program)).Select(c => c[1..]));
        }

        return calls;
    }

    /// <summary>Runs the script where every program is a stand-in that notes how it was called; gives the calls of those that are asked for.</summary>
    private static async Task<IReadOnlyList<string[]>> RunAsync(string script, params string[] programs)
    {
        var folder = Directory.CreateTempSubdirectory("chat-commands-");
        try
        {
            var log = Path.Combine(folder.FullName, "calls");
            await File.WriteAllTextAsync(log, "");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "FILE"), "a value");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "chat-2026-02-08.archive.gz"), "an archive");
            foreach (var program in new[] { "kubectl", "dotnet", "git", "mongosh", "mongodump", "mongorestore" })
            {
                var file = Path.Combine(folder.FullName, program);
                // Noted in one write: the programs of a pipe run at the same time.
                await File.WriteAllTextAsync(
                    file, $"#!/bin/sh\nend=$(printf '\\036')\ncall=\nfor a in {program} \"$@\"; do call=\"$call$a$end\"; done\nprintf '%s\\035' \"$call\" >> '{log}'\n");
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                }
            }

            var (code, output) = await Commands.RunAsync(
                "/bin/sh", ["-e", "-c", $"cd '{folder.FullName}'\n{script}"],
                new Dictionary<string, string?>
                {
                    ["PATH"] = $"{folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}",
                    ["N"] = "dotnet run --project Chat.Manifests -- secrets --manifest aspire-manifest.json --keep -",
                    ["MONGO_INITDB_ROOT_USERNAME"] = "admin-user",
                    ["MONGO_INITDB_ROOT_PASSWORD"] = "pass word$",
                });
            Assert.True(code == 0, $"{output}{Environment.NewLine}{script}");
            return [.. (await File.ReadAllTextAsync(log)).Split('\x1d', StringSplitOptions.RemoveEmptyEntries)
                .Select(c => c.Split('\x1e')[..^1]).Where(c => programs.Contains(c[0]))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The largest tier with the smaller ones' scaler and cache: everything that a command may name.</summary>
    private async Task PrepareAsync()
    {
        await cluster.PrepareAsync();
        foreach (var tier in new[] { "medium", "high" })
        {
            await cluster.KubectlAsync("apply", "-k", Path.Combine(Sources.Tree, "overlays", tier));
            // Each is a revision of its own, so that there is one to roll back to.
            await cluster.RolledOutAsync();
        }
    }

    [GeneratedRegex(@"^(?<indent> *)```\n(?<script>.*?)^\k<indent>```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<!`)`(?<command>kubectl [^`\n]+)`(?!`)")]
    private static partial Regex Inline();
}
