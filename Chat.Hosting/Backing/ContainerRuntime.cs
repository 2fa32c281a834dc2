using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Aspire.Hosting;

namespace Chat.Hosting.Backing;

/// <summary>Whether containers can run on this machine.</summary>
/// <param name="Works">Whether a container was started.</param>
/// <param name="Description">For people: "podman 4.3.1", "no container runtime", "docker does not answer".</param>
internal sealed record ContainerRuntimeStatus(bool Works, string Description);

/// <summary>
/// Asks the container runtime that Aspire would use. An answer to <c>dcp info</c> is not enough: a podman without the right to create
/// namespaces answers, too. So it has to start a container.
/// </summary>
internal static class ContainerRuntime
{
    private const string RuntimeVariable = "ASPIRE_CONTAINER_RUNTIME";
    private const int NotFoundInContainer = 127;

    // An empty archive: an image without a single file.
    private static readonly byte[] EmptyTar = new byte[1024];
    private static readonly TimeSpan InfoTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RunTimeout = TimeSpan.FromSeconds(20);

    public static ContainerRuntimeStatus Ask(IDistributedApplicationBuilder builder)
    {
        var dcp = builder.AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => string.Equals(a.Key, "DcpCliPath", StringComparison.OrdinalIgnoreCase))?.Value;
        var named = builder.Configuration[RuntimeVariable] ?? builder.Configuration[$"DOTNET_{RuntimeVariable}"];
        return dcp is not null && File.Exists(dcp) ? Ask(dcp, named) : new(false, "Aspire's orchestrator is not restored");
    }

    /// <param name="dcp">Aspire's orchestrator.</param>
    /// <param name="named">The runtime that the developer named, or null for the one that Aspire finds.</param>
    internal static ContainerRuntimeStatus Ask(string dcp, string? named)
    {
        string[] choice = named is { Length: > 0 } ? ["--container-runtime", named] : [];
        var (exit, output) = Run(dcp, ["info", .. choice], null, InfoTimeout);
        var info = exit == 0 ? Parse(output) : null;
        var runtime = info?.Runtime ?? named;
        if (info is not { Installed: true } || runtime is not { Length: > 0 })
        {
            return new(false, named is { Length: > 0 } ? $"{named} is not installed" : "no container runtime");
        }

        return info.Running ? StartContainer(runtime) : new(false, $"{runtime} does not answer");
    }

    /// <summary>
    /// Runs a program that does not exist in an empty image. A runtime that gets as far as not finding it (exit code 127) has
    /// created all that a container needs; one that cannot ends with 125 or 126. No image has to be pulled for that.
    /// </summary>
    private static ContainerRuntimeStatus StartContainer(string runtime)
    {
        var version = Run(runtime, ["--version"], null, InfoTimeout).Output.Split(' ', ',', '\n')
            .FirstOrDefault(word => Version.TryParse(word, out _));
        var name = version is null ? runtime : $"{runtime} {version}";
        var (imported, image) = Run(runtime, ["import", "-"], EmptyTar, RunTimeout);
        if (imported != 0)
        {
            return new(false, $"{name} cannot create an image");
        }

        image = image.Trim().Split('\n')[^1];
        var (exit, output) = Run(runtime, ["run", "--rm", image, "/nothing"], null, RunTimeout);
        Run(runtime, ["rmi", "--force", image], null, InfoTimeout);
        return exit == NotFoundInContainer
            ? new(true, name)
            : new(false, $"{name} cannot start containers{(output.Trim() is { Length: > 0 } text ? $": {text.Split('\n')[^1]}" : "")}");
    }

    private static ContainerInfo? Parse(string output)
    {
        try
        {
            return JsonSerializer.Deserialize<DcpInfo>(output)?.Containers;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Exit code -1: the program could not be started, or did not end in time.</summary>
    private static (int Exit, string Output) Run(string program, string[] arguments, byte[]? input, TimeSpan timeout)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(timeout))
            {
                process.Kill(entireProcessTree: true);
                return (-1, $"no answer within {timeout.TotalSeconds:F0} s");
            }

            return (process.ExitCode, process.ExitCode == 0 ? output.Result : error.Result);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return (-1, e.Message);
        }
    }

    private sealed record DcpInfo([property: JsonPropertyName("containers")] ContainerInfo? Containers);

    private sealed record ContainerInfo(
        [property: JsonPropertyName("runtime")] string? Runtime,
        [property: JsonPropertyName("installed")] bool Installed,
        [property: JsonPropertyName("running")] bool Running);
}
