using Microsoft.Data.Sqlite;

namespace Chat.Backends.Availability;

/// <summary>
/// SQLite's primary result codes (sqlite.org/rescode.html). A local file needs no circuit: every call is answered at once, or after
/// the busy timeout.
/// </summary>
internal static class SqliteErrors
{
    /// <summary>A string or blob is larger than SQLite takes.</summary>
    public const int TooBig = 18;

    private static readonly Dictionary<int, Verdict> Codes = new()
    {
        [10] = Verdict.Unavailable, // SQLITE_IOERR
        [11] = Verdict.Unavailable, // SQLITE_CORRUPT
        [14] = Verdict.Unavailable, // SQLITE_CANTOPEN
        [26] = Verdict.Unavailable, // SQLITE_NOTADB
        [4] = Verdict.Busy, // SQLITE_ABORT
        [5] = Verdict.Busy, // SQLITE_BUSY: another process writes
        [7] = Verdict.Busy, // SQLITE_NOMEM
        [9] = Verdict.Busy, // SQLITE_INTERRUPT
        [15] = Verdict.Busy, // SQLITE_PROTOCOL: too many begin to use the file at once
        [6] = Verdict.Contended, // SQLITE_LOCKED
        [17] = Verdict.Contended, // SQLITE_SCHEMA: changed by another process
        [3] = Verdict.Refused, // SQLITE_PERM
        [8] = Verdict.Refused, // SQLITE_READONLY
        [13] = Verdict.Refused, // SQLITE_FULL
        [22] = Verdict.Refused, // SQLITE_NOLFS: the file is larger than the system takes
        [23] = Verdict.Refused, // SQLITE_AUTH
        [TooBig] = Verdict.WrongData,
        [19] = Verdict.WrongData, // SQLITE_CONSTRAINT
        [20] = Verdict.WrongData, // SQLITE_MISMATCH
        [1] = Verdict.Bug, // SQLITE_ERROR
        [21] = Verdict.Bug, // SQLITE_MISUSE
        [25] = Verdict.Bug, // SQLITE_RANGE
    };

    /// <summary>The verdict on what the driver threw.</summary>
    public static Verdict Classify(Exception e) => e switch
    {
        SqliteException sqlite => Codes.GetValueOrDefault(sqlite.SqliteErrorCode, Verdict.Bug),
        UnauthorizedAccessException => Verdict.Refused,
        IOException => Verdict.Unavailable,
        _ => Verdict.Bug,
    };

    /// <summary>Whether it concerns the file rather than this call.</summary>
    public static bool ConcernsFile(Exception e) => Classify(e) is not (Verdict.WrongData or Verdict.Bug);
}
