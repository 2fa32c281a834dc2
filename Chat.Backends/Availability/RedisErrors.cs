using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace Chat.Backends.Availability;

/// <summary>
/// Redis' errors by the word they begin with: src/server.c (<c>createSharedObjects</c>), src/acl.c, src/cluster.c and src/script.c of
/// redis/redis. An error inside a Lua script has the word first (Redis 7) or after the place in the script (Redis 6).
/// </summary>
internal static partial class RedisErrors
{
    private static readonly Dictionary<string, Verdict> Words = new(StringComparer.Ordinal)
    {
        // Starting, failing over, or moving slots: nobody is served for a moment.
        ["LOADING"] = Verdict.Unavailable,
        ["MASTERDOWN"] = Verdict.Unavailable,
        ["CLUSTERDOWN"] = Verdict.Unavailable,
        ["READONLY"] = Verdict.Unavailable,
        ["MOVED"] = Verdict.Unavailable,
        ["ASK"] = Verdict.Unavailable,
        ["NOREPLICAS"] = Verdict.Unavailable,
        ["UNBLOCKED"] = Verdict.Unavailable,
        // The client's own: "Endpoint … serving hashslot … is not reachable at this point of time".
        ["Endpoint"] = Verdict.Unavailable,
        // A script runs for too long; a slot's keys are on their way.
        ["BUSY"] = Verdict.Busy,
        ["TRYAGAIN"] = Verdict.Busy,
        // Memory or disk is full, or the user may not.
        ["OOM"] = Verdict.Refused,
        ["MISCONF"] = Verdict.Refused,
        ["NOAUTH"] = Verdict.Refused,
        ["WRONGPASS"] = Verdict.Refused,
        ["NOPERM"] = Verdict.Refused,
        ["DENIED"] = Verdict.Refused,
        // The key holds something else.
        ["WRONGTYPE"] = Verdict.WrongData,
        ["BUSYKEY"] = Verdict.WrongData,
        ["NOSCRIPT"] = Verdict.Bug,
        ["CROSSSLOT"] = Verdict.Bug,
        ["EXECABORT"] = Verdict.Bug,
    };

    /// <summary>The verdict on what the client threw.</summary>
    public static Verdict Classify(Exception e) => e switch
    {
        AggregateException { InnerException: { } inner } => Classify(inner),
        RedisServerException server => Classify(server.Message),
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => Verdict.Refused,
        // Cancelled: the client does that to what it had not sent yet; nobody gives it a token.
        RedisConnectionException or ObjectDisposedException or OperationCanceledException => Verdict.Unavailable,
        RedisTimeoutException or TimeoutException => Verdict.Busy,
        ContentionException => Verdict.Contended,
        _ => Verdict.Bug,
    };

    /// <summary>Whether the connection was lost, which concerns every call.</summary>
    public static bool MeansLost(Exception e) => e is RedisConnectionException && Classify(e) == Verdict.Unavailable;

    private static Verdict Classify(string message)
    {
        if (Words.TryGetValue(FirstWord(message), out var verdict))
        {
            return verdict;
        }

        if (InScript().Match(message) is not { Success: true } inScript)
        {
            return Verdict.Bug;
        }

        // Our scripts are constants: what Lua itself complains of is a value that it did not expect.
        return Words.GetValueOrDefault(inScript.Groups["word"].Value, Verdict.WrongData);
    }

    private static string FirstWord(string message) =>
        message.IndexOf(' ', StringComparison.Ordinal) is var end and > 0 ? message[..end] : message;

    /// <summary>The last place that is named is the innermost.</summary>
    [GeneratedRegex(@".*user_script:\s*\d+:?\s*-?(?<word>[A-Z]*)", RegexOptions.ExplicitCapture)]
    private static partial Regex InScript();
}
