using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Pods;
using Chat.Backends.Recent;
using Chat.Backends.Saving;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>
/// Edits, deletions and reactions. They commute, so none waits for the message to be saved, nor for another change; they are
/// accepted and shown as messages are.
/// </summary>
public sealed class MessageChanger(
    RoomAccess access,
    SendRateLimiter limiter,
    RoomClock clock,
    MessageLookup lookup,
    IRecentMessages recent,
    PodBridge bridge,
    Acceptance acceptance,
    SendsInFlight inFlight)
{
    public async Task<Outcome<MessageChange>> EditAsync(
        string username, string roomId, string id, string? content, CancellationToken cancellationToken)
    {
        content = content?.Trim();
        if (!MessageText.IsContent(content))
        {
            return Refuse.InvalidContent;
        }

        var (refusal, _, message) = await FindAsync(username, roomId, id, cancellationToken);
        if ((refusal ?? (MessageId.IsBy(id, username) ? null : Refuse.Forbidden("Only its author edits a message."))) is { } refused)
        {
            return refused;
        }

        if (message?.DeletedAt is not null)
        {
            return Refuse.MessageNotFound;
        }

        return await ChangeAsync(
            new MessageEdited
            {
                RoomId = roomId,
                Id = id,
                Username = username,
                At = clock.Next(roomId),
                Content = content!,
                Mentions = MessageText.Mentions(content!, await access.MembersIfKnownAsync(roomId, cancellationToken)),
                EditId = Guid.NewGuid().ToString("N"),
            },
            cancellationToken);
    }

    public async Task<Outcome<MessageChange>> DeleteAsync(string username, string roomId, string id, CancellationToken cancellationToken)
    {
        var (refusal, own, message) = await FindAsync(username, roomId, id, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        var mayModerate = own!.Room.Kind != RoomKind.Direct && own.Membership.Role >= MemberRole.Moderator;
        if (!MessageId.IsBy(id, username) && !mayModerate)
        {
            return Refuse.Forbidden("Only its author or a moderator deletes a message.");
        }

        return await ChangeAsync(
            new MessageDeleted { RoomId = roomId, Id = id, Username = username, At = message?.DeletedAt ?? clock.Next(roomId) }, cancellationToken);
    }

    public async Task<Outcome<MessageChange>> ReactAsync(
        string username, string roomId, string id, string? emoji, bool on, CancellationToken cancellationToken)
    {
        if (!MessageText.IsEmoji(emoji))
        {
            return Refuse.InvalidEmoji;
        }

        var (refusal, _, message) = await FindAsync(username, roomId, id, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        if (on && message is not null)
        {
            var states = message.ReactionStates ?? [];
            if (message.DeletedAt is not null)
            {
                return Refuse.MessageNotFound;
            }

            if (states.Count >= Limits.ReactionsPerMessage && !states.Any(s => s.Emoji == emoji && s.Username == username))
            {
                return Refuse.TooManyReactions;
            }
        }

        return await ChangeAsync(
            new ReactionChanged { RoomId = roomId, Id = id, Username = username, At = clock.Next(roomId), Emoji = emoji!, On = on }, cancellationToken);
    }

    /// <summary>No message and no refusal: it may exist, and the store that would know is away.</summary>
    private async Task<(Refusal? Refusal, Access? Own, Message? Message)> FindAsync(
        string username, string roomId, string id, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(roomId) || await access.FindAsync(roomId, username, cancellationToken) is not { } own)
        {
            return (Refuse.RoomNotFound, null, null);
        }

        if (own.Room.ArchivedAt is not null)
        {
            return (Refuse.RoomArchived, own, null);
        }

        if (!limiter.MayGo(username))
        {
            return (Refuse.RateLimited, own, null);
        }

        var (message, certain) = await lookup.FindAsync(roomId, id, cancellationToken);
        return (message is null && certain ? Refuse.MessageNotFound : null, own, message);
    }

    private async Task<Outcome<MessageChange>> ChangeAsync(MessageChange change, CancellationToken cancellationToken)
    {
        using var counted = inFlight.Begin();
        var accepting = acceptance.AcceptAsync(new SaveChange(change), cancellationToken);
        if (await recent.ApplyAsync(change, cancellationToken) is { } numbered)
        {
            // The other pods have it from Redis.
            change = numbered;
            bridge.ShowHere(change);
        }
        else
        {
            await bridge.PublishAsync(new MessageWasChanged(change, Applied: false), cancellationToken);
        }

        return await accepting ? change : Refuse.NotAccepted;
    }
}
