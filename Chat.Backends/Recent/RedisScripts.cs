namespace Chat.Backends.Recent;

/// <summary>
/// The Lua scripts; each is one atomic round trip. They build JSON by joining what the caller prepared: cjson would write an
/// empty array as an object. They also run in Garnet, whose Lua is 5.4: numbers are formatted with <c>%d</c>, never joined as they are.
/// <para>
/// A script that meets a key of a wrong type, or a value that makes no sense, fails with an error and has changed nothing that matters:
/// it does not record a message as known before the message is in the list. <see cref="Repair"/> removes the damage, then the caller
/// repeats the call.
/// </para>
/// <para>
/// No script reads more than 200 entries, twice as many as a list has, so that a list that another program made long does not block Redis.
/// </para>
/// </summary>
internal static class RedisScripts
{
    /// <summary>
    /// Epochs are <c>{begin in ms, 12 hexadecimal digits}-{8 random ones}</c>. No begin is later than this (0xf00000000000):
    /// otherwise a nonsensical one could leave no room for a later epoch.
    /// </summary>
    private const string Epochs = """
        local function is_whole(number)
          return number ~= nil and number >= 0 and number <= 263882790666240 and number == math.floor(number)
        end
        local function is_epoch(epoch, begin)
          return #epoch == 21 and string.sub(epoch, 1, 13) == string.format('%012x-', begin) and string.match(epoch, '^%x+%-%x+$') ~= nil
        end
        local time_pattern = '%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ'
        local known_pattern = '^(%d+|%x+%-%x+|)(' .. time_pattern .. ')$'
        local changed_pattern = '^(%x+%-%x+)|(%d+)|(%d+)|(%d+)$'

        """;

    /// <summary>
    /// The state of a room that numbers come from, and how a later epoch begins.
    /// <para>
    /// <c>changed</c> is <c>epoch|count|first|ms</c>: so many numbers of the epoch are changes, the first of them is <c>first</c>, and it
    /// was given at <c>ms</c>. All other numbers are messages. Pods of an older version begin epochs without touching it, so it counts for
    /// its own epoch only.
    /// </para>
    /// <para>
    /// <c>numbered</c> is the epoch if a pod began it that numbers changes. In an epoch of an older pod there may be changes without
    /// numbers. Such an epoch ends an hour after the first change was numbered in it: by then the older pods are gone.
    /// </para>
    /// </summary>
    private const string Rooms = Epochs + """
        local function read_room(meta_key)
          local meta = redis.call('HMGET', meta_key, 'epoch', 'begin', 'seq', 'floor', 'trimmed', 'changed', 'numbered')
          local room = {
            epoch = meta[1], begun = tonumber(meta[2] or '0'), seq = tonumber(meta[3] or '0'), floor = meta[4], trimmed = meta[5],
            count = 0, first = 0, at = 0, numbered = meta[7]
          }
          if not is_whole(room.begun) or not is_whole(room.seq) or (room.epoch and not is_epoch(room.epoch, room.begun)) then
            return nil
          end
          if meta[6] and meta[6] ~= '' then
            local of, count, first, at = string.match(meta[6], changed_pattern)
            if not of then
              return nil
            end
            if of == room.epoch then
              room.count, room.first, room.at = tonumber(count), tonumber(first), tonumber(at)
              if room.count > room.seq then
                return nil
              end
            end
          end
          return room
        end
        local function renew(room, list, meta_key, changes, now, since, floor, random)
          local old = room.epoch and room.numbered ~= room.epoch and room.count > 0 and now - room.at > 3600000
          if room.epoch and not old and room.begun >= since and (room.seq == room.count or redis.call('EXISTS', list) == 1) then
            return
          end
          local begin = math.max(now, since, room.begun + 1)
          local before = not room.epoch and tonumber(room.floor or '0') or 0
          local trimmed = not room.epoch and room.trimmed or ''
          room.epoch = string.format('%012x', begin) .. '-' .. random
          room.seq, room.count, room.first = 0, 0, 0
          redis.call('PERSIST', meta_key)
          redis.call('HSET', meta_key, 'epoch', room.epoch, 'begin', string.format('%d', begin), 'seq', '0',
            'floor', string.format('%d', math.max(since, floor, before)), 'trimmed', trimmed, 'changed', '', 'numbered', room.epoch)
          redis.call('UNLINK', changes)
        end

        """;

