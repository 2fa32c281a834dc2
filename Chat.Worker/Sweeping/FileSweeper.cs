using System.Diagnostics.Metrics;
using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.ServiceDefaults;

namespace Chat.Worker.Sweeping;

/// <summary>
/// Decides about every file that is not settled yet. Several may do so at once: each step is safe to be done again.
/// <list type="table">
/// <item><term>removed, never whole, or never attached</term><description>erased</description></item>
/// <item><term>its message is saved</term><description>settled: it stays for good</description></item>
/// <item><term>its message is deleted</term><description>erased</description></item>
/// <item><term>its message is not saved (yet)</term><description>looked at again, erased after <see cref="FileLife.MessageMissing"/></description></item>
/// </list>
/// </summary>
public sealed partial class FileSweeper(IFiles files, IMessageArchive archive, TimeProvider time, ILogger<FileSweeper> logger)
{
    private const int AtOnce = 100;
    private static readonly Counter<long> Swept = Telemetry.Meter.CreateCounter<long>("chat.files.swept", description: "Files looked at, by what became of them");

    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredFile> due;
        var before = new HashSet<string>(StringComparer.Ordinal);
        do
        {
            due = await files.DueAsync(AtOnce, cancellationToken);
            foreach (var file in due)
            {
                var verdict = await DecideAsync(file, cancellationToken);
                Swept.Add(1, new KeyValuePair<string, object?>("verdict", verdict));
                LogSwept(file.Id, verdict);
            }
        }
        // One that stays due although it was dealt with was changed by somebody meanwhile: the next sweep's.
        while (due.Count == AtOnce && due.Any(f => before.Add(f.Id)) && !cancellationToken.IsCancellationRequested);
    }

    private async Task<string> DecideAsync(StoredFile file, CancellationToken cancellationToken)
    {
        if (file is { Removed: false, Content: not null, MessageId: { } id })
        {
            var message = await archive.FindAsync(id, cancellationToken);
            if (message is { DeletedAt: null } && message.RoomId == file.RoomId)
            {
                await files.SettleAsync(file, cancellationToken);
                return "settled";
            }

            if (message is null && time.GetUtcNow() - file.CreatedAt < FileLife.MessageMissing)
            {
                await files.PostponeAsync(file, cancellationToken);
                return "postponed";
            }
        }

        await files.EraseAsync(file, cancellationToken);
        return "erased";
    }

    [LoggerMessage(3301, LogLevel.Debug, "The file {Id} is {Verdict}")]
    private partial void LogSwept(string id, string verdict);
}
