using System.Text.Json.Serialization;
using Chat.Web.Client.Files;

namespace Chat.Web.Client.Outbox;

/// <summary>What the user did.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutboxKind>))]
public enum OutboxKind
{
    Send,
    Edit,
    Delete,
    React,
}

/// <summary>How far it got. What was sent is no longer in the outbox.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutboxState>))]
public enum OutboxState
{
    Queued,
    Sending,

    /// <summary>Refused for good: stays until the user tries again or discards it.</summary>
    Failed,
}

/// <summary>Something that the user did and the server has not confirmed. Kept in the browser until it has.</summary>
public sealed record OutboxItem
{
    /// <summary>A UUIDv7, so that ordinal order is the order of doing; of a message, its client id.</summary>
    public required string Id { get; init; }

    public required OutboxKind Kind { get; init; }

    public required string RoomId { get; init; }

    /// <summary>The message it is about; for a new message the id that it will have (<see cref="Contracts.MessageId"/>).</summary>
    public required string MessageId { get; init; }

    /// <summary>Of <see cref="OutboxKind.Send"/> and <see cref="OutboxKind.Edit"/>.</summary>
    public string Content { get; init; } = "";

    public string? ReplyTo { get; init; }

    /// <summary>Of <see cref="OutboxKind.Send"/>; null when there are none.</summary>
    public IReadOnlyList<OutboxFile>? Files { get; init; }

    /// <summary>Of <see cref="OutboxKind.React"/>.</summary>
    public string Emoji { get; init; } = "";

    /// <summary>Of <see cref="OutboxKind.React"/>: switched on or off.</summary>
    public bool On { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public OutboxState State { get; init; } = OutboxState.Queued;

    /// <summary>How often sending it has begun; kept over a reload, so that the server learns that it may have it already.</summary>
    public int Attempts { get; init; }

    /// <summary>Why the last attempt did not succeed.</summary>
    public string? Code { get; init; }
}
