using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chat.Backends.Saving;
using Chat.Contracts;

namespace Chat.Worker.Saving;

/// <summary>
/// From a delivery to what is to be saved, or the reason why it can never be: what the API lets through passes here, anything else
/// came from a producer with a bug and would harm whoever reads it later. A reason never quotes a message's text.
/// </summary>
public static partial class SaveItemParser
{
    private const int RoomIdMax = 200;
    private const int EditIdMax = 128;
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static bool TryParse(SaveDelivery delivery, [NotNullWhen(true)] out SaveItem? item, [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        item = null;
        try
        {
            item = delivery.Type switch
            {
                "message" => JsonSerializer.Deserialize(delivery.Body.Span, ChatJson.Default.Message) is { } message ? new SaveMessage(message) : null,
                "edit" or "delete" or "reaction" =>
                    JsonSerializer.Deserialize(delivery.Body.Span, ChatJson.Default.MessageChange) is { } change ? new SaveChange(change) : null,
                _ => throw new NotSupportedException($"unknown type '{Shortened(delivery.Type)}'"),
            };
            reason = item switch
            {
                null => "not the JSON of an object",
                SaveMessage { Message: var message } => WrongWith(message),
                SaveChange { Change: var change } when item.Type != delivery.Type => $"type '{delivery.Type}' holds a change of type '{item.Type}'",
                SaveChange { Change: var change } => WrongWith(change),
                _ => throw new NotSupportedException(item.GetType().Name),
            };
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException)
        {
            reason = e is JsonException ? $"not the JSON that '{Shortened(delivery.Type)}' needs: {e.Message}" : e.Message;
        }

        if (reason is not null)
        {
            item = null;
        }

        return item is not null;
    }

    private static string? WrongWith(Message m) =>
        WrongWith(m.Id, m.RoomId, m.Sender, m.Timestamp)
        ?? (!MessageId.IsBy(m.Id, m.Sender) ? "id: not one of the sender's" : null)
        ?? (m.Content is null || m.Content.Length > Limits.ContentMax || (m.Content.Length == 0 && m.DeletedAt is null && m.Attachments is null or []) ? $"content: 1 to {Limits.ContentMax} characters" : null)
        ?? (m.ClientId is null || m.ClientId.Length > Limits.ClientIdMax ? $"clientId: at most {Limits.ClientIdMax} characters" : null)
        ?? (m.Epoch is null ? "epoch: missing" : null)
        ?? (m.Seq < 0 ? "seq: negative" : null)
        ?? (m.ReplyTo is not null && !MessageId.IsWellFormed(m.ReplyTo) ? "replyTo: not an id" : null)
        ?? WrongMentions(m.Mentions)
        ?? WrongAttachments(m.Attachments)
        ?? (m.Reactions is null || m.Reactions.Any(r => r?.Emoji is null || r.Users is null) ? "reactions: malformed" : null)
        ?? (m.ReactionStates?.Count > Limits.ReactionsPerMessage || m.ReactionStates?.Any(s => s?.Emoji is null || s.Username is null) == true
            ? "reactionStates: malformed" : null);

    private static string? WrongWith(MessageChange c) =>
        WrongWith(c.Id, c.RoomId, c.Username, c.At)
        ?? c switch
        {
            MessageEdited e when !MessageId.IsBy(e.Id, e.Username) => "id: not one of the author's",
            MessageEdited e when e.Content is null or "" || e.Content.Length > Limits.ContentMax => $"content: 1 to {Limits.ContentMax} characters",
            MessageEdited e when string.IsNullOrEmpty(e.EditId) || e.EditId.Length > EditIdMax => "editId: missing or too long",
            MessageEdited e => WrongMentions(e.Mentions),
            ReactionChanged r when string.IsNullOrEmpty(r.Emoji) || r.Emoji.Length > Limits.EmojiMax => $"emoji: 1 to {Limits.EmojiMax} characters",
            _ => null,
        };

    private static string? WrongWith(string? id, string? roomId, string? username, DateTimeOffset at) =>
        !MessageId.IsWellFormed(id) ? "id: not 32 hexadecimal characters"
        : string.IsNullOrEmpty(roomId) || roomId.Length > RoomIdMax ? "roomId: missing or too long"
        : username is null || !Username().IsMatch(username) ? "sender or username: not a username"
        : at < Earliest || at > Latest ? "timestamp or at: not a time of this system"
        : null;

    /// <summary>No text of the allowed length holds more.</summary>
    private static string? WrongMentions(IReadOnlyList<string>? mentions) =>
        mentions is null || mentions.Count > Limits.ContentMax / 2 || mentions.Any(name => name is null || name.Length > Limits.UsernameMax)
            ? "mentions: malformed"
            : null;

    private static string? WrongAttachments(IReadOnlyList<Attachment>? attachments) =>
        attachments is not null && (attachments.Count > Limits.AttachmentsMax || attachments.Any(a =>
            !FileId.IsWellFormed(a?.Id) || a!.Name is null or "" || a.Name.Length > Limits.FileNameMax || a.ContentType is null || a.Size is < 1 or > Limits.FileBytes))
            ? "attachments: malformed"
            : null;

    private static string Shortened(string text) => text.Length <= 40 ? text : text[..40] + "…";

    [GeneratedRegex(Limits.UsernamePattern)]
    private static partial Regex Username();
}
