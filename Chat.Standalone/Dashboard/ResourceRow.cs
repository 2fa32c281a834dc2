using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Chat.Standalone.Running;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Standalone.Dashboard;

/// <summary>A line of the resources page.</summary>
public sealed record ResourceRow(string Id, string State, string Look, string Remark, string Source, string Why, IReadOnlyList<string> Urls, string Restarts,
    string Process, bool HasProcess, bool IsUp, IReadOnlyList<(string Name, string Value)> Variables)
{
    internal static ResourceRow Of(Instance instance, CustomResourceSnapshot snapshot)
    {
        string Property(string name) => Convert.ToString(snapshot.Properties.FirstOrDefault(p => p.Name == name)?.Value, CultureInfo.InvariantCulture) ?? "";
        var state = snapshot.State?.Text ?? KnownResourceStates.NotStarted;
        var running = state == KnownResourceStates.Running;
        var healthy = snapshot.HealthStatus == HealthStatus.Healthy;
        return new(
            instance.Id,
            running ? healthy ? "Running, healthy" : "Running, not healthy"
                : state == KnownResourceStates.Exited && snapshot.ExitCode is { } code ? $"Exited ({code})" : state,
            running ? healthy ? "good" : "busy" : state switch
            {
                "Starting" or "Waiting" or "Stopping" => "busy",
                "FailedToStart" => "bad",
                "Exited" when snapshot.ExitCode is not (null or 0) => "bad",
                _ => "",
            },
            state == KnownResourceStates.Waiting ? $"for {Property("resource.waits")}" : Property("resource.trouble"),
            Property(InstanceDescription.Source),
            Property(InstanceDescription.Why),
            [.. snapshot.Urls.Select(u => u.Url)],
            Property("resource.restarts"),
            Property("executable.pid"),
            instance.Runnable is not Nothing,
            instance.IsMeantToRun,
            [.. snapshot.EnvironmentVariables.OrderBy(v => v.Name, StringComparer.OrdinalIgnoreCase).Select(v => (v.Name, Secrets.Mask(v.Name, v.Value ?? "")))]);
    }
}
