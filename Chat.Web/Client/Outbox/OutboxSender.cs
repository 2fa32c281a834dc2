using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;
using Chat.Web.Client.Tracing;

namespace Chat.Web.Client.Outbox;

/// <summary>Over the hub while it is up, else over HTTP.</summary>
internal sealed class OutboxSender(LiveLink live, IChatApi api, FileUploads files, TimeProvider time) : IOutboxSender
{
    /// <summary>Longer than the server tries by itself; after it nobody knows, and the same is sent again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>First its files, however long they take; then the message.</summary>
    public async Task<SendVerdict> SendAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        for (var again = false; ; again = true)
        {
            try
            {
                foreach (var file in item.Files ?? [])
                {
                    await files.EnsureAsync(item.RoomId, file, cancellationToken);
                }
            }
            catch (ApiException e)
            {
                return Judge(e);
            }

            var verdict = await TraceAsync(item, cancellationToken);
            if (again || verdict.Code != ErrorCodes.UnknownFile)
            {
                return verdict;
            }

            // Uploaded so long ago that it was swept: once more.
            foreach (var file in item.Files ?? [])
            {
                files.UploadAgain(file.Id);
            }
        }
    }

    /// <summary>Each attempt is a trace of its own.</summary>
    private async Task<SendVerdict> TraceAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        using var trace = CallTraces.Begin(item.Kind);
        var verdict = await SendMessageAsync(item, cancellationToken);
        trace.Ends(verdict.Kind);
        return verdict;
    }

    private async Task<SendVerdict> SendMessageAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var receipt = live.Current is { } link
                ? await OverHubAsync(link, item, either.Token)
                : await OverHttpAsync(item, either.Token);
            return new SendVerdict(SendVerdictKind.Done, Receipt: receipt);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendVerdict(SendVerdictKind.Later, ApiException.Unreachable);
        }
        catch (ApiException e)
        {
            return Judge(e);
        }
    }

    internal static SendVerdict Judge(ApiException e) => e.Code switch
    {
        ErrorCodes.NotSignedIn => new(SendVerdictKind.SignedOut, e.Code),
        ApiException.Unreachable or ErrorCodes.RateLimited or ErrorCodes.NotAccepted or ErrorCodes.Unavailable or ErrorCodes.Internal =>
            new(SendVerdictKind.Later, e.Code, RetryAfter: e.RetryAfter),
        _ => new(SendVerdictKind.Refused, e.Code),
    };

    private static List<string>? IdsOf(OutboxItem item) => item.Files?.Select(f => f.Id).ToList();

    private static async Task<SendReceipt?> OverHubAsync(IHubLink link, OutboxItem item, CancellationToken cancellationToken)
    {
        switch (item.Kind)
        {
            case OutboxKind.Send:
                return await link.SendMessageAsync(
                    new SendMessage(item.RoomId, item.Content, item.Id, item.ReplyTo, IdsOf(item), item.Attempts), cancellationToken);
            case OutboxKind.Edit:
                await link.EditMessageAsync(new EditMessage(item.RoomId, item.MessageId, item.Content), cancellationToken);
                return null;
            case OutboxKind.Delete:
                await link.DeleteMessageAsync(new DeleteMessage(item.RoomId, item.MessageId), cancellationToken);
                return null;
            default:
                await link.ReactAsync(new React(item.RoomId, item.MessageId, item.Emoji, item.On), cancellationToken);
                return null;
        }
    }

    private async Task<SendReceipt?> OverHttpAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        switch (item.Kind)
        {
            case OutboxKind.Send:
                var sent = await api.PostMessageAsync(
                    item.RoomId, new PostMessageRequest(item.Content, item.Id, item.ReplyTo, IdsOf(item), item.Attempts), cancellationToken);
                return new SendReceipt(sent.Id, sent.Timestamp, sent.Seq, sent.Epoch);
            case OutboxKind.Edit:
                await api.EditMessageAsync(item.RoomId, item.MessageId, new EditContentRequest(item.Content), cancellationToken);
                return null;
            case OutboxKind.Delete:
                await api.DeleteMessageAsync(item.RoomId, item.MessageId, cancellationToken);
                return null;
            default:
                await api.ReactAsync(item.RoomId, item.MessageId, item.Emoji, item.On, cancellationToken);
                return null;
        }
    }
}
