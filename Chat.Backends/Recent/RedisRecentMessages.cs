using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Backends.Recent;

/// <summary>
/// Over Redis, a Redis Cluster or Garnet; the layout is in <see cref="RedisKeys"/>, the atomic parts in <see cref="RedisScripts"/>, what
/// happens to a room whose keys are damaged in <see cref="RoomKeys"/>.
/// </summary>
public sealed partial class RedisRecentMessages : IRecentMessages
{
    private const int NewestCandidates = 3;
    private const int KnownEntriesMax = 500;

    /// <summary>How long changes of a message are tried while other pods keep changing it; they need a few milliseconds.</summary>
    private static readonly TimeSpan ChangePatience = TimeSpan.FromSeconds(10);

    private readonly RedisGate _gate;
    private readonly RecentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisRecentMessages> _logger;
    private readonly MissedItems _missed;
    private readonly RoomKeys _rooms;
    private readonly ChangeTurns _changes;
    private readonly string _eventHead;
    private readonly string _changeEventHead;

    // Entries as they were last seen, by room and message: who changes one need not read it first. Bounded, and checked by the script.
    private readonly Remembered<string> _entries = new(KnownEntriesMax);
    private readonly IPodMirror? _mirror;

    public RedisRecentMessages(
        RedisGate gate,
        PodIdentity pod,
        IOptions<RecentOptions> options,
        TimeProvider time,
        ILogger<RedisRecentMessages> logger,
        IPodChannel? channel = null)
    {
        _mirror = channel as IPodMirror;
        _gate = gate;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _missed = new MissedItems(_options.MissedMax);
        _rooms = new RoomKeys(gate, _options, time, logger);
        _changes = new ChangeTurns(ApplyTogetherAsync);
        // What PodJson writes for an event in its envelope, up to the message or the change. Other pods read it as any event.
        var head = $"{Encoding.UTF8.GetString(PodJson.HeadOf(pod))}\"event\":{{";
        _eventHead = $"{head}\"type\":\"message\",\"message\":";
        _changeEventHead = $"{head}\"type\":\"change\",\"change\":";
        gate.HasMissed = () => !_missed.IsEmpty;
        gate.MakeUpAsync = MakeUpAsync;
    }

    public bool IsAvailable => _gate.IsOpen;

    public async ValueTask<Appended?> AppendAsync(Message message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Once sent it is not given up before its time: nobody would know then whether it counts.
        var (result, appended) = await AppendAsync(VitalCallAsync, message, late: false);
        if (result == RoomResult.Unavailable)
        {
            _gate.Miss(() => _missed.Add(message));
        }
        else if (appended is { Duplicate: false })
        {
            _mirror?.Appended(message with { Seq = appended.Seq, Epoch = appended.Epoch });
        }

        return appended;
    }

    public ValueTask<MessageChange?> ApplyAsync(MessageChange change, CancellationToken cancellationToken) =>
        ApplyAsync(new ChangeToApply(change, Again: false), cancellationToken);

    public ValueTask<MessageChange?> ApplyAgainAsync(MessageChange change, CancellationToken cancellationToken) =>
        ApplyAsync(new ChangeToApply(change, Again: true), cancellationToken);

