using System.Text.Json;
using Chat.Contracts;

namespace Chat.Backends.Saving;

/// <summary>The body of a queue message: a message's own JSON, or a change's JSON with its <c>type</c>.</summary>
public static class SaveItemJson
{
    public static byte[] Write(SaveItem item) => item switch
    {
        SaveMessage message => JsonSerializer.SerializeToUtf8Bytes(message.Message, ChatJson.Default.Message),
        SaveChange change => JsonSerializer.SerializeToUtf8Bytes(change.Change, ChatJson.Default.MessageChange),
        _ => throw new NotSupportedException(item.GetType().Name),
    };
}
