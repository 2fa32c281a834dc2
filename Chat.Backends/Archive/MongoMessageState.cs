using Chat.Backends.Saving;
using Chat.Contracts;

namespace Chat.Backends.Archive;

/// <summary>
/// What a document says, as values that <see cref="MessageMerge"/> understands: the message, or what changes have said of one
/// that did not come yet.
/// </summary>
internal sealed record MongoMessageState(Message? Message, IReadOnlyList<Message> Pending, long Revision)
{
    /// <summary>Rooms that changes may name for one message that is not there; nobody honest names two.</summary>
    private const int MaxPending = 8;

    public static MongoMessageState Nothing { get; } = new(null, [], 0);

    public static MongoMessageState Of(MongoMessage? document) => document is null
        ? Nothing
        : new MongoMessageState(document.ToMessage(), document.Pending?.ConvertAll(p => p.ToPending()) ?? [], document.Revision);

    /// <summary>The same object when the item says nothing new.</summary>
    public MongoMessageState With(SaveItem item) => item switch
    {
        SaveMessage { Message: var message } => With(message),
        SaveChange { Change: var change } => With(change),
        _ => throw new NotSupportedException(item.GetType().Name),
    };

    public MongoMessage ToDocument(string id) => Message is { } message
        ? MongoMessage.Of(message, Revision + 1)
        : new MongoMessage { Id = id, Pending = [.. Pending.Select(MongoMessage.OfPending)], Revision = Revision + 1 };

    private MongoMessageState With(Message message)
    {
        var known = Message ?? Pending.FirstOrDefault(p => p.RoomId == message.RoomId);
        // Merging with itself normalises: a deleted message has no content, reactions follow from their states.
        var merged = MessageMerge.Merge(known ?? message, message);
        return Message is not null && Same(merged, Message) ? this : this with { Message = merged, Pending = [] };
    }

    private MongoMessageState With(MessageChange change)
    {
        if (Message is not null)
        {
            var changed = MessageMerge.Apply(Message, change);
            return Same(changed, Message) ? this : this with { Message = changed };
        }

        var index = Pending.ToList().FindIndex(p => p.RoomId == change.RoomId);
        if (index < 0 && Pending.Count == MaxPending)
        {
            return this;
        }

        var before = index >= 0 ? Pending[index] : new Message
        {
            Id = change.Id,
            Sender = "",
            RoomId = change.RoomId,
            Content = "",
            Timestamp = DateTimeOffset.MinValue,
        };
        var after = MessageMerge.Apply(before, change);
        if (index >= 0)
        {
            return Same(after, before) ? this : this with { Pending = [.. Pending.Take(index), after, .. Pending.Skip(index + 1)] };
        }

        return this with { Pending = [.. Pending, after] };
    }

    /// <summary>Lists do not compare by content.</summary>
    private static bool Same(Message a, Message b) =>
        ReferenceEquals(a, b)
        || (Plain(a) == Plain(b)
            && a.Mentions.SequenceEqual(b.Mentions)
            && (a.Attachments ?? []).SequenceEqual(b.Attachments ?? [])
            && (a.ReactionStates ?? []).SequenceEqual(b.ReactionStates ?? []));

    private static Message Plain(Message message) => message with { Mentions = [], Attachments = null, Reactions = [], ReactionStates = null };
}
