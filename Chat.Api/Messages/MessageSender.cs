using System.Collections.Concurrent;
using System.Diagnostics;
using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends;
using Chat.Backends.Files;
using Chat.Backends.Pods;
using Chat.Backends.Recent;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.ServiceDefaults;

namespace Chat.Api.Messages;

/// <summary>The life of a message, from the sender's word to the acknowledgement; see docs/architecture.md.</summary>
public sealed class MessageSender(
    RoomAccess access,
    SendRateLimiter limiter,
    RoomClock clock,
    MessageLookup lookup,
    IFiles files,
    IRecentMessages recent,
    IPodChannel channel,
    PodBridge bridge,
    Acceptance acceptance,
    LateMessages late,
    SendsInFlight inFlight,
    TimeProvider time)
{
    /// <summary>For so long Redis knows the IDs of what was appended; what is older was shown.</summary>
    private static readonly TimeSpan ShownAgain = TimeSpan.FromHours(1);

    private static readonly TimeSpan ResendPatience = TimeSpan.FromMilliseconds(200);
    private static readonly System.Diagnostics.Metrics.Histogram<double> Appending =
        Telemetry.Meter.CreateHistogram<double>("chat.append.duration", "s");

    private static readonly System.Diagnostics.Metrics.Counter<long> Refused = Telemetry.Meter.CreateCounter<long>("chat.sends.refused");

    // The same client id while its first sending is still under way: all of them get the one answer.
    private readonly ConcurrentDictionary<string, Lazy<Task<Outcome<Message>>>> _underWay = new(StringComparer.Ordinal);

    private readonly Turns _turns = new();

    public async Task<Outcome<Message>> SendAsync(string sender, SendMessage said, CancellationToken cancellationToken)
    {
        // 1. Validate. A crash before step 3 leaves nothing behind; the client sends again.
        ArgumentNullException.ThrowIfNull(said);
        var send = said with { Content = said.Content?.Trim() ?? "", Attachments = said.Attachments?.Distinct(StringComparer.Ordinal).ToList() ?? [] };
        if (Complaint(send) is { } complaint)
        {
            return Count(complaint);
        }

        var id = MessageId.For(sender, send.ClientId);
        var key = $"{send.RoomId}/{id}";
        if (_underWay.TryGetValue(key, out var first))
        {
            // It meets its own first sending: it gets that answer, and nobody waits for it.
            return await CountAsync(first.Value);
        }

        // What one sender sends at once gets its time, and its number, in that order: until the append is under way it is one at a time.
        using var turn = await _turns.EnterAsync(sender, cancellationToken);
        if (send.RoomId is null || !RoomIds.IsWellFormed(send.RoomId)
            || await access.FindAsync(send.RoomId, sender, cancellationToken) is not { } own)
        {
            return Count(Refuse.RoomNotFound);
        }

        if (own.Room.ArchivedAt is not null)
        {
            return Count(Refuse.RoomArchived);
        }

        if (!limiter.MayGo(sender))
        {
            return Count(Refuse.RateLimited);
        }

        // From here on it is finished whether or not the caller waits: others may wait for the same, and what is shown shall be saved.
        // Every step has a limit of its own.
        var sending = _underWay.GetOrAdd(key, _ => new(() => SendOnceAsync(sender, id, send, turn, CancellationToken.None)));
        using var counted = inFlight.Begin();
        try
        {
            return await CountAsync(sending.Value);
        }
        finally
        {
            _underWay.TryRemove(new(key, sending));
        }
    }

    private async Task<Outcome<Message>> SendOnceAsync(
        string sender, string id, SendMessage send, IDisposable turn, CancellationToken cancellationToken)
    {
        var (roomId, content, clientId, replyTo, ids, _) = send;
        // 2. Id and time. The id may be one that was sent long ago; then the archive has it, and there is nothing to do. While the
        //    archive is away it is treated as new: Redis still knows the last hours, and saving treats the same id as success.
        if (await FindEarlierAsync(id, send, cancellationToken) is { } known)
        {
            // The archive knows no number; while Redis does, whoever sends it again is told the same as the first time.
            return known.RoomId != roomId ? Refuse.ClientIdReused
                : known.Seq > 0 ? known
                : await ShowAgainAsync(known, cancellationToken);
        }

        if (replyTo is not null)
        {
            var (answered, certain) = await lookup.FindAsync(roomId, replyTo, cancellationToken);
            if (answered is null && certain)
            {
                return Refuse.InvalidReply;
            }

            clock.Observe(roomId, answered?.Timestamp ?? default);
        }

        // A file of nobody's message is swept: a crash from here on costs nothing but that.
        IReadOnlyList<StoredFile>? attached = null;
        if (ids is { Count: > 0 } && (attached = await files.AttachAsync(new FileOwner(roomId, sender, id), ids, cancellationToken)) is null)
        {
            return Refuse.UnknownFile;
        }

        var message = new Message
        {
            Id = id,
            Sender = sender,
            RoomId = roomId,
            Content = content,
            Timestamp = clock.Next(roomId, id),
            ClientId = clientId,
            ReplyTo = replyTo,
            Mentions = content.Contains('@', StringComparison.Ordinal)
                ? MessageText.Mentions(content, await access.MembersIfKnownAsync(roomId, cancellationToken))
                : [],
            Attachments = attached?.Select(f => f.ToAttachment()).ToList(),
        };

        // 3. In parallel: A, and B as soon as A gave the number; C. A crash between them leaves the message shown but not saved, or
        //    saved but not shown: the client, unacknowledged, sends it again under the same id, and what is missing is made up.
        var accepting = acceptance.AcceptAsync(new SaveMessage(message), cancellationToken);
        var began = Stopwatch.GetTimestamp();
        var appending = recent.AppendAsync(message, cancellationToken);
        turn.Dispose();
        var appended = await appending;
        Appending.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        var shown = await ShowAsync(message, appended, cancellationToken);
        var accepted = await accepting;
        if (shown.Timestamp != message.Timestamp)
        {
            // It was appended before, under a time that others have seen: the archive must have that one, and its number makes it count.
            accepted = await acceptance.AcceptAsync(new SaveMessage(shown), cancellationToken);
        }

        // 4. Acknowledge what one durable store has, refuse what none has. A crash before the answer arrives: sent again, same id.
        if (!accepted)
        {
            return Refuse.NotAccepted;
        }

        if (Stopwatch.GetElapsedTime(began) > Acceptance.Usual)
        {
            late.Add(roomId);
        }

        lookup.Remember(shown);
        return shown;
    }

    /// <summary>
    /// The same message, if it was sent before. Redis knows the ids of the last hours and says so when the message is appended, so the
    /// archive is asked only where the first sending may be older, or where Redis does not answer.
    /// </summary>
    private async ValueTask<Message?> FindEarlierAsync(string id, SendMessage send, CancellationToken cancellationToken) =>
        lookup.SentHere(id) is { } here ? here
        : send.Attempt is null or 1 && recent.IsAvailable && ClientIds.IsRecent(send.ClientId, time.GetUtcNow()) ? null
        : (await lookup.FindSavedAsync(id, ResendPatience, cancellationToken)).Message;

    /// <summary>
    /// What was accepted, but perhaps never shown: its first sending may have ended between the two. Appending shows it where Redis does
    /// not know it yet, and says its number where it does. What this pod sent it has shown.
    /// </summary>
    private async Task<Message> ShowAgainAsync(Message known, CancellationToken cancellationToken) =>
        lookup.SentHere(known.Id) is null && known.DeletedAt is null && time.GetUtcNow() - known.Timestamp < ShownAgain
            ? await ShowAsync(known, await recent.AppendAsync(known, cancellationToken), cancellationToken)
            : (await lookup.FindAsync(known.RoomId, known.Id, cancellationToken)).Message ?? known;

    private async Task<Message> ShowAsync(Message message, Appended? appended, CancellationToken cancellationToken)
    {
        if (appended is null)
        {
            // Redis could not: shown without a number, and to the other pods by their other path.
            bridge.ShowHere(message);
            await channel.PublishAsync(new MessageArrived(message), cancellationToken);
            return message;
        }

        var numbered = message with { Timestamp = appended.Timestamp, Seq = appended.Seq, Epoch = appended.Epoch };
        if (!appended.Duplicate)
        {
            bridge.ShowHere(numbered);
        }

        return numbered;
    }

    private static Refusal? Complaint(SendMessage send) =>
        !MessageText.IsContent(send.Content) && (send.Content.Length > 0 || send.Attachments is []) ? Refuse.InvalidContent
        : !MessageText.IsClientId(send.ClientId) ? Refuse.InvalidClientId
        : send.ReplyTo is not null && !MessageId.IsWellFormed(send.ReplyTo) ? Refuse.InvalidReply
        : send.Attachments!.Count > Limits.AttachmentsMax ? Refuse.TooManyFiles
        : send.Attachments.Any(id => !FileId.IsWellFormed(id)) ? Refuse.UnknownFile
        : null;

    private static async Task<Outcome<Message>> CountAsync(Task<Outcome<Message>> sending)
    {
        var outcome = await sending;
        return outcome.Refusal is { } refusal ? Count(refusal) : outcome;
    }

    private static Refusal Count(Refusal refusal)
    {
        Refused.Add(1, new KeyValuePair<string, object?>("code", refusal.Code));
        return refusal;
    }
}
