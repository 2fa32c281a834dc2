using System.Net.Sockets;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Backends.Availability;

/// <summary>MongoDB's errors by code (src/mongo/base/error_codes.yml of mongodb/mongo) and its driver's by type.</summary>
internal static class MongoErrors
{
    /// <summary>Another document has this key. Expected in many places, which look at the driver's exception themselves.</summary>
    public const int DuplicateKey = 11000;

    private static readonly Dictionary<int, Verdict> Codes = new()
    {
        [6] = Verdict.Unavailable, // HostUnreachable
        [7] = Verdict.Unavailable, // HostNotFound
        [89] = Verdict.Unavailable, // NetworkTimeout
        [91] = Verdict.Unavailable, // ShutdownInProgress
        [133] = Verdict.Unavailable, // FailedToSatisfyReadPreference
        [189] = Verdict.Unavailable, // PrimarySteppedDown
        [202] = Verdict.Unavailable, // NetworkInterfaceExceededTimeLimit
        [216] = Verdict.Unavailable, // ElectionInProgress
        [9001] = Verdict.Unavailable, // SocketException
        [10058] = Verdict.Unavailable, // LegacyNotPrimary
        [10107] = Verdict.Unavailable, // NotWritablePrimary
        [11600] = Verdict.Unavailable, // InterruptedAtShutdown
        [11602] = Verdict.Unavailable, // InterruptedDueToReplStateChange
        [13435] = Verdict.Unavailable, // NotPrimaryNoSecondaryOk
        [13436] = Verdict.Unavailable, // NotPrimaryOrSecondary
        [24] = Verdict.Busy, // LockTimeout
        [43] = Verdict.Busy, // CursorNotFound
        [46] = Verdict.Busy, // LockBusy
        [50] = Verdict.Busy, // MaxTimeMSExpired
        [64] = Verdict.Busy, // WriteConcernTimeout
        [175] = Verdict.Busy, // QueryPlanKilled
        [262] = Verdict.Busy, // ExceededTimeLimit
        [365] = Verdict.Busy, // TemporarilyUnavailable
        [402] = Verdict.Busy, // ResourceExhausted
        [407] = Verdict.Busy, // PooledConnectionAcquisitionExceededTimeLimit
        [433] = Verdict.Busy, // AdmissionQueueOverflow
        [449] = Verdict.Busy, // RateLimitExceeded
        [450] = Verdict.Busy, // PooledConnectionAcquisitionRejected
        [462] = Verdict.Busy, // IngressRequestRateLimitExceeded
        [11601] = Verdict.Busy, // Interrupted
        [112] = Verdict.Contended, // WriteConflict
        [117] = Verdict.Contended, // ConflictingOperationInProgress
        [11] = Verdict.Refused, // UserNotFound
        [13] = Verdict.Refused, // Unauthorized
        [18] = Verdict.Refused, // AuthenticationFailed
        [100] = Verdict.Refused, // UnsatisfiableWriteConcern
        [371] = Verdict.Refused, // UserWritesBlocked
        [391] = Verdict.Refused, // ReauthenticationRequired
        [8000] = Verdict.Refused, // AtlasError: a quota, or an action the service does not allow
        [14031] = Verdict.Refused, // OutOfDiskSpace
        [14] = Verdict.WrongData, // TypeMismatch
        [22] = Verdict.WrongData, // InvalidBSON
        [121] = Verdict.WrongData, // DocumentValidationFailure
        [378] = Verdict.WrongData, // NonConformantBSON
        [10334] = Verdict.WrongData, // BSONObjectTooLarge
        [DuplicateKey] = Verdict.WrongData,
        [17280] = Verdict.WrongData, // KeyTooLong
        [2] = Verdict.Bug, // BadValue, a bad hint among them
    };

    /// <summary>The verdict on a server's error code; unknown ones are <see cref="Verdict.Bug"/>.</summary>
    public static Verdict Classify(int code) => Codes.GetValueOrDefault(code, Verdict.Bug);

    /// <summary>The verdict on what the driver threw.</summary>
    public static Verdict Classify(Exception e) => e switch
    {
        AggregateException { InnerException: { } inner } => Classify(inner),
        ContentionException => Verdict.Contended,
        MongoAuthenticationException => Verdict.Refused,
        MongoConnectionException or MongoConnectionPoolPausedException or IOException or SocketException => Verdict.Unavailable,
        // Selecting a server fails so while none answers. Waiting for a free connection fails so, too.
        TimeoutException timeout => IsSelection(timeout) ? Verdict.Unavailable : Verdict.Busy,
        // Its time was over, or MongoDB's maxTimeMS was.
        OperationCanceledException or MongoWaitQueueFullException or MongoExecutionTimeoutException => Verdict.Busy,
        MongoCursorNotFoundException => Verdict.Busy,
        MongoNotPrimaryException or MongoNodeIsRecoveringException => Verdict.Unavailable,
        MongoWriteConcernException concern => OfConcern(concern.Code),
        MongoCommandException command => Classify(command.Code),
        MongoWriteException { WriteError: { } error } => Classify(error.Code),
        MongoWriteException { WriteConcernError: { } concern } => OfConcern(concern.Code),
        // Of several the first in the order of Verdict: what concerns everybody goes before what concerns one document.
        MongoBulkWriteException { WriteConcernError: { } concern } => OfConcern(concern.Code),
        MongoBulkWriteException { WriteErrors: { Count: > 0 } errors } => errors.Min(w => Classify(w.Code)),
        MongoClientException { InnerException: { } inner } => Classify(inner),
        BsonException or FormatException => Verdict.WrongData,
        _ => Verdict.Bug,
    };

    /// <summary>Whether no server can be reached, which concerns every call.</summary>
    public static bool MeansLost(Exception e) => Classify(e) == Verdict.Unavailable
        && e is MongoConnectionException or MongoConnectionPoolPausedException or TimeoutException or IOException or SocketException;

    /// <summary>Whether a query named an index that is not there.</summary>
    public static bool MeansMissingIndex(Exception e) =>
        e is MongoCommandException { Code: 2 } && e.Message.Contains("hint", StringComparison.OrdinalIgnoreCase);

    /// <summary>Written, but not confirmed by a majority: an unknown reason may pass.</summary>
    private static Verdict OfConcern(int code) =>
        Classify(code) is var verdict and not (Verdict.Bug or Verdict.WrongData) ? verdict : Verdict.Busy;

    private static bool IsSelection(TimeoutException e) => e.Message.Contains("selecting a server", StringComparison.Ordinal);
}
