namespace Chat.Tests.Manifests;

/// <summary>
/// The commands of <c>docs/deploy.md</c>, run by a real shell with stand-ins in the place of the programs, so that quoting, loops and pipes
/// are the shell's word: what reaches kubectl is asked of a real control plane, what reaches a server's tool is compared with what
/// the tool takes.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed partial class DeployCommandTests(Cluster cluster) : IClassFixture<Cluster>
{
    /// <summary>The options of each tool inside the images that the commands use; a flag that is not here is a typing error or a new one to look up.</summary>
    private static readonly Dictionary<string, string[]> Known = new()
    {
        ["mongosh"] = ["--quiet", "-u", "-p", "--eval"],
        ["mongodump"] = ["--quiet", "--oplog", "--archive", "--gzip", "--readPreference", "-u", "-p", "--authenticationDatabase"],
        ["mongorestore"] = ["--drop", "--oplogReplay", "--archive", "--gzip", "-u", "-p", "--authenticationDatabase"],
    };

    [Fact]
    public async Task What_the_commands_ask_of_the_cluster_it_takes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a POSIX shell.");
        await PrepareAsync();
        var asked = 0;
        foreach (var call in await RunBlocksAsync("kubectl"))
        {
            if (Tried(call) is not { } tried)
            {
                continue;
            }

            var (code, output) = await cluster.TryAsync(null, tried);
            for (var again = 0; again < 20 && output.Contains("within the past second", StringComparison.Ordinal); again++)
            {
                // kubectl restarts nothing twice in a second; a reader of the guide is not that fast.
                await Task.Delay(TimeSpan.FromMilliseconds(200));
                (code, output) = await cluster.TryAsync(null, tried);
            }

            Assert.True(code == 0, $"kubectl {string.Join(' ', tried)}: {output}");
            asked++;
        }

        Assert.True(asked >= 12, $"Only {asked} commands: are they written otherwise now?");
    }

    [Fact]
    public async Task What_the_commands_run_inside_a_server_it_understands()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a POSIX shell.");
        var inside = (await RunBlocksAsync("kubectl")).Where(c => c.Contains("exec")).Select(c => c[(Array.IndexOf(c, "--") + 1)..]).ToList();
        Assert.True(inside.Count >= 8, $"Only {inside.Count} commands enter a container.");
        var tools = new List<string>();
        foreach (var command in inside)
        {
            // A script for the container's shell is given to a shell, with the variables that the container has.
            var calls = command is ["sh", "-c", var script] ? await RunAsync(script, "mongosh", "mongodump", "mongorestore") : [command];
            foreach (var call in calls)
            {
                tools.Add(call[0]);
                Check(call);
            }
        }

        Assert.Equal(["mongodump", "mongorestore", "mongosh", "rabbitmqctl", "redis-cli"], tools.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>The call as it can be tried without harm; null for what this control plane lacks.</summary>
    private static string[]? Tried(string[] call) => call.Select(a => a.StartsWith("aspirate-output/", StringComparison.Ordinal) ? Path.Combine(Sources.Repository, a) : a).ToArray() switch
    {
        // There are no containers to enter or to read the output of; the Secrets that are piped in are SecretsTests' matter.
        [_, _, "exec" or "logs", ..] or ["apply", "-f", "-"] => null,
        // cert-manager's kinds are not here.
        [_, _, "get", "certificate"] => null,
        // Its exit code says that something would change.
        ["diff", .. var rest] => ["apply", .. rest, "--dry-run=server"],
        [_, _, "rollout", "status", ..] and var status => [.. status.Where(a => !a.StartsWith("--timeout", StringComparison.Ordinal)), "--watch=false"],
        [_, _, "get" or "wait", ..] and var read => read,
        // It knows no dry run; the pods here are made anew in a moment.
        [_, _, "rollout", "restart", ..] and var restart => restart,
        var changing => [.. changing, "--dry-run=server"],
    };

    private static void Check(string[] call)
    {
        switch (call)
        {
            case ["redis-cli", "flushall"]:
            case ["rabbitmqctl", "stop_app"]:
            // Without a password as argument it reads it from its input.
            case ["rabbitmqctl", "change_password", "guest"]:
                return;
            case ["rabbitmqctl", "forget_cluster_node", var node]:
                Assert.Matches(@"^rabbit@messaging-[12]\.messaging-nodes\.chat\.svc\.cluster\.local$", node);
                return;
            case [var tool, .. var arguments] when Known.TryGetValue(tool, out var options):
                Assert.All(arguments.Where(a => a.StartsWith('-')), a => Assert.Contains(a.Split('=')[0], options));
                Assert.Equal("admin-user", arguments[Array.IndexOf(arguments, "-u") + 1]);
                Assert.Equal("pass word$", arguments[Array.IndexOf(arguments, "-p") + 1]);
                // The member set by name: the commands find the primary by themselves.
                var address = Assert.Single(arguments, a => a.StartsWith("mongodb://", StringComparison.Ordinal));
                Assert.Matches(@"^mongodb://mongo-\d\.mongo-nodes:27017(,mongo-\d\.mongo-nodes:27017)*/(admin)?\?replicaSet=rs0$", address);
                return;
            default:
                Assert.Fail($"Nobody looked at: {string.Join(' ', call)}");
                return;
        }
    }
}
