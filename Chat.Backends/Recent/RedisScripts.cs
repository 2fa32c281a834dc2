namespace Chat.Backends.Recent;

/// <summary>
/// The Lua scripts, each one atomic round trip. They build JSON by joining what the caller prepared: cjson would write an
/// empty array as an object. They also run in Garnet, whose Lua is 5.4: numbers are formatted with <c>%d</c>, never joined as they are.
/// </summary>
internal static class RedisScripts
{
    /// <summary>
    /// KEYS list, meta, ids, times. ARGV 1 id, 2 entry up to the number, 3 entry after the epoch, 4 timestamp (ISO),
    /// 5 timestamp (ms), 6 since (ms), 7 random, 8 channel, 9 event before the entry, 10 event after it, 11 most entries,
    /// 12 ms to remember ids, 13 ms until an idle room goes (0: never), 14 whether a later time moves a known message (1) or not (0).
    /// Answers { duplicate, "seq|epoch|timestamp" }.
    /// <para>
    /// A new epoch begins where none is, where the list is gone although it was numbered, and where the caller could not
    /// append for a while until <c>since</c> and the epoch is older. Epochs grow also when the clock went back.
    /// <c>floor</c> and <c>trimmed</c>: messages older than these may be missing from the list although the numbers are whole.
    /// </para>
    /// </summary>
    public const string Append = """
        local t = redis.call('TIME')
        local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
        local since = tonumber(ARGV[6])
        local meta = redis.call('HMGET', KEYS[2], 'epoch', 'begin', 'seq')
        local epoch = meta[1]
        local begun = tonumber(meta[2] or '0') or 0
        if not epoch or begun < since or (tonumber(meta[3] or '0') > 0 and redis.call('EXISTS', KEYS[1]) == 0) then
          local begin = math.max(now, since, begun + 1)
          epoch = string.format('%012x', begin) .. '-' .. ARGV[7]
          redis.call('PERSIST', KEYS[2])
          redis.call('HSET', KEYS[2], 'epoch', epoch, 'begin', string.format('%d', begin), 'seq', '0',
            'floor', string.format('%d', math.max(since, tonumber(ARGV[5]))), 'trimmed', '')
        end
        local known = redis.call('HGET', KEYS[3], ARGV[1])
        if known then
          local number, time = string.match(known, '^(.*|)([^|]*)$')
          if ARGV[14] ~= '1' or ARGV[4] <= time then
            return {1, known}
          end
          redis.call('HSET', KEYS[3], ARGV[1], number .. ARGV[4])
          local entries = redis.call('LRANGE', KEYS[1], 0, -1)
          for i = 1, #entries do
            if string.find(entries[i], '"id":"' .. ARGV[1] .. '"', 1, true) then
              local moved = string.gsub(entries[i], '"timestamp":"[^"]*"', '"timestamp":"' .. ARGV[4] .. '"', 1)
              redis.call('LSET', KEYS[1], string.format('%d', i - 1), moved)
              redis.call('PUBLISH', ARGV[8], ARGV[9] .. moved .. ARGV[10])
              return {1, number .. ARGV[4]}
            end
          end
          local trimmed = redis.call('HGET', KEYS[2], 'trimmed')
          if not trimmed or ARGV[4] > trimmed then
            redis.call('HSET', KEYS[2], 'trimmed', ARGV[4])
          end
          return {1, number .. ARGV[4]}
        end
        local seq = string.format('%d', redis.call('HINCRBY', KEYS[2], 'seq', 1))
        local entry = ARGV[2] .. seq .. ',"epoch":"' .. epoch .. '"' .. ARGV[3]
        local length = redis.call('LPUSH', KEYS[1], entry)
        while length > tonumber(ARGV[11]) do
          local oldest = redis.call('RPOP', KEYS[1])
          length = length - 1
          local time = oldest and string.match(oldest, '"timestamp":"([^"]*)"')
          local trimmed = redis.call('HGET', KEYS[2], 'trimmed')
          if time and (not trimmed or time > trimmed) then
            redis.call('HSET', KEYS[2], 'trimmed', time)
          end
        end
        local answer = seq .. '|' .. epoch .. '|' .. ARGV[4]
        local remember = tonumber(ARGV[12])
        redis.call('HSET', KEYS[3], ARGV[1], answer)
        redis.call('ZADD', KEYS[4], string.format('%d', now), ARGV[1])
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
        end
        redis.call('PUBLISH', ARGV[8], ARGV[9] .. entry .. ARGV[10])
        return {0, answer}
        """;

    /// <summary>
    /// KEYS list, meta, ids, times. ARGV 1 ms to remember when the last epoch began: a room made again within the same
    /// millisecond must not get an epoch that sorts before it. Answers 1.
    /// </summary>
    public const string Remove = """
        local begin = redis.call('HGET', KEYS[2], 'begin')
        redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
        if begin then
          redis.call('HSET', KEYS[2], 'begin', begin)
          redis.call('PEXPIRE', KEYS[2], ARGV[1])
        end
        return 1
        """;

    /// <summary>KEYS list, meta. Answers { epoch, seq, floor, trimmed, entry… } as one moment's state.</summary>
    public const string Read = """
        local meta = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'floor', 'trimmed')
        local answer = {meta[1] or '', meta[2] or '0', meta[3] or '0', meta[4] or ''}
        local entries = redis.call('LRANGE', KEYS[1], 0, -1)
        for i = 1, #entries do
          answer[i + 4] = entries[i]
        end
        return answer
        """;

    /// <summary>KEYS list. ARGV 1 the entry as it was read, 2 what it shall be. Answers 1, or 0 when no such entry stands there any more.</summary>
    public const string Replace = """
        local entries = redis.call('LRANGE', KEYS[1], 0, -1)
        for i = 1, #entries do
          if entries[i] == ARGV[1] then
            redis.call('LSET', KEYS[1], string.format('%d', i - 1), ARGV[2])
            return 1
          end
        end
        return 0
        """;
}
