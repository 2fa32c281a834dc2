using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Contracts;
using Chat.ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>Finds one message: in this pod's memory, in Redis, in the archive.</summary>
public sealed partial class MessageLookup(
    IRecentMessages recent, IMessageArchive archive, SaveWatermark watermark, TimeProvider time, ILogger<MessageLookup> logger)
{
    private const int RememberedMax = 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.lookup.failures");
    private readonly Remembered<Message> _sentHere = new(RememberedMax);
    private long _archiveAwayAt;

    /// <summary>Sent through this pod not long ago.</summary>
    public Message? SentHere(string id) => _sentHere.TryGet(id, out var message) ? message : null;

    public void Remember(Message message) => _sentHere.Add(message.Id, message);

    /// <summary><c>Certain</c>: when there is no message, there is none; else a store that may have it did not answer.</summary>
    public async Task<(Message? Message, bool Certain)> FindAsync(string roomId, string id, CancellationToken cancellationToken)
    {
        if (!MessageId.IsWellFormed(id))
        {
            return (null, true);
        }

        var listed = await recent.FindAsync(roomId, id, cancellationToken);
        if (listed?.Message is { } found)
        {
            return (found, true);
        }

        var (saved, answered) = await FindSavedAsync(id, Patience, cancellationToken);
        if (saved is null && SentHere(id) is { } sent)
        {
            // Not yet saved, and Redis is away: all the same it exists.
            saved = sent;
        }
        else if (saved is null && answered && listed is not null && await watermark.ReachesNowAsync(cancellationToken))
        {
            // It may have been saved since the archive was asked. What was accepted is there now.
            (saved, var certain) = await FindSavedAsync(id, Patience, cancellationToken);
            return (saved?.RoomId == roomId ? saved : null, certain);
        }

        return (saved?.RoomId == roomId ? saved : null, saved is not null);
    }

    /// <summary>By id alone, in the archive. After a failure nobody waits for it again for a moment.</summary>
    public async Task<(Message? Message, bool Answered)> FindSavedAsync(string id, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _archiveAwayAt) is var away and not 0 && time.GetElapsedTime(away) < Pause)
        {
            return (null, false);
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(patience);
        try
        {
            var found = await archive.FindAsync(id, timeout.Token).WaitAsync(timeout.Token);
            Volatile.Write(ref _archiveAwayAt, 0);
            return (found, true);
        }
        catch (Exception e) when (e is BackendUnavailableException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Volatile.Write(ref _archiveAwayAt, time.GetTimestamp());
            Failures.Add(1);
            LogAway();
            return (null, false);
        }
    }

    [LoggerMessage(1410, LogLevel.Debug, "The archive did not answer in time")]
    private partial void LogAway();
}
