using System.Text.Json;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.Outbox;

/// <summary>Who sends, in what order, and when again.</summary>
public sealed partial class OutboxQueue
{
    /// <summary>After so many unexpected failures of the server the user decides.</summary>
    private const int MaxUnexpected = 8;

    private static readonly TimeSpan LeaderHas = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RateLimitedFor = TimeSpan.FromSeconds(1);
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), random);
    private readonly Signal _wake = new(time);
    private readonly HashSet<string> _sendingRooms = new(StringComparer.Ordinal);

    /// <summary>Items of this tab that the leading tab did not send in time.</summary>
    private readonly HashSet<string> _mine = new(StringComparer.Ordinal);

    private bool _leading;

    private async Task LeadAsync(string username, CancellationToken cancellationToken)
    {
        try
        {
            await tabs.LeadAsync($"chat-outbox-{username}", async ending =>
            {
                _leading = true;

                // What the last leader left behind is only in the browser's store.
                await ReadKeptAsync(ending);
                Wake();
                await Task.Delay(Timeout.InfiniteTimeSpan, time, ending);
            }, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The tab closes or the user signs out.
        }
        finally
        {
            _leading = false;
        }
    }

    private async void SendMyselfUnlessLeaderDoes(OutboxItem item)
    {
        try
        {
            await Task.Delay(LeaderHas, time, _stopping);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (_items.ContainsKey(item.Id))
        {
            _mine.Add(item.Id);
            Pump(item.RoomId);
        }
    }

    private OutboxItem? Next(string roomId) => _items.Values.FirstOrDefault(
        i => i.RoomId == roomId && i.State != OutboxState.Failed && (_leading || _mine.Contains(i.Id)));

    private async void Pump(string roomId)
    {
        if (_username is null || Next(roomId) is null || !_sendingRooms.Add(roomId))
        {
            return;
        }

        try
        {
            await Task.Yield();
            await SendRoomAsync(roomId, _stopping);
        }
        catch (OperationCanceledException)
        {
            // The tab closes or the user signs out; the items stay.
        }
        finally
        {
            _sendingRooms.Remove(roomId);
        }
    }

    private async Task SendRoomAsync(string roomId, CancellationToken cancellationToken)
    {
        var (attempt, unexpected) = (0, 0);
        while (Next(roomId) is { } next)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var sending = next with { State = OutboxState.Sending, Attempts = next.Attempts + 1 };
            Keep(sending, tell: false);
            var verdict = await sender.SendAsync(sending, cancellationToken);
            if (!_items.TryGetValue(next.Id, out var item))
            {
                // Another tab was faster and told so.
                continue;
            }

            unexpected = verdict.Code == ErrorCodes.Internal ? unexpected + 1 : 0;
            switch (verdict.Kind)
            {
                case SendVerdictKind.Done:
                    Drop(item);
                    store.Confirmed(item, verdict.Receipt);
                    Tell(new OutboxNews(_username ?? "", item, OutboxFate.Sent, verdict.Receipt));
                    Changed?.Invoke();
                    attempt = 0;
                    break;
                case SendVerdictKind.Refused:
                case SendVerdictKind.Later when unexpected >= MaxUnexpected:
                    LogRefused(item.Kind, verdict.Code);
                    Keep(item with { State = OutboxState.Failed, Code = verdict.Code }, tell: true);
                    (attempt, unexpected) = (0, 0);
                    break;
                case SendVerdictKind.SignedOut:
                    Keep(item with { State = OutboxState.Queued, Code = verdict.Code }, tell: false);
                    return;
                default:
                    Keep(item with { State = OutboxState.Queued, Code = verdict.Code }, tell: false);
                    LogLater(item.Kind, verdict.Code);
                    if (verdict.Code == ErrorCodes.RateLimited)
                    {
                        await Task.Delay(verdict.RetryAfter ?? RateLimitedFor, time, cancellationToken);
                    }
                    else
                    {
                        await _wake.WaitAsync(verdict.RetryAfter ?? _backoff.After(attempt++), cancellationToken);
                    }

                    break;
            }
        }
    }

    private async void Tell(OutboxNews news)
    {
        try
        {
            await tabs.AnnounceAsync(JsonSerializer.Serialize(news, OutboxJson.Default.OutboxNews), CancellationToken.None);
        }
        catch (StorageException e)
        {
            LogNotTold(e);
        }
    }

    private void Heard(string message)
    {
        OutboxNews? news;
        try
        {
            news = JsonSerializer.Deserialize(message, OutboxJson.Default.OutboxNews);
        }
        catch (JsonException e)
        {
            // A tab of another version.
            LogNotTold(e);
            return;
        }

        if (news is null || news.Username != _username)
        {
            return;
        }

        switch (news.Fate)
        {
            case OutboxFate.Kept:
                if (!(_items.TryGetValue(news.Item.Id, out var known) && known.State == OutboxState.Sending && news.Item.State == OutboxState.Queued))
                {
                    Keep(news.Item, tell: false);
                    Pump(news.Item.RoomId);
                }

                break;
            case OutboxFate.Sent:
                _items.Remove(news.Item.Id);
                _mine.Remove(news.Item.Id);
                ForgetFiles(news.Item);
                store.Confirmed(news.Item, news.Receipt);
                Changed?.Invoke();
                break;
            default:
                _items.Remove(news.Item.Id);
                _mine.Remove(news.Item.Id);
                ForgetFiles(news.Item);
                store.Discarded(news.Item);
                Changed?.Invoke();
                break;
        }
    }

    [LoggerMessage(7303, LogLevel.Information, "An outbox item was refused for good: {Kind}, {Code}")]
    private partial void LogRefused(OutboxKind kind, string? code);

    [LoggerMessage(7304, LogLevel.Debug, "An outbox item waits for its next attempt: {Kind}, {Code}")]
    private partial void LogLater(OutboxKind kind, string? code);

    [LoggerMessage(7305, LogLevel.Warning, "The browser's tabs could not tell each other about the outbox")]
    private partial void LogNotTold(Exception e);
}
