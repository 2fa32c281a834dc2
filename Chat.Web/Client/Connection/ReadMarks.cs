using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Connection;

/// <summary>
/// What was read goes to the server after a moment, the furthest only, and again after a reconnect until it was taken.
/// Counts go down at once.
/// </summary>
public sealed partial class ReadMarks(ChatStore store, IChatApi api, LiveLink live, TimeProvider time, ILogger<ReadMarks> logger)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(500);
    private readonly Dictionary<string, string> _waiting = new(StringComparer.Ordinal);
    private ITimer? _timer;
    private Task _sending = Task.CompletedTask;

    public void Mark(string roomId, string messageId)
    {
        if (store.Room(roomId) is not { } room || room.KeyOf(messageId) is not { } key || !room.MarkRead(key))
        {
            return;
        }

        _waiting[roomId] = messageId;
        _timer ??= time.CreateTimer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(Moment, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sends what waits; what is not taken waits for the next time.</summary>
    internal void Flush()
    {
        foreach (var (roomId, messageId) in _waiting.ToList())
        {
            _waiting.Remove(roomId);
            var sent = SendAsync(roomId, messageId, store.Me?.Username);
            _sending = _sending.IsCompleted ? sent : Task.WhenAll(_sending, sent);
        }
    }

    /// <summary>Sends what waits and gives the server a moment to take it, while the user is still signed in.</summary>
    internal async Task FinishAsync(CancellationToken cancellationToken)
    {
        Flush();
        await _sending.WaitAsync(Moment, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Drops what waits, because its user is signed out.</summary>
    internal void Forget()
    {
        _waiting.Clear();
        _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private async Task SendAsync(string roomId, string messageId, string? username)
    {
        try
        {
            if (live.Current is { } link)
            {
                await link.MarkReadAsync(roomId, messageId, CancellationToken.None);
            }
            else
            {
                await api.MarkReadAsync(roomId, new ReadRequest(messageId), CancellationToken.None);
            }
        }
        catch (ApiException e)
        {
            LogNotTaken(e.Code);
            if (IsTemporary(e.Code) && store.Me?.Username == username)
            {
                _waiting.TryAdd(roomId, messageId);
            }
        }
    }

    private static bool IsTemporary(string code) =>
        code is ApiException.Unreachable or ErrorCodes.Unavailable or ErrorCodes.RateLimited or ErrorCodes.Internal;

    [LoggerMessage(7101, LogLevel.Debug, "A read mark was not taken: {Code}")]
    private partial void LogNotTaken(string code);
}
