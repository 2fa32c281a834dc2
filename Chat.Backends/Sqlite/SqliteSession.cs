using Microsoft.Data.Sqlite;

namespace Chat.Backends.Sqlite;

/// <summary>
/// One connection with its prepared statements; parameters are <c>$1</c>, <c>$2</c>, … in order. For one thread at a time.
/// </summary>
internal sealed class SqliteSession(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, (SqliteCommand Command, SqliteStatement? Statement)> _statements = new(StringComparer.Ordinal);
    private ICollection<SqliteStatement>? _watcher;

    /// <summary>Does the work and adds what it executes to <paramref name="statements"/>.</summary>
    public T Watched<T>(ICollection<SqliteStatement> statements, Func<SqliteSession, T> work)
    {
        _watcher = statements;
        try
        {
            return work(this);
        }
        finally
        {
            _watcher = null;
        }
    }

    public int Execute(string sql, params ReadOnlySpan<object?> values) => Statement(sql, values).ExecuteNonQuery();

    public long? Number(string sql, params ReadOnlySpan<object?> values) =>
        Statement(sql, values).ExecuteScalar() is long number ? number : null;

    public T? First<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<object?> values)
    {
        using var reader = Statement(sql, values).ExecuteReader();
        return reader.Read() ? map(reader) : default;
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<object?> values)
    {
        using var reader = Statement(sql, values).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    /// <summary>Several statements at once, without parameters, not kept prepared.</summary>
    public void Script(string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are constants of this assembly.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var (command, _) in _statements.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private SqliteCommand Statement(string sql, ReadOnlySpan<object?> values)
    {
        if (!_statements.TryGetValue(sql, out var known))
        {
            var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are constants of this assembly; what users say comes as parameters.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = "$" + (i + 1) });
            }

            known = (command, SqliteStatement.Of(sql));
            _statements.Add(sql, known);
        }

        if (known.Statement is { } seen)
        {
            _watcher?.Add(seen);
        }

        for (var i = 0; i < values.Length; i++)
        {
            known.Command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return known.Command;
    }
}
