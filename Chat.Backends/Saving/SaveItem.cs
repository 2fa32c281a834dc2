using Chat.Contracts;

namespace Chat.Backends.Saving;

/// <summary>One thing to save: a new message or a change to one. <see cref="Type"/> is the queue message's <c>type</c>.</summary>
public abstract record SaveItem
{
    /// <summary>Unique to the item and the same when it is sent again; the queue message's <c>messageId</c>.</summary>
    public abstract string Key { get; }

    /// <summary><c>message</c>, <c>edit</c>, <c>delete</c> or <c>reaction</c>.</summary>
    public abstract string Type { get; }
}

/// <summary>The body is the message's own JSON.</summary>
public sealed record SaveMessage(Message Message) : SaveItem
{
    public override string Key => Message.Id;

    public override string Type => "message";
}

/// <summary>The body is the change's JSON with its <c>type</c>.</summary>
public sealed record SaveChange(MessageChange Change) : SaveItem
{
    public override string Key => Change switch
    {
        MessageEdited edit => $"{edit.Id}:edit:{edit.EditId}",
        MessageDeleted => $"{Change.Id}:delete",
        ReactionChanged r => $"{r.Id}:reaction:{r.Username}:{r.Emoji}:{r.At.ToUnixTimeMilliseconds()}:{r.On}",
        _ => throw new NotSupportedException(Change.GetType().Name),
    };

    public override string Type => Change switch
    {
        MessageEdited => "edit",
        MessageDeleted => "delete",
        ReactionChanged => "reaction",
        _ => throw new NotSupportedException(Change.GetType().Name),
    };
}