    /// <summary>Finds the entry of a message, from the newest on. A message's JSON begins with its ID.</summary>
    private const string Locate = """
        local function locate(key, id)
          local head = '{"id":"' .. id .. '"'
          local from = 0
          while true do
            local entries = redis.call('LRANGE', key, string.format('%d', from), string.format('%d', from + 19))
            for i = 1, #entries do
              if string.sub(entries[i], 1, #head) == head then
                return string.format('%d', from + i - 1), entries[i]
              end
            end
            from = from + 20
            if #entries < 20 or from == 200 then
              return nil, nil
            end
          end
        end

        """;

    /// <summary>
    /// KEYS list, meta, ids, times, changes. ARGV 1 id, 2 entry up to the number, 3 entry after the epoch, 4 timestamp (ISO),
    /// 5 timestamp (ms), 6 since (ms), 7 random, 8 channel, 9 event before the entry, 10 event after it, 11 most entries,
    /// 12 ms to remember ids, 13 ms until an idle room goes (0: never), 14 whether a later time moves a known message (1) or not (0).
    /// Answers { duplicate, "seq|epoch|timestamp" }.
    /// <para>
    /// A new epoch begins where none is, where the list is gone although it was numbered, and where the caller could not
    /// append for a while until <c>since</c> and the epoch is older. Epochs grow also when the clock went back.
    /// <c>floor</c> and <c>trimmed</c>: messages older than these may be missing from the list although the numbers are whole.
    /// </para>
    /// <para>
    /// Messages and changes share the numbers, so an entry also has the <c>index</c> of its message among the epoch's messages. These are
    /// consecutive, so that a window can be proved whole.
    /// </para>
    /// </summary>
    public const string Append = Rooms + Locate + """
        local t = redis.call('TIME')
        local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        local since = tonumber(ARGV[6])
        local room = read_room(KEYS[2])
        if not room then
          return redis.error_reply('DAMAGED the room has no valid epoch')
        end
        local known = redis.call('HGET', KEYS[3], ARGV[1])
        local known_number, known_time
        if known then
          known_number, known_time = string.match(known, known_pattern)
          if not known_number then
            return redis.error_reply('DAMAGED the number of a known message is unreadable')
          end
        end
        renew(room, KEYS[1], KEYS[2], KEYS[5], now, since, tonumber(ARGV[5]), ARGV[7])
        if known then
          if ARGV[14] ~= '1' or ARGV[4] <= known_time then
            return {1, known}
          end
          local index, entry = locate(KEYS[1], ARGV[1])
          redis.call('HSET', KEYS[3], ARGV[1], known_number .. ARGV[4])
          if index then
            local moved = string.gsub(entry, '"timestamp":"[^"]*"', '"timestamp":"' .. ARGV[4] .. '"', 1)
            redis.call('LSET', KEYS[1], index, moved)
            redis.call('PUBLISH', ARGV[8], ARGV[9] .. moved .. ARGV[10])
            return {1, known_number .. ARGV[4]}
          end
          local trimmed = redis.call('HGET', KEYS[2], 'trimmed')
          if not trimmed or ARGV[4] > trimmed then
            redis.call('HSET', KEYS[2], 'trimmed', ARGV[4])
          end
          return {1, known_number .. ARGV[4]}
        end
        local remember = tonumber(ARGV[12])
        redis.call('ZADD', KEYS[4], string.format('%d', now), ARGV[1])
        local number = redis.call('HINCRBY', KEYS[2], 'seq', 1)
        local seq = string.format('%d', number)
        local entry = ARGV[2] .. seq .. ',"epoch":"' .. room.epoch .. '","index":' .. string.format('%d', number - room.count) .. ARGV[3]
        local length = redis.call('LPUSH', KEYS[1], entry)
        if length > 2 * tonumber(ARGV[11]) then
          return redis.error_reply('DAMAGED the list is too long')
        end
        local answer = seq .. '|' .. room.epoch .. '|' .. ARGV[4]
        redis.call('HSET', KEYS[3], ARGV[1], answer)
        while length > tonumber(ARGV[11]) do
          local oldest = redis.call('RPOP', KEYS[1])
          length = length - 1
          local time = oldest and string.match(oldest, '"timestamp":"([^"]*)"')
          local trimmed = redis.call('HGET', KEYS[2], 'trimmed')
          if time and (not trimmed or time > trimmed) then
            redis.call('HSET', KEYS[2], 'trimmed', time)
          end
        end
        local old = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', string.format('%d', now - remember), 'LIMIT', '0', '5')
        for i = 1, #old do
          redis.call('HDEL', KEYS[3], old[i])
          redis.call('ZREM', KEYS[4], old[i])
        end
        redis.call('PEXPIRE', KEYS[3], string.format('%d', remember))
        redis.call('PEXPIRE', KEYS[4], string.format('%d', remember))
        if tonumber(ARGV[13]) > 0 then
          redis.call('PEXPIRE', KEYS[1], ARGV[13])
          redis.call('PEXPIRE', KEYS[2], ARGV[13])
          redis.call('PEXPIRE', KEYS[5], ARGV[13])
        end
        redis.call('PUBLISH', ARGV[8], ARGV[9] .. entry .. ARGV[10])
        return {0, answer}
        """;

