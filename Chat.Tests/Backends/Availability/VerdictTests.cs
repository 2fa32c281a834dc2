using System.Net;
using System.Reflection;
using Chat.Backends;
using Chat.Backends.Availability;
using Microsoft.Data.Sqlite;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Clusters;
using MongoDB.Driver.Core.Connections;
using MongoDB.Driver.Core.Servers;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Availability;

/// <summary>The tables from a driver's error to what it means.</summary>
public sealed class VerdictTests
{
    private static readonly ConnectionId Connection = new(new ServerId(new ClusterId(), new DnsEndPoint("localhost", 27017)));

    [Theory]
    [InlineData("LOADING Redis is loading the dataset in memory", Verdict.Unavailable)]
    [InlineData("CLUSTERDOWN The cluster is down", Verdict.Unavailable)]
    [InlineData("CLUSTERDOWN Hash slot not served", Verdict.Unavailable)]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", Verdict.Unavailable)]
    [InlineData("READONLY You can't write against a read only replica.", Verdict.Unavailable)]
    [InlineData("MOVED 3999 127.0.0.1:6381", Verdict.Unavailable)]
    [InlineData("NOREPLICAS Not enough good replicas to write.", Verdict.Unavailable)]
    [InlineData("Endpoint 127.0.0.1:6381 serving hashslot 3999 is not reachable at this point of time.", Verdict.Unavailable)]
    [InlineData("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", Verdict.Busy)]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot", Verdict.Busy)]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.", Verdict.Refused)]
    [InlineData("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", Verdict.Refused)]
    [InlineData("NOAUTH Authentication required.", Verdict.Refused)]
    [InlineData("WRONGPASS invalid username-password pair or user is disabled.", Verdict.Refused)]
    [InlineData("NOPERM User chat has no permissions to run the 'eval' command", Verdict.Refused)]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value", Verdict.WrongData)]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value script: 6b1b, on @user_script:3.", Verdict.WrongData)]
    [InlineData(
        "ERR Error running script (call to f_6b1bf486): @user_script:3: WRONGTYPE Operation against a key holding the wrong kind of value",
        Verdict.WrongData)]
    [InlineData("ERR Error running script (call to f_6b1b): @user_script:3: @user_script: 3: -OOM command not allowed", Verdict.Refused)]
    [InlineData("ERR Error running script (call to f_6b1b): @user_script:3: @user_script: 3: -READONLY You can't", Verdict.Unavailable)]
    [InlineData("ERR user_script:4: attempt to compare nil with number script: 6b1bf486, on @user_script:4.", Verdict.WrongData)]
    [InlineData("NOSCRIPT No matching script. Please use EVAL.", Verdict.Bug)]
    [InlineData("CROSSSLOT Keys in request don't hash to the same slot", Verdict.Bug)]
    [InlineData("ERR wrong number of arguments for 'get' command", Verdict.Bug)]
    public void Redis_errors_are_told_apart_by_their_first_word(string message, Verdict expected) =>
        Assert.Equal(expected, RedisErrors.Classify(new RedisServerException(RedisErrorKind.Unknown, CommandFlags.None, message)));

    [Fact]
    public void Redis_client_errors_are_told_apart_by_their_type()
    {
        var lost = new RedisConnectionException(ConnectionFailureType.SocketClosed, CommandFlags.None, "closed", null, CommandStatus.Sent);
        var refused = new RedisConnectionException(
            ConnectionFailureType.AuthenticationFailure, CommandFlags.None, "no", null, CommandStatus.Unknown);
        Assert.Equal((Verdict.Unavailable, true), (RedisErrors.Classify(lost), RedisErrors.MeansLost(lost)));
        Assert.Equal((Verdict.Refused, false), (RedisErrors.Classify(refused), RedisErrors.MeansLost(refused)));
        Assert.Equal(Verdict.Busy, RedisErrors.Classify(new RedisTimeoutException(CommandFlags.None, "slow", CommandStatus.Sent)));
        Assert.Equal(Verdict.Busy, RedisErrors.Classify(new TimeoutException()));
        Assert.Equal(Verdict.Contended, RedisErrors.Classify(new ContentionException("again and again")));
        Assert.Equal(Verdict.Bug, RedisErrors.Classify(new RedisCommandException("no such command")));
        Assert.Equal(Verdict.Bug, RedisErrors.Classify(new InvalidOperationException()));
    }

    [Theory]
    [InlineData(6, Verdict.Unavailable)]
    [InlineData(91, Verdict.Unavailable)]
    [InlineData(189, Verdict.Unavailable)]
    [InlineData(10107, Verdict.Unavailable)]
    [InlineData(11600, Verdict.Unavailable)]
    [InlineData(13436, Verdict.Unavailable)]
    [InlineData(50, Verdict.Busy)]
    [InlineData(262, Verdict.Busy)]
    [InlineData(365, Verdict.Busy)]
    [InlineData(112, Verdict.Contended)]
    [InlineData(13, Verdict.Refused)]
    [InlineData(371, Verdict.Refused)]
    [InlineData(8000, Verdict.Refused)]
    [InlineData(14031, Verdict.Refused)]
    [InlineData(121, Verdict.WrongData)]
    [InlineData(10334, Verdict.WrongData)]
    [InlineData(11000, Verdict.WrongData)]
    [InlineData(2, Verdict.Bug)]
    [InlineData(59, Verdict.Bug)]
    public void MongoDB_errors_are_told_apart_by_their_code(int code, Verdict expected)
    {
        Assert.Equal(expected, MongoErrors.Classify(Command(code)));
        var error = Made<WriteError>(ServerErrorCategory.Uncategorized, code, "", new BsonDocument());
        Assert.Equal(expected, MongoErrors.Classify(new MongoWriteException(Connection, error, null, null)));
    }

    [Fact]
    public void MongoDB_driver_errors_are_told_apart_by_their_type()
    {
        Assert.Equal(Verdict.Unavailable, MongoErrors.Classify(new MongoConnectionException(Connection, "lost")));
        Assert.Equal(Verdict.Refused, MongoErrors.Classify(new MongoAuthenticationException(Connection, "no")));
        Assert.Equal(Verdict.Unavailable, MongoErrors.Classify(new MongoNotPrimaryException(Connection, [], [])));
        Assert.Equal(
            Verdict.Unavailable, MongoErrors.Classify(new TimeoutException("A timeout occurred after 2000ms selecting a server using …")));
        Assert.Equal(Verdict.Busy, MongoErrors.Classify(new TimeoutException("Timed out waiting for a connection after 2000ms.")));
        Assert.Equal(Verdict.Busy, MongoErrors.Classify(new OperationCanceledException()));
        Assert.Equal(Verdict.Busy, MongoErrors.Classify(new MongoExecutionTimeoutException(Connection, "operation exceeded time limit")));
        Assert.Equal(Verdict.Busy, MongoErrors.Classify(new MongoWaitQueueFullException("full")));
        Assert.Equal(Verdict.Contended, MongoErrors.Classify(new ContentionException("again and again")));
        Assert.Equal(Verdict.WrongData, MongoErrors.Classify(new BsonSerializationException("too deep")));
        Assert.Equal(Verdict.Bug, MongoErrors.Classify(new InvalidOperationException()));

        Assert.True(MongoErrors.MeansLost(new MongoConnectionException(Connection, "lost")));
        Assert.False(MongoErrors.MeansLost(new MongoAuthenticationException(Connection, "no")));
        Assert.False(MongoErrors.MeansLost(new OperationCanceledException()));
        Assert.True(MongoErrors.MeansMissingIndex(Command(2, "hint provided does not correspond to an existing index")));
        Assert.False(MongoErrors.MeansMissingIndex(Command(2, "unknown top level operator")));
    }

    [Fact]
    public void Of_several_write_errors_the_one_that_concerns_everybody_counts()
    {
        Assert.Equal(Verdict.Refused, MongoErrors.Classify(Bulk(11000, 14031, 121)));
        Assert.Equal(Verdict.Unavailable, MongoErrors.Classify(Bulk(14031, 10107)));
        Assert.Equal(Verdict.WrongData, MongoErrors.Classify(Bulk(121)));
    }

    [Theory]
    [InlineData(320, Verdict.Unavailable)]
    [InlineData(404, Verdict.Unavailable)]
    [InlineData(541, Verdict.Unavailable)]
    [InlineData(200, Verdict.Unavailable)]
    [InlineData(405, Verdict.Contended)]
    [InlineData(403, Verdict.Refused)]
    [InlineData(406, Verdict.Refused)]
    [InlineData(530, Verdict.Refused)]
    [InlineData(311, Verdict.WrongData)]
    [InlineData(503, Verdict.Bug)]
    [InlineData(540, Verdict.Bug)]
    public void RabbitMQ_errors_are_told_apart_by_their_reply_code(int code, Verdict expected)
    {
        var reason = new ShutdownEventArgs(ShutdownInitiator.Peer, (ushort)code, "text");
        Assert.Equal(expected, RabbitErrors.Classify(new OperationInterruptedException(reason)));
        Assert.Equal(expected, RabbitErrors.Classify(new AlreadyClosedException(reason)));
    }

    [Fact]
    public void RabbitMQ_client_errors_are_told_apart_by_their_type()
    {
        Assert.Equal(Verdict.Unavailable, RabbitErrors.Classify(new BrokerUnreachableException(new IOException())));
        Assert.Equal(Verdict.Refused, RabbitErrors.Classify(new BrokerUnreachableException(new AuthenticationFailureException("no"))));
        Assert.Equal(Verdict.Refused, RabbitErrors.Classify(new PossibleAuthenticationFailureException("no")));
        Assert.Equal(Verdict.Busy, RabbitErrors.Classify(new PublishException(1, isReturn: false)));
        Assert.Equal(Verdict.Busy, RabbitErrors.Classify(new OperationCanceledException()));
        Assert.Equal(Verdict.Refused, RabbitErrors.Classify(new BackendUnavailableException("messaging", verdict: Verdict.Refused)));
        Assert.Equal(Verdict.Bug, RabbitErrors.Classify(new ArgumentException("no such queue name")));
    }

    [Theory]
    [InlineData(10, Verdict.Unavailable)]
    [InlineData(11, Verdict.Unavailable)]
    [InlineData(14, Verdict.Unavailable)]
    [InlineData(26, Verdict.Unavailable)]
    [InlineData(5, Verdict.Busy)]
    [InlineData(7, Verdict.Busy)]
    [InlineData(6, Verdict.Contended)]
    [InlineData(3, Verdict.Refused)]
    [InlineData(8, Verdict.Refused)]
    [InlineData(13, Verdict.Refused)]
    [InlineData(18, Verdict.WrongData)]
    [InlineData(19, Verdict.WrongData)]
    [InlineData(1, Verdict.Bug)]
    [InlineData(21, Verdict.Bug)]
    public void SQLite_errors_are_told_apart_by_their_result_code(int code, Verdict expected) =>
        Assert.Equal(expected, SqliteErrors.Classify(new SqliteException("text", code)));

    private static MongoCommandException Command(int code, string message = "text") =>
        new(Connection, $"Command failed: {message}.", [], new BsonDocument { ["ok"] = 0, ["code"] = code, ["errmsg"] = message });

    private static MongoBulkWriteException<BsonDocument> Bulk(params int[] codes) => new(
        Connection,
        null,
        codes.Select((code, i) => Made<BulkWriteError>(i, ServerErrorCategory.Uncategorized, code, "", new BsonDocument())),
        null,
        []);

    /// <summary>The driver keeps these constructors to itself.</summary>
    private static T Made<T>(params object[] arguments) =>
        (T)Activator.CreateInstance(typeof(T), BindingFlags.Instance | BindingFlags.NonPublic, binder: null, arguments, culture: null)!;
}
