using Chat.Api.Realtime;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Archive;
using Chat.Backends.Pods;
using Chat.Backends.Rooms;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>How far members have read; marks only move forward.</summary>
public sealed class ReadMarks(RoomAccess access, MessageLookup lookup, IRoomStore rooms, PodBridge bridge)
{
    public async Task<Refusal?> MarkAsync(string username, string roomId, string? messageId, CancellationToken cancellationToken)
    {
        if (!RoomIds.IsWellFormed(roomId) || await access.FindAsync(roomId, username, cancellationToken) is null)
        {
            return Refuse.RoomNotFound;
        }

        var (message, certain) = await lookup.FindAsync(roomId, messageId ?? "", cancellationToken);
        if (message is null)
        {
            return certain ? Refuse.MessageNotFound : Refuse.Unavailable;
        }

        if (await rooms.MarkReadAsync(roomId, username, MessageCursor.Of(message), cancellationToken))
        {
            await bridge.PublishAsync(new ReadMarkMoved(new ReadEvent(roomId, username, message.Id)), cancellationToken);
        }

        return null;
    }
}
