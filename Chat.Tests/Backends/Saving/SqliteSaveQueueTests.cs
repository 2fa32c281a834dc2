using Chat.Backends.Saving;
using Chat.Tests.Backends.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Tests.Backends.Saving;

public sealed class SqliteSaveQueueTests : SaveQueueContract
{
    private readonly SqliteFile _file = new();

    protected override Task<ISaveQueue> OpenQueueAsync() => Task.FromResult<ISaveQueue>(new SqliteSaveQueue(_file.Open()));

    protected override Task<IDeadLetters> OpenDeadLettersAsync() => Task.FromResult<IDeadLetters>(new SqliteDeadLetters(_file.Open()));

    protected override Task<ISaveConsumer> OpenConsumerAsync(int prefetch) =>
        Task.FromResult<ISaveConsumer>(new SqliteSaveConsumer(
            _file.Open(), SqliteFile.Consuming(prefetch, MaxAttempts), TimeProvider.System, NullLogger<SqliteSaveConsumer>.Instance));

    protected override Task EnqueueRawAsync(string key, string type, ReadOnlyMemory<byte> body) =>
        new SqliteSaveQueue(_file.Open()).EnqueueRawAsync(key, type, body, traceParent: null, CancellationToken.None);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _file.DisposeAsync();
    }
}
