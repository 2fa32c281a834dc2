using System.Collections.Immutable;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Servers;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Chat.Tests.Hosting;

/// <summary>The AppHost on Aspire's testing host, with a data folder of its own, which is deleted at the end.</summary>
internal sealed class RunningAppHost : IAsyncDisposable
{
    /// <summary>All resources of the topology that can be healthy.</summary>
    public static readonly IReadOnlyList<string> Resources = ["cache", "messaging", "chatdb", "api", "worker", "web"];

    private readonly string _data;
    private readonly IDistributedApplicationTestingBuilder _builder;

    private RunningAppHost(IDistributedApplicationTestingBuilder builder, DistributedApplication app, Uri dashboard, string data)
    {
        _builder = builder;
        App = app;
        Dashboard = dashboard;
        _data = data;
    }

    public DistributedApplication App { get; }

    /// <summary>The dashboard's address. Nobody has to sign in to it.</summary>
    public Uri Dashboard { get; }

    /// <summary>Builds the AppHost and starts it.</summary>
    /// <param name="arguments">Arguments of the AppHost, such as <c>--Chat:Backing=embedded</c>.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<RunningAppHost> StartAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("chat-data-").FullName;
        string[] own =
        [
            $"--Chat:Data={data}",
            $"--ASPNETCORE_URLS=http://localhost:{FreePort.Next()}",
            $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://localhost:{FreePort.Next()}",
            $"--ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL=http://localhost:{FreePort.Next()}",
            "--ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true",
        ];
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chat_AppHost>(
            [.. own, .. arguments], ShowDashboardOnly, cancellationToken);
        try
        {
            var app = await builder.BuildAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            return new RunningAppHost(builder, app, app.GetEndpoint("aspire-dashboard", "http"), data);
        }
        catch
        {
            await builder.DisposeAsync();
            Directory.Delete(data, recursive: true);
            throw;
        }
    }

    // The services' logs are on the dashboard. On the console they would bury the tests' results.
    private static void ShowDashboardOnly(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.DisableDashboard = false;
        options.EnableResourceLogging = false;
    }

    public Task HealthyAsync(IEnumerable<string> resources, CancellationToken cancellationToken) =>
        Task.WhenAll(resources.Select(r => App.ResourceNotifications.WaitForResourceHealthyAsync(
            r, WaitBehavior.StopOnResourceUnavailable, cancellationToken)));

    /// <summary>The resource's instances as they are now, by their IDs.</summary>
    public async Task<ImmutableSortedDictionary<string, CustomResourceSnapshot>> SnapshotsAsync(
        string resource, int instances, CancellationToken cancellationToken)
    {
        var found = ImmutableSortedDictionary<string, CustomResourceSnapshot>.Empty;
        await foreach (var change in App.ResourceNotifications.WatchAsync(cancellationToken))
        {
            if (change.Resource.Name == resource)
            {
                // A replicated resource is also known by its own name, until its instances are.
                found = found.SetItem(change.ResourceId, change.Snapshot);
                var own = found.Remove(resource);
                if (own.Count >= instances || (instances == 1 && found.Count == 1 && own.Count == 0))
                {
                    return own.IsEmpty ? found : own;
                }
            }
        }

        throw new InvalidOperationException("The application ended.");
    }

    public async Task<CustomResourceSnapshot> SnapshotAsync(string resource, CancellationToken cancellationToken) =>
        (await SnapshotsAsync(resource, 1, cancellationToken)).Values.Single();

    /// <summary>Runs a command of a resource, as its button on the dashboard does.</summary>
    public async Task CommandAsync(string resource, string command, CancellationToken cancellationToken)
    {
        var result = await App.ResourceCommands.ExecuteCommandAsync(resource, command, cancellationToken);
        Assert.True(result.Success, result.Message);
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _builder.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}

internal static class SnapshotExtensions
{
    public static string? Property(this CustomResourceSnapshot snapshot, string name) =>
        snapshot.Properties.FirstOrDefault(p => p.Name == name)?.Value?.ToString();

    public static bool IsHealthy(this CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy;
}
