using System.Text.Json.Serialization;
using Chat.Contracts;

namespace Chat.Web.Client.Files;

/// <summary>A file that the user chose and that belongs to a message not yet sent. Its bytes are kept in the browser.</summary>
/// <param name="ClientId">What makes uploading again safe.</param>
/// <param name="File">As the message will say it, as far as the browser can tell; the server has the last word.</param>
/// <param name="Type">What the browser says that it is.</param>
public sealed record OutboxFile(string ClientId, Attachment File, string Type)
{
    /// <summary>The file's id, here and at the server.</summary>
    [JsonIgnore]
    public string Id => File.Id;
}
