using StackExchange.Redis;

namespace Chat.Backends;

/// <summary>
/// Every key and channel we use in Redis.
/// <code>
/// room:{id}:messages              list     the newest 100 messages as JSON, newest first; what other programs read
/// {room:{id}:messages}:meta       hash     epoch, begin (ms), seq, floor (ms), trimmed (time): see RedisScripts.Append
/// {room:{id}:messages}:ids        hash     message id → seq|epoch|timestamp of its first appending, for hours
/// {room:{id}:messages}:times      zset     message id by when it was appended, to forget old ids
/// session:{sessionId}             string   a session as JSON, until it expires
/// user:{username}:sessions        zset     session ids by expiry
/// presence                        hash     pod id → time and its users
/// dataprotection:keys             hash     name → key XML
/// chat:room:{id}                  channel  events of a room, from pod to pod
/// chat:pods                       channel  events for every pod
/// </code>
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

    public static RedisKey Session(string sessionId) => $"session:{sessionId}";

    public static RedisKey SessionsOf(string username) => $"user:{username}:sessions";

    public static string RoomChannel(string roomId) => $"chat:room:{roomId}";
}
