using Chat.Hosting.Backing;

namespace Chat.Tests.Hosting;

/// <summary>
/// Each machine that matters, as scripts in the place of Aspire's orchestrator and of the runtime. The answers are those that the real
/// programs give.
/// </summary>
public sealed class ContainerRuntimeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chat-runtime-").FullName;

    [Fact]
    public void Without_a_runtime_there_are_no_containers() =>
        Assert.Equal(new(false, "no container runtime"), ContainerRuntime.Ask(Dcp(installed: false, running: false), null));

    [Fact]
    public void A_docker_client_without_a_daemon_does_not_answer()
    {
        var docker = Script("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");

        Assert.Equal(new(false, $"{docker} does not answer"), ContainerRuntime.Ask(Dcp(installed: true, running: false, docker), null));
    }

    [Fact]
    public void A_runtime_that_the_developer_named_and_that_is_missing_is_named() =>
        Assert.Equal(new(false, "podman is not installed"), ContainerRuntime.Ask(Dcp(installed: false, running: false), "podman"));

    [Fact]
    public void A_podman_that_answers_but_cannot_start_containers_is_not_used()
    {
        var podman = Podman("echo 'Error: OCI runtime error: setrlimit: Operation not permitted' >&2; exit 126");

        var status = ContainerRuntime.Ask(Dcp(installed: true, running: true, podman), null);

        Assert.Equal(
            new(false, $"{podman} 4.3.1 cannot start containers: Error: OCI runtime error: setrlimit: Operation not permitted"), status);
    }

    [Fact]
    public void A_podman_that_cannot_create_an_image_is_not_used()
    {
        var podman = Script("podman", "case $1 in --version) echo 'podman version 4.3.1';; *) exit 125;; esac");

        Assert.Equal(new(false, $"{podman} 4.3.1 cannot create an image"), ContainerRuntime.Ask(Dcp(installed: true, running: true, podman), null));
    }

    [Fact]
    public void A_podman_that_starts_a_container_works_and_its_test_image_is_removed()
    {
        var removed = Path.Combine(_folder, "removed");
        var podman = Podman("echo 'Error: crun: executable file `/nothing` not found: No such file or directory' >&2; exit 127", removed);

        Assert.Equal(new(true, $"{podman} 4.3.1"), ContainerRuntime.Ask(Dcp(installed: true, running: true, podman), null));
        Assert.Equal("rmi --force sha256:0123", File.ReadAllText(removed).Trim());
    }

    [Fact]
    public void An_orchestrator_that_fails_means_no_containers() =>
        Assert.Equal(new(false, "no container runtime"), ContainerRuntime.Ask(Script("dcp", "echo nonsense; exit 1"), null));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Podman(string run, string? removed = null) => Script("podman", $"""
        case $1 in
          --version) echo 'podman version 4.3.1';;
          import) [ "$(wc -c)" = 1024 ] && echo sha256:0123;;
          run) [ "$3" = sha256:0123 ] || exit 125; {run};;
          rmi) echo "$@" > {removed ?? "/dev/null"};;
        esac
        """);

    private string Dcp(bool installed, bool running, string runtime = "docker") => Script("dcp", $$"""
        echo '{"version":"0.20","containers": {"runtime":"{{runtime}}", "installed":{{Json(installed)}}, "running":{{Json(running)}} } }'
        """);

    private static string Json(bool value) => value ? "true" : "false";

    private string Script(string name, string body)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-ins are shell scripts.");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return file;
    }
}
