using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Contracts;
using Chat.Standalone.Testing;
using Chat.Tests.Failures;

namespace Chat.Tests.Hosting;

/// <summary>The AppHost's own topology on the standalone engine and its stand-ins: the APIs behind one address.</summary>
internal sealed class EngineSystem : IRunningChat, IAsyncDisposable
{
    private readonly IDistributedApplicationTestingBuilder _builder;
    private readonly DistributedApplication _app;
    private readonly StoredMessages _stored;
    private readonly string _folder;

    private EngineSystem(IDistributedApplicationTestingBuilder builder, DistributedApplication app, StoredMessages stored, string folder)
    {
        _builder = builder;
        _app = app;
        _stored = stored;
        _folder = folder;
        Replicas = app.InstanceIds("api");
        Addresses = [app.GetEndpoint("api")];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>The ids of the API's processes.</summary>
    public IReadOnlyList<string> Replicas { get; }

    public static async Task<EngineSystem> StartAsync(CancellationToken cancellationToken)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Chat_AppHost>(["--Chat:Backing=embedded"], cancellationToken);
        var app = await builder.BuildAsync(cancellationToken);
        await app.StartAsync(cancellationToken);
        await Task.WhenAll(new[] { "api", "worker" }.Select(r => app.ResourceNotifications.WaitForResourceHealthyAsync(r, cancellationToken)));
        var folder = Directory.CreateTempSubdirectory("chat-oracle-").FullName;
        var archive = await app.GetConnectionStringAsync("chatdb", cancellationToken);
        return new EngineSystem(builder, app, new StoredMessages(archive!, Path.Combine(folder, "oracle-needs-no-queue.db")), folder);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Message>> ReadStoredAsync(string roomId, CancellationToken cancellationToken) => _stored.ReadAsync(roomId, cancellationToken);

    /// <summary>SIGTERM, and another process in its place; done when that one is healthy.</summary>
    public async Task ReplaceAsync(string replica, CancellationToken cancellationToken)
    {
        var before = Assert.Single(_app.ProcessIds(replica));
        var done = await _app.ResourceCommands.ExecuteCommandAsync(replica, KnownResourceCommands.RestartCommand, cancellationToken);
        Assert.True(done.Success, done.ErrorMessage);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync(replica, cancellationToken);
        Assert.NotEqual(before, Assert.Single(_app.ProcessIds(replica)));
    }

    public async ValueTask DisposeAsync()
    {
        _stored.Dispose();
        await _app.DisposeAsync();
        await _builder.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
