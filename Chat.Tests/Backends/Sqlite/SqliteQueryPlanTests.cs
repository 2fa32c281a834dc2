using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Backends.Rooms;
using Chat.Backends.Sessions;
using Chat.Backends.Users;
using Microsoft.Data.Sqlite;

namespace Chat.Tests.Backends.Sqlite;

/// <summary>
/// No query reads more than it answers: each is a search in an index, in the index' order. The plan does not depend on what is in
/// the tables (nothing here runs ANALYZE), so it holds for any size.
/// </summary>
public sealed class SqliteQueryPlanTests : IAsyncLifetime
{
    private readonly SqliteFile _file = new();

    public static TheoryData<string, string> Queries => new()
    {
        { nameof(SqliteMessageArchive.ReadNewestFirst), SqliteMessageArchive.ReadNewestFirst },
        { nameof(SqliteMessageArchive.ReadOldestFirst), SqliteMessageArchive.ReadOldestFirst },
        { nameof(SqliteMessageArchive.ReadBySender), SqliteMessageArchive.ReadBySender },
        { nameof(SqliteMessageArchive.CountUnread), SqliteMessageArchive.CountUnread },
        { nameof(SqliteMessageArchive.ReadNewest), SqliteMessageArchive.ReadNewest },
        { nameof(SqliteMessageArchive.SeekAt), SqliteMessageArchive.SeekAt },
        { nameof(SqliteMessageArchive.SeekBefore), SqliteMessageArchive.SeekBefore },
        { nameof(SqliteMessageArchive.SeekExpansion), SqliteMessageArchive.SeekExpansion },
        { nameof(SqliteMessageArchive.FindKnown), SqliteMessageArchive.FindKnown },
        { nameof(SqliteMessageRow.FindById), SqliteMessageRow.FindById },
        { nameof(SqliteMessageRow.FindEarlyChanges), SqliteMessageRow.FindEarlyChanges },
        { "user by name", SqliteUserDirectory.Find },
        { "users by name", SqliteUserDirectory.FindMany },
        { "users by prefix", SqliteUserDirectory.Search },
        { "room by id", SqliteRoomStore.Find },
        { "rooms by id", SqliteRoomStore.FindMany },
        { "public rooms by prefix", SqliteRoomStore.ListPublic },
        { "member", SqliteRoomStore.FindMember },
        { "memberships", SqliteRoomStore.MembershipsOf },
        { "members", SqliteRoomStore.MembersOf },
        { "count of members", SqliteRoomStore.CountMembers },
        { "file", SqliteFiles.Find },
        { "files to sweep", SqliteFiles.Due },
        { "chunk of a file", SqliteFiles.FindChunk },
        { "uploads of a file", SqliteFiles.FindUploads },
        { "session", SqliteSessionStore.Find },
        { "sessions of a user", SqliteSessionStore.List },
    };

    public async ValueTask InitializeAsync() => await new SqliteMessageArchive(_file.Open()).FindAsync("x", CancellationToken.None);

    public async ValueTask DisposeAsync() => await _file.DisposeAsync();

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Every_query_is_a_search_in_an_index_and_sorts_nothing(string name, string query)
    {
        var steps = await PlanAsync(query);

        // A subquery's own bounded rows are read by SCAN of that subquery, and a list that is given as JSON by SCAN of that list (a virtual
        // table), never of a table.
        Assert.True(
            steps.Any(s => s.StartsWith("SEARCH", StringComparison.Ordinal)) &&
            steps.All(s => !s.Contains("TEMP B-TREE", StringComparison.Ordinal) &&
                (!s.StartsWith("SCAN", StringComparison.Ordinal) || s.StartsWith("SCAN (subquery", StringComparison.Ordinal) ||
                    s is "SCAN m" || s.Contains("VIRTUAL TABLE", StringComparison.Ordinal))) &&
            steps.Where(s => s.StartsWith("SEARCH", StringComparison.Ordinal)).All(s =>
                s.Contains("USING INDEX", StringComparison.Ordinal) || s.Contains("USING COVERING INDEX", StringComparison.Ordinal) ||
                s.Contains("USING PRIMARY KEY", StringComparison.Ordinal)),
            $"{name}: {string.Join(" | ", steps)}");
    }

    [Theory]
    [InlineData(nameof(SqliteMessageArchive.ReadNewestFirst), SqliteMessageArchive.ReadNewestFirst, "SEARCH messages USING INDEX messages_by_room (room_id=? AND (timestamp,id)>(?,?) AND (timestamp,id)<(?,?))")]
    [InlineData(nameof(SqliteMessageArchive.CountUnread), SqliteMessageArchive.CountUnread, "SEARCH messages USING COVERING INDEX messages_by_room (room_id=? AND (timestamp,id)>(?,?) AND (timestamp,id)<(?,?))")]
    [InlineData(nameof(SqliteMessageArchive.SeekBefore), SqliteMessageArchive.SeekBefore, "SEARCH message_words USING PRIMARY KEY (word=? AND room_id=? AND (timestamp,message_id)<(?,?))")]
    public async Task The_index_seeks_to_the_cursor_and_not_to_the_rooms_beginning(string name, string query, string step)
    {
        Assert.True((await PlanAsync(query)).Contains(step), $"{name}: {string.Join(" | ", await PlanAsync(query))}");
    }

    private async Task<List<string>> PlanAsync(string query)
    {
        await using var connection = new SqliteConnection($"Data Source={_file.Path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Our own constants.
        command.CommandText = "EXPLAIN QUERY PLAN " + query;
#pragma warning restore CA2100
        for (var i = 1; i <= 10; i++)
        {
            command.Parameters.AddWithValue("$" + i, 1);
        }

        var steps = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            steps.Add(reader.GetString(3));
        }

        return steps;
    }
}
