using Chat.Backends.Keys;
using Chat.Backends.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Backends.Sqlite;

public sealed class SqliteSessionAndKeyTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly SqliteFile _file = new();
    private readonly FakeTimeProvider _time = new(Said.Noon);
    private SqliteSessionStore _sessions = null!;

    public ValueTask InitializeAsync()
    {
        _sessions = new SqliteSessionStore(_file.Open(), _time);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await _file.DisposeAsync();

    private static Session New(string id, string username = "alice") => new()
    {
        Id = id,
        Username = username,
        DisplayName = "Alice",
        SecurityStamp = "s",
        CreatedAt = Said.Noon,
        LastSeenAt = Said.Noon,
        ExpiresAt = Said.Noon.AddDays(14),
        Device = "Firefox",
    };

    [Fact]
    public async Task A_session_is_found_and_listed_until_it_expires()
    {
        await _sessions.SaveAsync(New("1"), None);
        await _sessions.SaveAsync(New("2", "bob"), None);
        await _sessions.SaveAsync(New("1") with { LastSeenAt = Said.Noon.AddHours(1) }, None);

        Assert.Equal(New("1") with { LastSeenAt = Said.Noon.AddHours(1) }, await _sessions.FindAsync("1", None));
        Assert.Equal(["1"], (await _sessions.ListAsync("alice", None)).Select(s => s.Id));

        _time.Advance(TimeSpan.FromDays(14));
        Assert.Null(await _sessions.FindAsync("1", None));
        Assert.Empty(await _sessions.ListAsync("alice", None));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_ended_session_leaves_a_mark_that_no_save_removes(bool knownBefore)
    {
        if (knownBefore)
        {
            await _sessions.SaveAsync(New("1"), None);
        }

        await _sessions.EndAsync("1", "alice", None);
        await _sessions.EndAsync("1", "alice", None);
        await _sessions.SaveAsync(New("1"), None);

        Assert.Equal(Said.Noon, (await _sessions.FindAsync("1", None))!.EndedAt);
        Assert.Empty(await _sessions.ListAsync("alice", None));
    }

    [Fact]
    public async Task Keys_are_read_by_every_process_and_adding_one_again_changes_nothing()
    {
        var keys = new SqliteKeyStore(_file.Open());
        await keys.AddAsync(new StoredKey("a", "<a/>"), None);
        await keys.AddAsync(new StoredKey("a", "<other/>"), None);
        await keys.AddAsync(new StoredKey("b", "<b/>"), None);

        Assert.Equal(
            [new StoredKey("a", "<a/>"), new StoredKey("b", "<b/>")],
            (await new SqliteKeyStore(_file.Open()).ReadAsync(None)).OrderBy(k => k.Name, StringComparer.Ordinal));
    }
}
