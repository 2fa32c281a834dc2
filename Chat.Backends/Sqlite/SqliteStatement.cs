using System.Text.RegularExpressions;

namespace Chat.Backends.Sqlite;

/// <summary>What a statement does to which table, as its text says: <c>INSERT messages</c>.</summary>
internal sealed partial record SqliteStatement(string Verb, string? Table)
{
    /// <summary>Null for what moves no data: transactions, savepoints, pragmas.</summary>
    public static SqliteStatement? Of(string sql)
    {
        var verb = VerbPattern().Match(sql);
        var table = TablePattern().Match(sql);
        return verb.Success ? new SqliteStatement(verb.Value.ToUpperInvariant(), table.Success ? table.Groups[1].Value : null) : null;
    }

    public override string ToString() => Table is null ? Verb : $"{Verb} {Table}";

    [GeneratedRegex(@"\b(SELECT|INSERT|UPDATE|DELETE|REPLACE)\b", RegexOptions.IgnoreCase)]
    private static partial Regex VerbPattern();

    [GeneratedRegex(@"\b(?:FROM|INTO|UPDATE(?:\s+OR\s+\w+)?)\s+([a-z_]+)", RegexOptions.IgnoreCase)]
    private static partial Regex TablePattern();
}
