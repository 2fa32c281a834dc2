using Chat.Standalone.Backing;

namespace Aspire.Hosting.Testing;

/// <summary>An application's builder in the hands of a test.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

internal sealed class TestingBuilder(DistributedApplicationOptions options, TestingEntryPoint? entryPoint)
    : DistributedApplicationBuilder(options), IDistributedApplicationTestingBuilder
{
    private DistributedApplication? _application;

    public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default) =>
        _application = entryPoint is null ? Build() : await entryPoint.BuildAsync().WaitAsync(cancellationToken);

    public override DistributedApplication Build()
    {
        entryPoint?.WaitForTest(this);
        return new TestApplication(BuildHost(), Configuration[DataFolder.Key], entryPoint);
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.DisposeAsync();
        }
        else if (entryPoint is not null)
        {
            await entryPoint.EndAsync();
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}

/// <summary>Removes its temporary folder at the end, once every process is gone.</summary>
internal sealed class TestApplication(Microsoft.Extensions.Hosting.IHost host, string? data, TestingEntryPoint? entryPoint) : DistributedApplication(host)
{
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (data is not null && data.StartsWith(Path.Combine(Path.GetTempPath(), "chat-test-"), StringComparison.Ordinal) && Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        if (entryPoint is not null)
        {
            await entryPoint.EndAsync();
        }
    }
}
