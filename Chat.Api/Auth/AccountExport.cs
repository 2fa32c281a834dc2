using System.Text.Json;
using Chat.Backends.Archive;
using Chat.Backends.Users;
using Chat.Contracts;

namespace Chat.Api.Auth;

/// <summary>
/// <c>{"account":{…},"messages":[…]}</c>, streamed a page at a time. An archive that goes away midway cuts the connection, so that
/// half an export never looks like a whole one.
/// </summary>
internal sealed class AccountExport(ChatUser user, IMessageArchive archive) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var cancellationToken = httpContext.RequestAborted;
        var page = await archive.ReadBySenderAsync(user.Username, null, Limits.PageMax, cancellationToken);
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        httpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"chat-{user.Username}.json\"";
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter.AsStream());
        json.WriteStartObject();
        json.WriteStartObject("account");
        json.WriteString("username", user.Username);
        json.WriteString("displayName", user.DisplayName);
        json.WriteString("createdAt", user.CreatedAt);
        json.WriteEndObject();
        json.WriteStartArray("messages");
        while (page.Count > 0)
        {
            foreach (var message in page)
            {
                JsonSerializer.Serialize(json, message, ChatJson.Default.Message);
            }

            await json.FlushAsync(cancellationToken);
            page = page.Count < Limits.PageMax
                ? []
                : await archive.ReadBySenderAsync(user.Username, MessageCursor.Of(page[^1]), Limits.PageMax, cancellationToken);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
    }
}
