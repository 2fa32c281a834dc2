using Chat.Manifests.Secrets;
using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using Chat.Servers;
using Chat.Tests.Servers;

namespace Chat.Tests.Manifests;

/// <summary>
/// A real control plane: the cluster that <c>CHAT_TEST_KUBECONFIG</c> names (the namespace <c>chat</c> in it is the tests'
/// own), else a private kubesim.
/// </summary>
public sealed class Cluster : IAsyncLifetime
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private string? _folder;
    private ChildProcess? _kubesim;
    private string? _kubeconfig;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("CHAT_TEST_KUBECONFIG") is { Length: > 0 } given)
        {
            _kubeconfig = given;
            return;
        }

        if (ServerFinder.InSharedBin("kubesim") is not { } program)
        {
            return;
        }

        _folder = Directory.CreateTempSubdirectory("chat-kubesim-").FullName;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _kubesim = ChildProcess.Start(new ChildStart(program, ["up", "--dir", _folder])
        {
            OnLine = line =>
            {
                if (line.Text.StartsWith("kubesim: ready", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            },
        });
        await Task.WhenAny(ready.Task, _kubesim.Exited, Task.Delay(StartLimit));
        Assert.True(ready.Task.IsCompletedSuccessfully, $"kubesim did not become ready: {_kubesim.Tail}");
        _kubeconfig = Path.Combine(_folder, "kubeconfig");
    }

    public async ValueTask DisposeAsync()
    {
        if (_kubesim is not null)
        {
            await _kubesim.StopAsync(TimeSpan.FromSeconds(30));
            await _kubesim.DisposeAsync();
        }

        if (_folder is not null && Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>kubectl against the cluster, whatever it answers.</summary>
    public Task<(int Code, string Output)> TryAsync(string? input, params string[] arguments)
    {
        Assert.SkipWhen(_kubeconfig is null, "CHAT_TEST_KUBECONFIG is not set and kubesim is not here.");
        var environment = new Dictionary<string, string?> { ["KUBECONFIG"] = _kubeconfig };
        return ServerFinder.InSharedBin("kubesim") is { } kubesim
            ? Commands.RunAsync(kubesim, ["kubectl", .. arguments], environment, input)
            : Commands.RunAsync(ProgramFinder.Find("kubectl") ?? "kubectl", arguments, environment, input);
    }

    public async Task<string> KubectlAsync(params string[] arguments)
    {
        var (code, output) = await TryAsync(null, arguments);
        Assert.True(code == 0, $"kubectl {string.Join(' ', arguments)}: {output}");
        return output;
    }

    /// <summary>The namespace and its Secrets, as their values are made at first.</summary>
    public async Task PrepareAsync()
    {
        await KubectlAsync("apply", "-f", Path.Combine(Sources.Tree, "namespace.yaml"));
        var secrets = SecretValues.Make(
            TopologyReader.Read(Sources.Aspire()), "chat", new Dictionary<string, string>(), new Dictionary<(string, string), string>());
        var (code, output) = await TryAsync(string.Join("---\n", secrets.Select(OutputTree.Serialize)), "apply", "-f", "-");
        Assert.True(code == 0, output);
    }

    /// <summary>Waits until every workload is what was applied last.</summary>
    public async Task RolledOutAsync()
    {
        foreach (var kind in new[] { "deployment", "statefulset" })
        {
            await KubectlAsync("-n", "chat", "rollout", "status", kind, "-l", "app.kubernetes.io/part-of=chat", "--timeout=240s");
        }
    }

    /// <summary>Every word that a JSONPath gives in the chat's namespace.</summary>
    public Task<string[]> ListAsync(string what, string path) => ListAsync([what], path);

    public async Task<string[]> ListAsync(string[] what, string path) =>
        (await KubectlAsync(["-n", "chat", "get", .. what, "-o", $"jsonpath={path}"])).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