    /// <summary>
    /// KEYS list, meta, ids, times, changes. ARGV 1 ms to remember when the last epoch began: a room made again within the same
    /// millisecond must not get an epoch that sorts before it. Answers 1.
    /// </summary>
    public const string Remove = """
        local begin = redis.call('HGET', KEYS[2], 'begin')
        redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
        if begin then
          redis.call('HSET', KEYS[2], 'begin', begin)
          redis.call('PEXPIRE', KEYS[2], ARGV[1])
        end
        return 1
        """;

    /// <summary>
    /// KEYS list, meta, changes. Answers { epoch, begin, seq, floor, trimmed, changed, numbered, oldest change, entry… } as one moment's
    /// state. The oldest change is the last entry of the list of changes, and empty where no change is numbered or the list is gone.
    /// </summary>
    public const string Read = """
        local meta = redis.call('HMGET', KEYS[2], 'epoch', 'begin', 'seq', 'floor', 'trimmed', 'changed', 'numbered')
        local changed = meta[6] or ''
        local oldest = changed ~= '' and redis.call('LINDEX', KEYS[3], -1) or ''
        local answer = {
          meta[1] or '', meta[2] or '0', meta[3] or '0', meta[4] or '0', meta[5] or '', changed, meta[7] or '', oldest
        }
        local entries = redis.call('LRANGE', KEYS[1], 0, 199)
        for i = 1, #entries do
          answer[i + 8] = entries[i]
        end
        return answer
        """;

    /// <summary>
    /// KEYS meta, changes. ARGV 1 epoch, 2 the number after which changes are wanted, 3 most entries. Answers { epoch, begin, seq, changed,
    /// numbered, entry… } with at least the changes after the number, newest first, where the list has them; without entries where the
    /// epoch is another.
    /// </summary>
    public const string ReadChanges = """
        local meta = redis.call('HMGET', KEYS[1], 'epoch', 'begin', 'seq', 'changed', 'numbered')
        local answer = {meta[1] or '', meta[2] or '0', meta[3] or '0', meta[4] or '', meta[5] or ''}
        local after = (tonumber(answer[3]) or 0) - tonumber(ARGV[2])
        if meta[1] == ARGV[1] and after > 0 then
          local entries = redis.call('LRANGE', KEYS[2], 0, string.format('%d', math.min(after, tonumber(ARGV[3])) - 1))
          for i = 1, #entries do
            answer[i + 5] = entries[i]
          end
        end
        return answer
        """;

