using Chat.Api.Auth;
using Chat.Api.Refusals;
using Chat.Api.Rooms;
using Chat.Backends.Files;
using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Chat.Api.Files;

/// <summary><c>/api/rooms/{id}/files</c>: the files of messages, for members.</summary>
public static class FileEndpoints
{
    public static IServiceCollection AddFiles(this IServiceCollection services) => services.AddSingleton<FileUploads>();

    public static void MapFiles(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api/rooms/{id}/files").WithTags("Files").RequireAuthorization();
        // One byte more, so that it is we who say what is too large, with its code.
        group.MapPost("/", Upload).WithMetadata(new RequestSizeLimitAttribute(Limits.FileBytes + 1));
        group.MapMethods("/{fileId}", [HttpMethods.Get, HttpMethods.Head], Read);
    }

    /// <summary>The body is the file. <c>clientId</c> makes uploading again safe: stored once, the same answer.</summary>
    private static async Task<Results<Ok<Attachment>, ProblemHttpResult>> Upload(
        string id, string? clientId, string? name, FileUploads uploads, HttpContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (request.ContentLength > Limits.FileBytes)
        {
            return Refuse.FileTooLarge.ToProblem();
        }

        var said = MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.Value?.ToLowerInvariant() : null;
        try
        {
            var outcome = await uploads.StoreAsync(
                new FileUpload(id, context.User.Username(), clientId, name, said, request.Body), cancellationToken);
            return outcome.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Ok(outcome.Value);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Refuse.FileTooLarge.ToProblem();
        }
    }

    /// <summary>Members read what is attached to a message of the room, and everybody what they uploaded themselves.</summary>
    private static async Task<Results<FileStreamHttpResult, ProblemHttpResult>> Read(
        string id, string fileId, bool? download, RoomAccess access, IFiles files, HttpContext context, CancellationToken cancellationToken)
    {
        var username = context.User.Username();
        if (!RoomIds.IsWellFormed(id) || await access.FindAsync(id, username, cancellationToken) is null)
        {
            return Refuse.RoomNotFound.ToProblem();
        }

        if (!FileId.IsWellFormed(fileId) || await files.FindAsync(fileId, cancellationToken) is not { } file
            || file.RoomId != id || (file.MessageId is null && file.Uploader != username))
        {
            return Refuse.FileNotFound.ToProblem();
        }

        var content = await files.OpenAsync(file, cancellationToken);
        Protect(context.Response.Headers, file, download == true);
        return TypedResults.File(content, TypeOf(file), enableRangeProcessing: true, entityTag: new EntityTagHeaderValue($"\"{file.Id}-{file.Content}\""));
    }

    /// <summary>Whatever stands in the store: nothing is served as anything that a browser would run.</summary>
    private static string TypeOf(StoredFile file) => InlineImages.Types.Contains(file.ContentType) ? file.ContentType : ImageHeader.Other;

    private static void Protect(IHeaderDictionary headers, StoredFile file, bool download)
    {
        var disposition = new ContentDispositionHeaderValue(download || TypeOf(file) == ImageHeader.Other ? "attachment" : "inline");
        disposition.SetHttpFileName(file.Name);
        headers.ContentDisposition = disposition.ToString();
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Never changes; but another user of the same browser is another reader.
        headers.CacheControl = "private, max-age=31536000, immutable";
        headers.Vary = "Cookie";
    }
}
