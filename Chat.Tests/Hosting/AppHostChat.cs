using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Contracts;
using Chat.Tests.Failures;

namespace Chat.Tests.Hosting;

/// <summary>The AppHost's topology, with its two APIs behind one address.</summary>
internal sealed class AppHostChat : IRunningChat, IAsyncDisposable
{
    private readonly StoredMessages _stored;
    private readonly string _folder;

    private AppHostChat(RunningAppHost host, IReadOnlyList<string> replicas, StoredMessages stored, string folder)
    {
        Host = host;
        _stored = stored;
        _folder = folder;
        Replicas = replicas;
        Addresses = [host.App.GetEndpoint("api", "http")];
    }

    public RunningAppHost Host { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>The IDs of the API's processes.</summary>
    public IReadOnlyList<string> Replicas { get; }

    /// <param name="arguments">Arguments of the AppHost.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<AppHostChat> StartAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var host = await RunningAppHost.StartAsync(arguments, cancellationToken);
        await host.HealthyAsync(["api", "worker"], cancellationToken);
        var replicas = await host.SnapshotsAsync("api", 2, cancellationToken);
        var archive = await host.App.GetConnectionStringAsync("chatdb", cancellationToken);
        var folder = Directory.CreateTempSubdirectory("chat-oracle-").FullName;
        return new AppHostChat(
            host, [.. replicas.Keys], new StoredMessages(archive!, Path.Combine(folder, "oracle-needs-no-queue.db")), folder);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Message>> ReadStoredAsync(string roomId, CancellationToken cancellationToken) =>
        _stored.ReadAsync(roomId, cancellationToken);

    /// <summary>Stops a replica and starts another process in its place. Completes when that one is healthy.</summary>
    public async Task ReplaceAsync(string replica, CancellationToken cancellationToken)
    {
        var before = await ProcessAsync(replica, cancellationToken);
        await Host.CommandAsync(replica, KnownResourceCommands.RestartCommand, cancellationToken);
        await Host.App.ResourceNotifications.WaitForResourceAsync(
            "api",
            e => e.ResourceId == replica && e.Snapshot.IsHealthy() && e.Snapshot.Property("executable.pid") != before,
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _stored.Dispose();
        await Host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string?> ProcessAsync(string replica, CancellationToken cancellationToken) =>
        (await Host.SnapshotsAsync("api", 2, cancellationToken))[replica].Property("executable.pid");
}