    /// <summary>KEYS changes. ARGV 1 most entries, then IDs of messages. Answers the entries of the changes of these messages.</summary>
    public const string FindChanges = """
        local wanted = {}
        for i = 2, #ARGV do
          wanted[ARGV[i]] = true
        end
        local answer = {}
        local entries = redis.call('LRANGE', KEYS[1], 0, string.format('%d', tonumber(ARGV[1]) - 1))
        for i = 1, #entries do
          local id = string.match(entries[i], '"id":"(%x+)"')
          if id and wanted[id] then
            answer[#answer + 1] = entries[i]
          end
        end
        return answer
        """;

    /// <summary>KEYS list. ARGV 1 id. Answers { entry }, or { } when the message is not in the list.</summary>
    public const string Find = Locate + """
        local index, entry = locate(KEYS[1], ARGV[1])
        return {entry}
        """;

    /// <summary>
    /// Applies changes of one message, numbers them, keeps them in the list of changes and publishes them. KEYS list, meta, changes.
    /// ARGV 1 id, 2 the message's entry as it was read, or empty, 3 what it shall be, 4 since (ms), 5 random, 6 floor (ms) of an epoch
    /// that begins with this, 7 channel, 8 event before the change, 9 event between the change and its number, 10 event after it,
    /// 11 most changes, 12 ms until an idle room goes (0: never). Then for each change: the change up to the number, the change after the
    /// epoch, and whether it may have been numbered already (1) or not (0).
    /// <para>
    /// Answers { 0, entry } and has done nothing when the message's entry in the list is another than was read. Else { 1, "seq|epoch"… }
    /// for the changes in their order. The message may be gone from the list: its changes take numbers all the same. One that was
    /// numbered before keeps its number, and is not published again.
    /// </para>
    /// </summary>
    public const string Change = Rooms + Locate + """
        local t = redis.call('TIME')
        local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        local index, entry = locate(KEYS[1], ARGV[1])
        if index and entry ~= ARGV[2] then
          return {0, entry}
        end
        local room = read_room(KEYS[2])
        if not room then
          return redis.error_reply('DAMAGED the room has no valid epoch')
        end
        redis.call('LLEN', KEYS[3])
        renew(room, KEYS[1], KEYS[2], KEYS[3], now, tonumber(ARGV[4]), math.max(now, tonumber(ARGV[6])), ARGV[5])
        if index and ARGV[3] ~= entry then
          redis.call('LSET', KEYS[1], index, ARGV[3])
        end
        local kept
        local function known(head, tail)
          kept = kept or redis.call('LRANGE', KEYS[3], 0, string.format('%d', tonumber(ARGV[11]) - 1))
          for i = 1, #kept do
            local from = string.find(kept[i], '{', 1, true)
            if from and string.sub(kept[i], from, from + #head - 1) == head and string.sub(kept[i], -#tail) == tail then
              local seq, epoch = string.match(kept[i], '^(%d+),"epoch":"(%x+%-%x+)"', from + #head)
              if epoch == room.epoch then
                return seq .. '|' .. epoch
              end
            end
          end
        end
        local answer = {1}
        for i = 13, #ARGV, 3 do
          local number = ARGV[i + 2] == '1' and known(ARGV[i], ARGV[i + 1]) or nil
          if not number then
            local seq = string.format('%d', redis.call('HINCRBY', KEYS[2], 'seq', 1))
            if room.count == 0 then
              room.first, room.at = tonumber(seq), now
            end
            room.count = room.count + 1
            redis.call('HSET', KEYS[2], 'changed', room.epoch .. string.format('|%d|%d|%d', room.count, room.first, room.at))
            local change = ARGV[i] .. seq .. ',"epoch":"' .. room.epoch .. '"' .. ARGV[i + 1]
            redis.call('LPUSH', KEYS[3], string.format('%d|%d|', room.count, now) .. change)
            redis.call('PUBLISH', ARGV[7], ARGV[8] .. change .. ARGV[9] .. room.epoch .. '-' .. seq .. ARGV[10])
            number = seq .. '|' .. room.epoch
          end
          answer[#answer + 1] = number
        end
        redis.call('LTRIM', KEYS[3], 0, string.format('%d', tonumber(ARGV[11]) - 1))
        if tonumber(ARGV[12]) > 0 then
          redis.call('PEXPIRE', KEYS[1], ARGV[12])
          redis.call('PEXPIRE', KEYS[2], ARGV[12])
          redis.call('PEXPIRE', KEYS[3], ARGV[12])
        end
        return answer
        """;

