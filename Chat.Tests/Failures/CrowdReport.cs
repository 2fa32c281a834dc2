using System.Globalization;
using System.Text;

namespace Chat.Tests.Failures;

/// <summary>
/// What one event did to a crowd. <c>UntilLive</c> counts from the end of what was done until every socket showed a message that was sent
/// after it, with nothing missing. Rates are of the span from the beginning of the event until some seconds after that.
/// </summary>
internal sealed record CrowdEvent(string Name, TimeSpan UntilLive, QueryRate Redis, QueryRate Mongo);

/// <summary>One run of a crowd: its steady state, and what happened to it then.</summary>
internal sealed record CrowdResult(
    int Sockets, int People, int Rooms, int PerSecond, QueryRate SteadyRedis, QueryRate SteadyMongo, IReadOnlyList<CrowdEvent> Events,
    Verdict Verdict);

/// <summary>The crowd's section of <c>docs/failures.md</c>, which is the last one.</summary>
internal static class CrowdReport
{
    /// <summary>
    /// How many times the steady state Redis is asked in the busiest second of any event, at most. The steady state is 8 messages a second
    /// of about 13 commands each. Of 2,000 sockets that see a new epoch each reads two rooms within some two seconds: 2,000 pages a second
    /// of about five commands each.
    /// </summary>
    public const int RedisAtMost = 100;

    /// <summary>
    /// The same for MongoDB, which in the steady state saves the messages. What it is asked grows with people and rooms, not with sockets:
    /// each pod reads every session, user and membership once, and a page of each room.
    /// </summary>
    public const int MongoAtMost = 30;

    private const string Heading = "## A crowd";

    /// <summary>The document with the crowd's section in place of the one it has.</summary>
    public static string Replace(string document, CrowdResult result) =>
        Join(document.IndexOf(Heading, StringComparison.Ordinal) is var at and >= 0 ? document[..at] : document, Write(result));

    /// <summary>Another document's text, with the crowd's section of the old one where it has one.</summary>
    public static string Keep(string document, string old) =>
        old.IndexOf(Heading, StringComparison.Ordinal) is var at and >= 0 ? Join(document, old[at..]) : document;

    public static string Write(CrowdResult result)
    {
        var verdict = result.Verdict;
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            {Heading}

            {result.Sockets:N0} sockets of {result.People} people on the two APIs, each in two of {result.Rooms} rooms. They read
            and say nothing, reconnect and catch up with the waits of the browser's client. Four others send
            {result.PerSecond} messages a second in all.

            Accepted: {verdict.Accepted} messages. Stored: {verdict.Stored}. Shown by all: {verdict.ShownByAll}. Lost: {verdict.Lost}.
            Duplicated: {verdict.Duplicated}. Order on every screen: {(verdict.Misordered == 0 ? "equal" : "DIFFERS")}.

            The servers count the queries; they are read each second. Redis: every command that it ran, those inside scripts
            included. MongoDB: every command that reads or writes documents. The test fails when the busiest second of an event
            is more than {RedisAtMost} times the average of the steady state for Redis or {MongoAtMost} times for MongoDB.
            *Until all are live*: from the end of the event (Redis emptied, an API killed, the last API ready again) until every
            socket shows a message that was sent after it, with nothing missing.

            | event | Redis/s | busiest second | times steady | MongoDB/s | busiest second | times steady | until all are live |
            |---|---|---|---|---|---|---|---|

            """));
        var (redis, mongo) = (result.SteadyRedis, result.SteadyMongo);
        text.AppendLine(CultureInfo.InvariantCulture, $"| none: steady state | {Rate(redis, redis)} | {Rate(mongo, mongo)} | |");
        foreach (var one in result.Events)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {one.Name} | {Rate(one.Redis, redis)} | {Rate(one.Mongo, mongo)} | {one.UntilLive.TotalSeconds:F1} s |");
        }

        return text.ToString();
    }

    /// <summary>What was above its bound.</summary>
    public static IEnumerable<string> Excesses(CrowdResult result)
    {
        foreach (var one in result.Events)
        {
            if (one.Redis.Peak > RedisAtMost * result.SteadyRedis.Average)
            {
                yield return $"{one.Name}: Redis {one.Redis}, steady {result.SteadyRedis}";
            }

            if (one.Mongo.Peak > MongoAtMost * result.SteadyMongo.Average)
            {
                yield return $"{one.Name}: MongoDB {one.Mongo}, steady {result.SteadyMongo}";
            }
        }
    }

    private static string Rate(QueryRate rate, QueryRate steady) =>
        string.Create(CultureInfo.InvariantCulture, $"{rate.Average:N0} | {rate.Peak:N0} | {rate.Peak / steady.Average:F1}");

    private static string Join(string before, string section) => $"{before.TrimEnd()}{Environment.NewLine}{Environment.NewLine}{section}";
}
