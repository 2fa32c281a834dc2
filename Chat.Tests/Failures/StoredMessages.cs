using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chat.Tests.Failures;

/// <summary>The oracle's own way to the archive, past everything that serves people.</summary>
internal sealed class StoredMessages : IDisposable
{
    private readonly IHost _host;
    private readonly IMessageArchive _archive;

    /// <param name="connection">The connection string of the archive.</param>
    /// <param name="queueFile">A file of the oracle's own for the queue that comes with an archive and that it does not use.</param>
    public StoredMessages(string connection, string queueFile)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:messaging"] = $"sqlite:{queueFile}",
            ["ConnectionStrings:chatdb"] = connection,
        });
        builder.AddSavingBackends();
        _host = builder.Build();
        _archive = _host.Services.GetRequiredService<IMessageArchive>();
    }

    /// <summary>Everything that the archive holds of the room, in room order.</summary>
    public async Task<IReadOnlyList<Message>> ReadAsync(string roomId, CancellationToken cancellationToken)
    {
        var all = new List<Message>();
        MessageCursor? after = new MessageCursor(DateTimeOffset.UnixEpoch, "");
        for (var pages = 0; pages < 1_000; pages++)
        {
            var page = await PatientlyAsync(() => _archive.ReadAsync(roomId, before: null, after, Limits.PageMax, cancellationToken), cancellationToken);
            all.AddRange(page);
            if (page.Count < Limits.PageMax)
            {
                return all;
            }

            after = MessageCursor.Of(page[^1]);
        }

        throw new InvalidOperationException($"The room {roomId} has no end.");
    }

    public async Task EraseAsync(string roomId, CancellationToken cancellationToken)
    {
        while (!await PatientlyAsync(() => _archive.EraseRoomAsync(roomId, cancellationToken), cancellationToken))
        {
        }
    }

    public void Dispose() => _host.Dispose();

    /// <summary>A database that has just come back may need a moment; the oracle waits for it, at most a minute.</summary>
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await read();
            }
            catch (BackendUnavailableException) when (attempt < 60)
            {
                await Task.Delay(1_000, cancellationToken);
            }
        }
    }
}