    /// <summary>
    /// Starts the room over if one of its keys is of a wrong type or holds what makes no sense. If only the
    /// changes are wrong, these alone go; their count then says that they are missing. KEYS list, meta, ids, times, changes. ARGV 1 the ID
    /// of the message whose appending failed, or empty, 2 the latest begin of an epoch (ms) that the caller knows of, 3 ms to remember it,
    /// 4 whether to start over in any case (1) or not (0), 5 floor: messages older than this (ms) may be missing from the list, 6 a time
    /// (ISO) that no message has yet. Answers 1 when the room starts over, 2 when its changes are gone, 0 when there is nothing
    /// wrong.
    /// <para>
    /// What stays is when the last epoch began, so that the next one is later; the known IDs, if they are sound; and the time of the newest
    /// message that was in the list (as <c>trimmed</c>), because nothing as old as that can be claimed to be whole.
    /// </para>
    /// </summary>
    public const string Repair = Epochs + """
        local types = {'list', 'hash', 'hash', 'zset', 'list'}
        local right = {}
        for i = 1, 5 do
          local answer = redis.call('TYPE', KEYS[i])
          local found = type(answer) == 'table' and answer['ok'] or answer
          right[i] = found == types[i] or found == 'none'
        end
        local force = ARGV[4] == '1'
        local latest = tonumber(ARGV[2])
        local function see(begin)
          if is_whole(begin) and begin > latest then
            latest = begin
          end
        end
        local trimmed = ''
        local sound = right[1] and right[2]
        if right[2] then
          local meta = redis.call('HMGET', KEYS[2], 'epoch', 'begin', 'seq', 'floor', 'trimmed', 'changed')
          local begin = tonumber(meta[2] or '0')
          see(begin)
          see(tonumber(meta[1] and string.match(meta[1], '^(%x%x%x%x%x%x%x%x%x%x%x%x)%-') or '0', 16))
          sound = sound and is_whole(begin) and (not meta[1] or is_epoch(meta[1], begin))
            and string.match(meta[3] or '0', '^%d%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?$')
            and string.match(meta[4] or '0', '^%-?%d%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?%d?$')
            and ((meta[5] or '') == '' or string.match(meta[5], '^' .. time_pattern .. '$'))
            and ((meta[6] or '') == '' or string.match(meta[6], changed_pattern))
        end
        if right[1] then
          sound = sound and redis.call('LLEN', KEYS[1]) <= 200
          local entries = redis.call('LRANGE', KEYS[1], 0, 199)
          for i = 1, #entries do
            see(tonumber(string.match(entries[i], '"epoch":"(%x%x%x%x%x%x%x%x%x%x%x%x)%-') or '0', 16))
            local time = string.match(entries[i], '"timestamp":"(' .. time_pattern .. ')"') or ''
            if time > trimmed and time < ARGV[6] then
              trimmed = time
            end
          end
        end
        local remembers = right[3] and right[4]
        if right[3] and ARGV[1] ~= '' then
          local known = redis.call('HGET', KEYS[3], ARGV[1])
          remembers = remembers and (not known or string.match(known, known_pattern) ~= nil)
        end
        if sound and remembers and not force then
          if right[5] then
            return 0
          end
          redis.call('UNLINK', KEYS[5])
          return 2
        end
        local t = redis.call('TIME')
        latest = math.max(latest, tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
        redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[5])
        if force or not remembers then
          redis.call('UNLINK', KEYS[3], KEYS[4])
        end
        redis.call('HSET', KEYS[2], 'begin', string.format('%d', latest), 'floor', ARGV[5], 'trimmed', trimmed)
        redis.call('PEXPIRE', KEYS[2], ARGV[3])
        return 1
        """;

    /// <summary>KEYS list. ARGV entries that are not messages. Removes them; answers how many there were.</summary>
    public const string RemoveEntries = """
        local removed = 0
        for i = 1, #ARGV do
          removed = removed + redis.call('LREM', KEYS[1], 0, ARGV[i])
        end
        return removed
        """;
}
