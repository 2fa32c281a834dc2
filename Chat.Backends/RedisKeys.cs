using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>
/// Every key and channel we use in Redis.
/// <code>
/// room:{id}:messages              list     the newest 100 messages as JSON, newest first; what other programs read
/// {room:{id}:messages}:meta       hash     epoch, begin (ms), seq, floor (ms), trimmed (time), changed: see RedisScripts
/// {room:{id}:messages}:changes    list     the newest 500 numbered changes as count|ms|JSON, newest first
/// {room:{id}:messages}:ids        hash     message id → seq|epoch|timestamp of its first appending, for hours
/// {room:{id}:messages}:times      zset     message id by when it was appended, to forget old ids
/// session:{sessionId}             string   a session as JSON, until it expires
/// user:{username}:sessions        zset     session ids by expiry
/// presence                        hash     pod id → time, version and users of its report: see RedisPresenceStore
/// copy:user:{username}            string   a user as JSON, for when the archive's database is away
/// copy:access:{username}:{roomId} string   a room and a membership, likewise
/// copy:rooms:{username}           string   the ids of a user's rooms, likewise
/// signin:{hash}                   hash     failed sign-ins of a name and a client: count, at (ms)
/// dataprotection:keys             hash     name → key XML
/// chat:room:{id}                  channel  events of a room, from pod to pod
/// chat:pods                       channel  events for every pod
/// </code>
/// Other programs may read the list and must not change any of it. What is of a wrong type, or makes no sense, is removed.
/// What belongs to a room's list carries the list's own key as hash tag (the braces above around it are literal), so that
/// all of it is in one slot of a Redis Cluster. Room ids have no braces.
/// </summary>
public static class RedisKeys
{
    public static RedisKey Presence { get; } = "presence";

    public static RedisKey ProtectionKeys { get; } = "dataprotection:keys";

    public static string AllPodsChannel => "chat:pods";

    public static RedisKey Messages(string roomId) => $"room:{roomId}:messages";

    public static RedisKey Meta(string roomId) => $"{{room:{roomId}:messages}}:meta";

    public static RedisKey Ids(string roomId) => $"{{room:{roomId}:messages}}:ids";

    public static RedisKey Times(string roomId) => $"{{room:{roomId}:messages}}:times";

    public static RedisKey Changes(string roomId) => $"{{room:{roomId}:messages}}:changes";

    public static RedisKey Session(string sessionId) => $"session:{sessionId}";

    public static RedisKey SessionsOf(string username) => $"user:{username}:sessions";

    public static string RoomChannel(string roomId) => $"chat:room:{roomId}";

    public static RedisKey UserCopy(string username) => $"copy:user:{username}";

    public static RedisKey AccessCopy(string username, string roomId) => $"copy:access:{username}:{roomId}";

    public static RedisKey RoomsCopy(string username) => $"copy:rooms:{username}";

    public static RedisKey SignIn(string hash) => $"signin:{hash}";
}
