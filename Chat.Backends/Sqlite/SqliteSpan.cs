using System.Diagnostics;
using Chat.ServiceDefaults;

namespace Chat.Backends.Sqlite;

/// <summary>
/// The span of one query, or of one write from its handing over to its commit, by OpenTelemetry's conventions for databases.
/// It says which statements ran on which tables, never a value. There is none without a parent: polls and probes leave no trace.
/// </summary>
internal sealed class SqliteSpan : IDisposable
{
    private const int SummaryMax = 255;
    private readonly Activity? _activity;
    private readonly List<SqliteStatement> _statements = [];

    private SqliteSpan(Activity? activity) => _activity = activity;

    public static SqliteSpan Start()
    {
        var activity = Activity.Current is null ? null : Telemetry.Source.StartActivity("sqlite", ActivityKind.Client);
        activity?.SetTag("db.system.name", "sqlite");
        return new SqliteSpan(activity);
    }

    /// <summary>The same work, whose statements the span names.</summary>
    public Func<SqliteSession, T> Watch<T>(Func<SqliteSession, T> work) =>
        _activity is null ? work : session => session.Watched(_statements, work);

    public void Failed(Exception e) => _activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", e.GetType().FullName);

    public void Dispose()
    {
        if (_activity is null)
        {
            return;
        }

        Name(_activity, [.. _statements.Distinct()]);
        if (_statements.Count > 1)
        {
            _activity.SetTag("db.operation.batch.size", _statements.Count);
        }

        _activity.Dispose();
    }

    private static void Name(Activity activity, SqliteStatement[] statements)
    {
        if (statements is [])
        {
            return;
        }

        var summary = string.Join("; ", statements.Select(s => s.ToString()));
        activity.DisplayName = summary.Length <= SummaryMax ? summary : summary[..SummaryMax];
        activity.SetTag("db.query.summary", activity.DisplayName);
        activity.SetTag("db.operation.name", statements is [var only] ? only.Verb : "BATCH");
        if (statements.Select(s => s.Table).Distinct().ToList() is [{ } table])
        {
            activity.SetTag("db.collection.name", table);
        }
    }
}
