using System.Text.Json.Serialization;

namespace Chat.Contracts;

/// <summary>
/// What can happen to a message after it was sent. Changes commute: applied in any order, any number of times, before
/// or after the message itself, they give the same message (<see cref="MessageMerge"/>).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(MessageEdited), "edit")]
[JsonDerivedType(typeof(MessageDeleted), "delete")]
[JsonDerivedType(typeof(ReactionChanged), "reaction")]
public abstract record MessageChange
{
    /// <summary>The message's room.</summary>
    public required string RoomId { get; init; }

    /// <summary>The message's id.</summary>
    public required string Id { get; init; }

    /// <summary>Who did it.</summary>
    public required string Username { get; init; }

    /// <summary>When, in the room's hybrid logical time.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// The change's number in its room within <see cref="Epoch"/>; messages and changes share the numbers. 0 where Redis could not
    /// number it: such a change says nothing about gaps.
    /// </summary>
    public long Seq { get; init; }

    /// <summary>Which run of numbers <see cref="Seq"/> belongs to; empty where there is none.</summary>
    public string Epoch { get; init; } = "";
}

/// <summary>The author replaced the content. Of two edits the later wins, of the same time the greater <see cref="EditId"/>.</summary>
public sealed record MessageEdited : MessageChange
{
    public required string Content { get; init; }

    public IReadOnlyList<string> Mentions { get; init; } = [];

    /// <summary>Unique to this edit.</summary>
    public required string EditId { get; init; }
}

/// <summary>The author or a moderator deleted the message. Deleted stays deleted.</summary>
public sealed record MessageDeleted : MessageChange;

/// <summary>A user switched an emoji on or off. Of two words of one user about one emoji the later wins; a tie goes to on.</summary>
public sealed record ReactionChanged : MessageChange
{
    public required string Emoji { get; init; }

    public required bool On { get; init; }
}
