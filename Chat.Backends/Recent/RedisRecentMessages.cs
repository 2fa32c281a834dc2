using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Backends.Recent;

/// <summary>Over Redis, a Redis Cluster or Garnet; the layout is in <see cref="RedisKeys"/>, the atomic parts in <see cref="RedisScripts"/>.</summary>
public sealed partial class RedisRecentMessages : IRecentMessages
{
    private const int ReplaceAttempts = 20;
    private const int NewestCandidates = 3;
    private readonly RedisGate _gate;
    private readonly RecentOptions _options;
    private readonly ILogger<RedisRecentMessages> _logger;
    private readonly MissedItems _missed;
    private readonly string _eventHead;
    private readonly IPodMirror? _mirror;

    public RedisRecentMessages(
        RedisGate gate, PodIdentity pod, IOptions<RecentOptions> options, ILogger<RedisRecentMessages> logger, IPodChannel? channel = null)
    {
        _mirror = channel as IPodMirror;
        _gate = gate;
        _options = options.Value;
        _logger = logger;
        _missed = new MissedItems(_options.MissedMax);
        // What PodJson writes for a MessageArrived in its envelope, up to the message; PodJsonTests holds the two together.
        _eventHead = $"{{\"pod\":{JsonSerializer.Serialize(pod.Id, PodJson.Default.String)},\"event\":{{\"type\":\"message\",\"message\":";
        gate.HasMissed = () => !_missed.IsEmpty;
        gate.MakeUpAsync = MakeUpAsync;
    }

    public bool IsAvailable => _gate.IsOpen;

    public async ValueTask<Appended?> AppendAsync(Message message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Once sent it is not given up before its time: nobody would know then whether it counts.
        var (done, appended) = await _gate.TryAsync(database => AppendAsync(database, message, late: false), vital: true);
        if (!done)
        {
            _gate.Miss(() => _missed.Add(message));
            return null;
        }

        if (appended is { Duplicate: false })
        {
            _mirror?.Appended(message with { Seq = appended.Seq, Epoch = appended.Epoch });
        }

        return appended;
    }

    public async ValueTask<bool> ApplyAsync(MessageChange change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (done, _) = await _gate.TryAsync(database => ApplyAsync(database, change), vital: true);
        if (!done)
        {
            _gate.Miss(() => _missed.Add(change));
        }

        return done;
    }

    public async ValueTask<RecentWindow?> ReadAsync(string roomId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (done, answer) = await _gate.TryAsync(database =>
            database.ScriptEvaluateAsync(RedisScripts.Read, [RedisKeys.Messages(roomId), RedisKeys.Meta(roomId)]));
        return done ? RecentWindowReader.Read((string[])answer!) : null;
    }

    public async ValueTask<IReadOnlyDictionary<string, Message>?> ReadNewestAsync(
        IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // The order of appending is nearly, not wholly, the room's order.
        var (done, lists) = await _gate.TryAsync(database => Task.WhenAll(roomIds.Select(async id =>
            (Id: id, Entries: await database.ListRangeAsync(RedisKeys.Messages(id), 0, NewestCandidates - 1)))));
        return done
            ? lists!.Select(l => (l.Id, Newest: l.Entries.Select(e => RecentEntry.Read(e)).OfType<Message>().Max(MessageMerge.Order)))
                .Where(l => l.Newest is not null)
                .ToDictionary(l => l.Id, l => l.Newest!, StringComparer.Ordinal)
            : null;
    }

    public async ValueTask RemoveRoomAsync(string roomId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _gate.TryAsync(database => database.ScriptEvaluateAsync(
            RedisScripts.Remove,
            [RedisKeys.Messages(roomId), RedisKeys.Meta(roomId), RedisKeys.Ids(roomId), RedisKeys.Times(roomId)],
            [(long)_options.RememberIds.TotalMilliseconds]));
    }

    /// <summary>
    /// The first to append a message decides its time. One that is <c>late</c>, made up for, may have been accepted under a later time than
    /// another pod's: of those the latest counts, as it does in the archive.
    /// </summary>
    private async Task<Appended> AppendAsync(IDatabase database, Message message, bool late)
    {
        var (head, tail) = RecentEntry.Of(message);
        var room = message.RoomId;
        var answer = await database.ScriptEvaluateAsync(
            RedisScripts.Append,
            [RedisKeys.Messages(room), RedisKeys.Meta(room), RedisKeys.Ids(room), RedisKeys.Times(room)],
            [
                message.Id, head, tail, RecentEntry.Time(message.Timestamp), message.Timestamp.ToUnixTimeMilliseconds(), _gate.Since,
                RandomNumberGenerator.GetHexString(8, lowercase: true), RedisKeys.RoomChannel(room),
                _eventHead, $",\"eventId\":\"{PodChannel.MessageKey(message)}\"}}}}", Limits.RecentMessages,
                (long)_options.RememberIds.TotalMilliseconds, (long)(_options.ForgetIdleRoomsAfter?.TotalMilliseconds ?? 0),
                late ? 1 : 0,
            ]);
        var parts = (RedisResult[])answer!;
        return RecentEntry.ReadAnswer((int)parts[0] == 1, (string)parts[1]!);
    }

    /// <summary>Compare and set: the entry is replaced where it still stands as it was read, else read again.</summary>
    private async Task<bool> ApplyAsync(IDatabase database, MessageChange change)
    {
        var key = RedisKeys.Messages(change.RoomId);
        var id = $"\"id\":\"{change.Id}\"";
        for (var attempt = 0; attempt < ReplaceAttempts; attempt++)
        {
            var entries = await database.ListRangeAsync(key);
            var entry = entries.Select(e => (string?)e).FirstOrDefault(e =>
                e is not null && e.Contains(id, StringComparison.Ordinal) && RecentEntry.Read(e)?.Id == change.Id);
            var message = RecentEntry.Read(entry);
            var changed = message is null ? null : RecentEntry.Write(MessageMerge.Apply(message, change));
            if (changed is null || changed == entry
                || (int)await database.ScriptEvaluateAsync(RedisScripts.Replace, [key], [entry!, changed]) == 1)
            {
                return true;
            }
        }

        // Others won every time: as good as a server that does not answer, and retried like it.
        LogContended(ReplaceAttempts);
        throw new TimeoutException("The entry changed too often.");
    }

    /// <summary>Appends what was missed, oldest first. What could not be done stays for the next time.</summary>
    private async Task<bool> MakeUpAsync(IDatabase database, CancellationToken cancellationToken)
    {
        var count = 0;
        while (_missed.TryPeek(out var item))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (done, _) = item switch
            {
                Message message => await _gate.CallAsync(database, async d => await AppendAsync(d, message, late: true) is not null),
                MessageChange change => await _gate.CallAsync(database, d => ApplyAsync(d, change)),
                _ => (true, true),
            };
            if (!done)
            {
                return false;
            }

            _missed.Remove(item);
            count++;
        }

        LogMadeUp(count.ToString(CultureInfo.InvariantCulture));
        return true;
    }

    [LoggerMessage(2101, LogLevel.Information, "Appended or applied {count} messages and changes that were missed")]
    private partial void LogMadeUp(string count);

    [LoggerMessage(2102, LogLevel.Warning, "An entry changed {attempts} times while a change was applied to it")]
    private partial void LogContended(int attempts);
}
