using Microsoft.Data.Sqlite;

namespace Chat.Backends.Sqlite;

/// <summary>Which of SQLite's results mean that the file cannot be used now, rather than a bug. Codes: sqlite.org/rescode.html.</summary>
internal static class SqliteErrors
{
    private const int ReadOnly = 8;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int OutOfMemory = 7;
    private const int Interrupted = 9;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Protocol = 15;
    private const int NotADatabase = 26;

    /// <summary>A string or blob is larger than SQLite takes.</summary>
    public const int TooBig = 18;

    /// <summary>A file that is damaged counts: saving pauses then, instead of making every message a dead letter.</summary>
    public static bool MeansAway(Exception e) => e is SqliteException
    {
        SqliteErrorCode: Busy or Locked or OutOfMemory or ReadOnly or Interrupted or InputOutput or Corrupt or Full or CannotOpen or Protocol or NotADatabase,
    }

    or IOException or UnauthorizedAccessException;
}
