using System.Globalization;
using Chat.Backends.Archive;
using Chat.Contracts;

namespace Chat.Api.Messages;

/// <summary>Cursors that need no lookup: <c>{unix milliseconds}_{message id}</c>, or an ISO 8601 time. A message's id alone is looked up.</summary>
internal static class MessageCursors
{
    public static MessageCursor? TryParse(string text)
    {
        if (text.Split('_') is [var milliseconds, var id]
            && MessageId.IsWellFormed(id)
            && long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && at <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return new MessageCursor(DateTimeOffset.FromUnixTimeMilliseconds(at), id);
        }

        return text.Contains('T', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? new MessageCursor(time, "")
                : null;
    }
}
