using Chat.Backends.Saving;
using Chat.Contracts;

namespace Chat.Tests.Backends;

/// <summary>Messages and changes as tests of the stores say them.</summary>
internal static class Said
{
    public static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A message <paramref name="at"/> milliseconds after noon; the same sender and client id make the same id.</summary>
    public static Message Message(string sender, string content, int at = 0, string room = "general", string? clientId = null, params string[] mentions) => new()
    {
        Id = MessageId.For(sender, clientId ?? $"{room}-{at}"),
        Sender = sender,
        RoomId = room,
        Content = content,
        Timestamp = Noon.AddMilliseconds(at),
        ClientId = clientId ?? $"{room}-{at}",
        Mentions = mentions,
    };

    public static SaveItem Save(Message message) => new SaveMessage(message);

    public static SaveItem Edit(Message message, string content, int at, string editId = "e", params string[] mentions) => new SaveChange(new MessageEdited
    {
        RoomId = message.RoomId,
        Id = message.Id,
        Username = message.Sender,
        At = Noon.AddMilliseconds(at),
        Content = content,
        EditId = editId,
        Mentions = mentions,
    });

    public static SaveItem Delete(Message message, int at) => new SaveChange(new MessageDeleted
    {
        RoomId = message.RoomId,
        Id = message.Id,
        Username = message.Sender,
        At = Noon.AddMilliseconds(at),
    });

    public static SaveItem React(Message message, string username, string emoji, bool on, int at) => new SaveChange(new ReactionChanged
    {
        RoomId = message.RoomId,
        Id = message.Id,
        Username = username,
        Emoji = emoji,
        On = on,
        At = Noon.AddMilliseconds(at),
    });

    /// <summary>All that readers see of a message as one comparable text: records with lists do not compare by content.</summary>
    public static string Shown(Message? message) =>
        message is null ? "none" : System.Text.Json.JsonSerializer.Serialize(message, ChatJson.Default.Message);

    public static IEnumerable<string> Contents(IEnumerable<Message> messages) => messages.Select(m => m.Content);
}
