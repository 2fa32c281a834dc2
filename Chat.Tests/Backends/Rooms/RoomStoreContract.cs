using Chat.Backends.Rooms;
using Chat.Contracts;

namespace Chat.Tests.Backends.Rooms;

/// <summary>What <see cref="IRoomStore"/> promises, on any store. A subclass says how to open one.</summary>
public abstract partial class RoomStoreContract : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private IRoomStore Rooms { get; set; } = null!;

    /// <summary>Each call: an independent instance on the one store of this test, which is empty at first.</summary>
    protected abstract Task<IRoomStore> OpenAsync();

    public virtual async ValueTask InitializeAsync() => Rooms = await OpenAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static Room NewRoom(string id, string? name = null, RoomKind kind = RoomKind.Public) =>
        new() { Id = id, Name = name ?? id, Kind = kind, CreatedBy = "alice", CreatedAt = Said.Noon };

    private static Membership Member(string room, string username, MemberRole role = MemberRole.Member) =>
        new() { RoomId = room, Username = username, Role = role, JoinedAt = Said.Noon };

    private static string Text(Room? room) => System.Text.Json.JsonSerializer.Serialize(room);

    [Fact]
    public async Task A_created_room_is_found_with_every_field_and_its_members()
    {
        var direct = NewRoom("direct-1", "", RoomKind.Direct) with { DirectMembers = ["alice", "bob"] };
        var room = NewRoom("general", "General") with { Topic = "Everything" };

        Assert.True(await Rooms.CreateAsync(direct, [Member("direct-1", "alice"), Member("direct-1", "bob")], None));
        Assert.True(await Rooms.CreateAsync(room, [Member("general", "alice", MemberRole.Owner)], None));

        Assert.Equal(Text(direct), Text(await Rooms.FindAsync("direct-1", None)));
        Assert.Equal(Text(room), Text(await Rooms.FindAsync("general", None)));
        Assert.Null(await Rooms.FindAsync("unknown", None));
        Assert.Equal(["alice", "bob"], (await Rooms.MembersOfAsync("direct-1", None)).Select(m => m.Username));
        Assert.Equal(Member("general", "alice", MemberRole.Owner), await Rooms.FindMembershipAsync("general", "alice", None));
    }

    [Fact]
    public async Task A_taken_id_changes_nothing()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "alice", MemberRole.Owner)], None);

        Assert.False(await Rooms.CreateAsync(NewRoom("general", "Stolen") with { CreatedBy = "bob" }, [Member("general", "bob", MemberRole.Owner)], None));

        Assert.Equal("general", (await Rooms.FindAsync("general", None))!.Name);
        Assert.Equal(["alice"], (await Rooms.MembersOfAsync("general", None)).Select(m => m.Username));
    }

    [Fact]
    public async Task Of_two_rooms_of_one_id_at_the_same_time_one_is_created()
    {
        var other = await OpenAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => (i % 2 == 0 ? Rooms : other).CreateAsync(
            NewRoom("general") with { CreatedBy = $"user{i}" }, [Member("general", $"user{i}")], None)));

        Assert.Equal(1, results.Count(created => created));
        Assert.Equal([$"user{Array.IndexOf(results, true)}"], (await Rooms.MembersOfAsync("general", None)).Select(m => m.Username));
    }

    [Fact]
    public async Task Creating_again_by_the_same_hand_completes_what_a_crash_left_undone()
    {
        var room = NewRoom("general");
        await Rooms.CreateAsync(room, [Member("general", "alice", MemberRole.Owner)], None);

        Assert.True(await Rooms.CreateAsync(room, [Member("general", "alice", MemberRole.Owner), Member("general", "bob")], None));

        Assert.Equal(["alice", "bob"], (await Rooms.MembersOfAsync("general", None)).Select(m => m.Username));
    }

    [Fact]
    public async Task An_update_sets_what_is_given_and_leaves_the_rest()
    {
        await Rooms.CreateAsync(NewRoom("general") with { Topic = "old" }, [], None);
        var later = Said.Noon.AddHours(1);

        Assert.Equal(("New", "old"), Pick(await Rooms.UpdateAsync("general", new RoomUpdate(Name: "New", At: later), None)));
        Assert.Equal(("New", null), Pick(await Rooms.UpdateAsync("general", new RoomUpdate(Topic: "", At: later), None)));
        Assert.Equal(later, (await Rooms.UpdateAsync("general", new RoomUpdate(Archived: true, At: later), None))!.ArchivedAt);
        Assert.Null((await Rooms.UpdateAsync("general", new RoomUpdate(Archived: false, At: later), None))!.ArchivedAt);
        Assert.Null(await Rooms.UpdateAsync("unknown", new RoomUpdate(Name: "x"), None));
        Assert.Equal(1, (await Rooms.UpdateAsync("general", new RoomUpdate { RevokeInvites = true }, None))!.InviteRound);
        Assert.Equal(2, (await Rooms.UpdateAsync("general", new RoomUpdate { RevokeInvites = true }, None))!.InviteRound);
        Assert.Equal((2, "New"), ((await Rooms.FindAsync("general", None))!.InviteRound, (await Rooms.FindAsync("general", None))!.Name));
        Assert.Equal(("New", null), Pick(await Rooms.FindAsync("general", None)));

        static (string?, string?) Pick(Room? room) => (room?.Name, room?.Topic);
    }

    [Fact]
    public async Task Public_rooms_are_listed_by_id_and_found_by_the_beginning_of_a_word()
    {
        await Rooms.CreateAsync(NewRoom("tea-time", "Afternoon Café"), [], None);
        await Rooms.CreateAsync(NewRoom("archived", "Tea of old"), [], None);
        await Rooms.UpdateAsync("archived", new RoomUpdate(Archived: true, At: Said.Noon), None);
        await Rooms.CreateAsync(NewRoom("secret", "Tea secrets", RoomKind.Private), [], None);
        await Rooms.CreateAsync(NewRoom("biscuits", "Teacakes"), [], None);
        await Rooms.CreateAsync(NewRoom("zoo", "Zoo"), [], None);

        Assert.Equal(["biscuits", "tea-time", "zoo"], await IdsAsync(null));
        Assert.Equal(["tea-time", "zoo"], await IdsAsync(null, "biscuits"));
        Assert.Equal(["biscuits", "tea-time"], await IdsAsync("tea"));
        Assert.Equal(["tea-time"], await IdsAsync("tim"));
        Assert.Equal(["tea-time"], await IdsAsync("cafe"));
        Assert.Equal(["biscuits"], (await Rooms.ListPublicAsync("tea", null, 1, None)).Select(r => r.Id));
        await Rooms.UpdateAsync("zoo", new RoomUpdate(Name: "Teapots"), None);
        Assert.Equal(["biscuits", "tea-time", "zoo"], await IdsAsync("tea"));

        async Task<IEnumerable<string>> IdsAsync(string? prefix, string? after = null) =>
            (await Rooms.ListPublicAsync(prefix, after, 10, None)).Select(r => r.Id);
    }

    [Fact]
    public async Task Many_rooms_are_found_at_once_and_those_that_do_not_exist_are_left_out()
    {
        await Rooms.CreateAsync(NewRoom("general"), [], None);
        await Rooms.CreateAsync(NewRoom("tea"), [], None);

        Assert.Equal(["general", "tea"], (await Rooms.FindManyAsync(["tea", "unknown", "general"], None)).Select(r => r.Id).Order(StringComparer.Ordinal));
        Assert.Empty(await Rooms.FindManyAsync([], None));
    }
}