    public async ValueTask<RecentChanges?> ReadChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!await _rooms.CatchUpAsync(roomId, CallAsync))
        {
            return null;
        }

        var (_, changes) = await _rooms.CallAsync(
            roomId,
            "",
            CallAsync,
            database => database.ScriptEvaluateAsync(
                RedisScripts.ReadChanges, [RedisKeys.Meta(roomId), RedisKeys.Changes(roomId)], [epoch, since, Limits.RecentChanges]),
            answer => RecentChangesReader.Read(roomId, epoch, since, (string[])answer!));
        return changes;
    }

    public async ValueTask<IReadOnlyList<MessageChange>?> FindChangesAsync(
        string roomId, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (_, entries) = await _rooms.CallAsync(
            roomId,
            "",
            CallAsync,
            database => database.ScriptEvaluateAsync(
                RedisScripts.FindChanges, [RedisKeys.Changes(roomId)], [Limits.RecentChanges, .. ids.Select(id => (RedisValue)id)]),
            answer => (string[]?)answer);
        return entries?.Select(e => RecentEntry.ReadChange(roomId, e)?.Change).OfType<MessageChange>().ToList();
    }

    public async ValueTask<RecentWindow?> ReadAsync(string roomId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!await _rooms.CatchUpAsync(roomId, CallAsync))
        {
            return null;
        }

        var (_, read) = await _rooms.CallAsync(
            roomId,
            "",
            CallAsync,
            database => database.ScriptEvaluateAsync(RedisScripts.Read, WindowKeys(roomId)),
            answer => RecentWindowReader.Read(roomId, (string[])answer!));
        if (read is null)
        {
            return null;
        }

        _rooms.Observe(read.Window.Epoch);
        if (read.Unreadable.Count > 0)
        {
            await _rooms.RemoveEntriesAsync(roomId, read.Unreadable, CallAsync);
        }

        return read.Window;
    }

    public async ValueTask<RecentMessage?> FindAsync(string roomId, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!await _rooms.CatchUpAsync(roomId, CallAsync))
        {
            return null;
        }

        var (_, found) = await FindEntryAsync(CallAsync, roomId, id);
        if (found is not { Entry: { } entry })
        {
            return found is null ? null : new RecentMessage((Message?)null);
        }

        var message = RecentEntry.Read(roomId, entry);
        if (message is null)
        {
            await _rooms.RemoveEntriesAsync(roomId, [entry], CallAsync);
        }
        else
        {
            Keep(roomId, id, entry);
        }

        return new RecentMessage(message);
    }

    public async ValueTask<IReadOnlyDictionary<string, Message>?> ReadNewestAsync(
        IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (done, newest) = await _gate.TryAsync(database => Task.WhenAll(roomIds.Select(id => ReadNewestAsync(database, id))));
        if (!done)
        {
            return null;
        }

        // In the good case there is nothing to repair, and it was one round trip.
        foreach (var room in newest!.Where(n => n.Unreadable is not { Count: 0 }))
        {
            if (room.Unreadable is { } unreadable)
            {
                await _rooms.RemoveEntriesAsync(room.Id, unreadable, CallAsync);
            }
            else
            {
                await ReadAsync(room.Id, cancellationToken);
            }
        }

        return newest!.Where(n => n.Message is not null).ToDictionary(n => n.Id, n => n.Message!, StringComparer.Ordinal);
    }

    public async ValueTask RemoveRoomAsync(string roomId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _rooms.CallAsync(
            roomId,
            "",
            CallAsync,
            database => database.ScriptEvaluateAsync(
                RedisScripts.Remove, RoomKeys.Of(roomId), [(long)_options.RememberIds.TotalMilliseconds]),
            answer => answer);
    }

    /// <summary>
    /// A room's newest message; <c>Unreadable</c> has the entries that are none, and is null when the list itself cannot be read.
    /// </summary>
    private static async Task<(string Id, Message? Message, IReadOnlyList<string>? Unreadable)> ReadNewestAsync(
        IDatabase database, string roomId)
    {
        try
        {
            // The order of appending is nearly, not wholly, the room's order.
            var entries = await database.ListRangeAsync(RedisKeys.Messages(roomId), 0, NewestCandidates - 1);
            var read = entries.Select(e => (Entry: (string)e!, Message: RecentEntry.Read(roomId, e))).ToList();
            var newest = read.Select(r => r.Message).OfType<Message>().Max(MessageMerge.Order);
            return (roomId, newest, [.. read.Where(r => r.Message is null).Select(r => r.Entry)]);
        }
        catch (RedisServerException e) when (!RedisGate.IsAway(e))
        {
            return (roomId, null, null);
        }
    }

    /// <summary>
    /// The first to append a message decides its time. One that is <c>late</c>, made up for, may have been accepted under a later time than
    /// another pod's: of those the latest counts, as it does in the archive.
    /// </summary>
    private async ValueTask<(RoomResult Result, Appended? Appended)> AppendAsync(RoomCaller caller, Message message, bool late)
    {
        var room = message.RoomId;
        if (!await _rooms.CatchUpAsync(room, caller))
        {
            _rooms.SetOutOfStep(room, FloorAfter(message));
            return (RoomResult.Damaged, null);
        }

        var (head, tail) = RecentEntry.Of(message);
        var (result, appended) = await _rooms.CallAsync(
            room,
            message.Id,
            caller,
            database => database.ScriptEvaluateAsync(
                RedisScripts.Append,
                RoomKeys.Of(room),
                [
                    message.Id, head, tail, RecentEntry.Time(message.Timestamp), message.Timestamp.ToUnixTimeMilliseconds(), _gate.Since,
                    RandomNumberGenerator.GetHexString(8, lowercase: true), RedisKeys.RoomChannel(room),
                    _eventHead, $",\"eventId\":\"{PodChannel.MessageKey(message)}\"}}}}", Limits.RecentMessages,
                    (long)_options.RememberIds.TotalMilliseconds, (long)(_options.ForgetIdleRoomsAfter?.TotalMilliseconds ?? 0),
                    late ? 1 : 0,
                ]),
            answer => (RedisResult[]?)answer is [var duplicate, var first]
                ? RecentEntry.ReadAnswer((int)duplicate == 1, (string)first!)
                : null);
        if (appended is not null)
        {
            _rooms.SetWritten(room, appended.Epoch);
        }
        else if (result == RoomResult.Damaged)
        {
            _rooms.SetOutOfStep(room, FloorAfter(message));
        }

        return (result, appended);
    }

    private async ValueTask<MessageChange?> ApplyAsync(ChangeToApply change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var numbered = await _changes.ApplyAsync(change);
        if (numbered is not null)
        {
            _mirror?.Changed(numbered);
        }

        return numbered;
    }

    /// <summary>Changes of one message, as those of one turn.</summary>
    private async Task<IReadOnlyList<MessageChange>?> ApplyTogetherAsync(IReadOnlyList<ChangeToApply> changes)
    {
        var (result, numbered) = await ApplyAsync(VitalCallAsync, changes);
        if (result == RoomResult.Unavailable)
        {
            _gate.Miss(() =>
            {
                foreach (var change in changes)
                {
                    _missed.Add(change.Change);
                }
            });
        }

        return numbered;
    }

    /// <summary>
    /// Compares and sets: the entry is replaced if it still is as it was read; otherwise the answer has it as it is now. Every attempt that
    /// fails is another pod's success, so that pods do not keep each other from finishing.
    /// </summary>
    private async ValueTask<(RoomResult Result, IReadOnlyList<MessageChange>? Numbered)> ApplyAsync(
        RoomCaller caller, IReadOnlyList<ChangeToApply> changes)
    {
        var (roomId, id) = (changes[0].Change.RoomId, changes[0].Change.Id);
        if (!await _rooms.CatchUpAsync(roomId, caller))
        {
            return (RoomResult.Damaged, null);
        }

        var began = _time.GetTimestamp();
        var entry = _entries.TryGet(EntryKey(roomId, id), out var kept) ? kept : "";
        for (var removed = false; ;)
        {
            var message = entry is "" ? null : RecentEntry.Read(roomId, entry);
            if (entry is not "" && message is null && !removed)
            {
                await _rooms.RemoveEntriesAsync(roomId, [entry], caller);
                (removed, entry) = (true, "");
            }

            var changed = message is null ? entry : ApplyTo(message, entry, changes);
            // What changes nothing is in the message already, so it may have been numbered.
            var mayBeKnown = message is not null && changed == entry;
            var (result, answer) = await CallChangeAsync(caller, changes, entry, changed, mayBeKnown);
            if (answer is null)
            {
                return (result, null);
            }

            if (answer.Entry is null)
            {
                if (message is not null)
                {
                    Keep(roomId, id, changed);
                }

                _rooms.Observe(answer.Numbered[0].Epoch);
                return (RoomResult.Done, answer.Numbered);
            }

            entry = answer.Entry;
            if (_time.GetElapsedTime(began) > ChangePatience)
            {
                // The list lacks the changes from here on, so the room must not be read from it.
                LogContended(roomId, (int)ChangePatience.TotalSeconds);
                _rooms.SetOutOfStep(roomId, floor: 0);
                return (RoomResult.Damaged, null);
            }
        }
    }

    private ValueTask<(RoomResult Result, ChangeAnswer? Answer)> CallChangeAsync(
        RoomCaller caller, IReadOnlyList<ChangeToApply> changes, string entry, string changed, bool mayBeKnown)
    {
        var (roomId, id) = (changes[0].Change.RoomId, changes[0].Change.Id);
        var newest = changes.Max(c => c.Change.At);
        var now = _time.GetUtcNow();
        List<RedisValue> arguments =
        [
            id, entry, changed, _gate.Since, RandomNumberGenerator.GetHexString(8, lowercase: true),
            (newest > now ? newest : now).ToUnixTimeMilliseconds() + 1, RedisKeys.RoomChannel(roomId),
            _changeEventHead, $",\"applied\":true,\"eventId\":\"{PodChannel.ChangeKeyHead}", "\"}}",
            Limits.RecentChanges, (long)(_options.ForgetIdleRoomsAfter?.TotalMilliseconds ?? 0),
        ];
        foreach (var change in changes)
        {
            var (head, tail) = RecentEntry.Of(change.Change);
            arguments.AddRange(head, tail, change.Again || mayBeKnown ? 1 : 0);
        }

        RedisValue[] sent = [.. arguments];
        return _rooms.CallAsync(
            roomId,
            "",
            caller,
            database => database.ScriptEvaluateAsync(RedisScripts.Change, WindowKeys(roomId), sent),
            answer => ChangeAnswer.Read(changes, answer));
    }

    private ValueTask<(RoomResult Result, FoundEntry? Found)> FindEntryAsync(RoomCaller caller, string roomId, string id) =>
        _rooms.CallAsync(
            roomId,
            "",
            caller,
            database => database.ScriptEvaluateAsync(RedisScripts.Find, [RedisKeys.Messages(roomId)], [id]),
            FoundEntry.Read);

    /// <summary>Appends what was missed, oldest first. What Redis did not answer stays for the next time.</summary>
    private async Task<bool> MakeUpAsync(IDatabase database, CancellationToken cancellationToken)
    {
        async ValueTask<(bool Done, RedisResult? Answer)> CallAsync(Func<IDatabaseAsync, Task<RedisResult>> call) =>
            await _gate.CallAsync(database, call);

        var count = 0;
        while (_missed.TryPeek(out var item))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = item switch
            {
                Message message => (await AppendAsync(CallAsync, message, late: true)).Result,
                MessageChange change => (await ApplyAsync(CallAsync, [new ChangeToApply(change, Again: true)])).Result,
                _ => RoomResult.Done,
            };
            if (result == RoomResult.Unavailable)
            {
                return false;
            }

            // One room's damage does not keep the others waiting: that room is out of step and served from the archive.
            _missed.Remove(item);
            count++;
        }

        LogMadeUp(count.ToString(CultureInfo.InvariantCulture));
        return true;
    }

    private ValueTask<(bool Done, RedisResult? Answer)> CallAsync(Func<IDatabaseAsync, Task<RedisResult>> call) =>
        _gate.TryPipelinedAsync(call);

    private ValueTask<(bool Done, RedisResult? Answer)> VitalCallAsync(Func<IDatabaseAsync, Task<RedisResult>> call) =>
        _gate.TryPipelinedAsync(call, vital: true);

    private static string ApplyTo(Message message, string entry, IReadOnlyList<ChangeToApply> changes) =>
        RecentEntry.Write(changes.Aggregate(message, (m, c) => MessageMerge.Apply(m, c.Change)), RecentEntry.IndexOf(message, entry));

    private void Keep(string roomId, string id, string entry) => _entries.Add(EntryKey(roomId, id), entry, (_, newest) => newest);

    /// <summary>What a room's window is read from: list, meta, changes.</summary>
    private static RedisKey[] WindowKeys(string roomId) =>
        [RedisKeys.Messages(roomId), RedisKeys.Meta(roomId), RedisKeys.Changes(roomId)];

    private static string EntryKey(string roomId, string id) => $"{roomId}/{id}";

    private static long FloorAfter(Message message) => message.Timestamp.ToUnixTimeMilliseconds() + 1;

    [LoggerMessage(2101, LogLevel.Information, "Appended or applied {count} messages and changes that were missed")]
    private partial void LogMadeUp(string count);

    [LoggerMessage(2102, LogLevel.Warning, "Others changed a message of room {room} for {seconds} s without a pause; the room starts over")]
    private partial void LogContended(string room, int seconds);

    /// <summary>A message's entry in the list; null when it is not there.</summary>
    private sealed record FoundEntry(string? Entry)
    {
        public static FoundEntry? Read(RedisResult answer) => (string[]?)answer switch
        {
            [] => new FoundEntry((string?)null),
            [var entry] => new FoundEntry(entry),
            _ => null,
        };
    }

    /// <summary>
    /// Either the message's entry as it is now, because it is another than was read; or the changes with their numbers.
    /// </summary>
    private sealed record ChangeAnswer(string? Entry, IReadOnlyList<MessageChange> Numbered)
    {
        public static ChangeAnswer? Read(IReadOnlyList<ChangeToApply> changes, RedisResult answer)
        {
            if ((RedisResult[]?)answer is not [var done, .. var rest])
            {
                return null;
            }

            if ((int)done == 0)
            {
                return rest is [var entry] ? new ChangeAnswer((string)entry!, []) : null;
            }

            var numbered = changes.Zip(rest, (c, n) => RecentEntry.ReadNumbered(c.Change, (string)n!)).OfType<MessageChange>().ToList();
            return numbered.Count == changes.Count ? new ChangeAnswer((string?)null, numbered) : null;
        }
    }
}
