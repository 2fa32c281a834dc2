using Chat.Backends.Archive;
using Chat.Contracts;

namespace Chat.Tests.Backends.Rooms;

public abstract partial class RoomStoreContract
{
    [Fact]
    public async Task Adding_somebody_twice_changes_nothing_the_second_time()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "alice", MemberRole.Owner)], None);

        Assert.True(await Rooms.AddMemberAsync(Member("general", "bob"), None));
        Assert.False(await Rooms.AddMemberAsync(Member("general", "bob", MemberRole.Owner), None));
        Assert.False(await Rooms.AddMemberAsync(Member("general", "alice"), None));

        Assert.Equal(
            [("alice", MemberRole.Owner), ("bob", MemberRole.Member)],
            (await Rooms.MembersOfAsync("general", None)).Select(m => (m.Username, m.Role)));
    }

    [Fact]
    public async Task Somebody_removed_is_no_member_any_more()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "alice"), Member("general", "bob")], None);

        Assert.True(await Rooms.RemoveMemberAsync("general", "bob", None));
        Assert.False(await Rooms.RemoveMemberAsync("general", "bob", None));

        Assert.Null(await Rooms.FindMembershipAsync("general", "bob", None));
        Assert.Empty(await Rooms.MembershipsOfAsync("bob", None));
        Assert.Equal(["alice"], (await Rooms.MembersOfAsync("general", None)).Select(m => m.Username));
    }

    [Fact]
    public async Task Memberships_are_found_by_person_and_counted_by_room()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "alice"), Member("general", "bob")], None);
        await Rooms.CreateAsync(NewRoom("tea"), [Member("tea", "alice")], None);
        await Rooms.CreateAsync(NewRoom("empty"), [], None);

        Assert.Equal(["general", "tea"], (await Rooms.MembershipsOfAsync("alice", None)).Select(m => m.RoomId).Order(StringComparer.Ordinal));
        var counts = await Rooms.CountMembersAsync(["general", "tea", "empty"], None);
        Assert.Equal((2, 1, 0), (counts["general"], counts["tea"], counts.GetValueOrDefault("empty")));
    }

    [Fact]
    public async Task A_members_role_and_muting_are_set_one_by_one()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "bob")], None);

        Assert.Equal(Member("general", "bob", MemberRole.Moderator), await Rooms.UpdateMemberAsync("general", "bob", MemberRole.Moderator, null, None));
        Assert.Equal(
            Member("general", "bob", MemberRole.Moderator) with { Muted = true },
            await Rooms.UpdateMemberAsync("general", "bob", null, muted: true, None));
        Assert.Null(await Rooms.UpdateMemberAsync("general", "nobody", null, muted: true, None));
        Assert.True((await Rooms.FindMembershipAsync("general", "bob", None))!.Muted);
    }

    [Fact]
    public async Task The_read_mark_moves_forward_only()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "bob")], None);
        var early = new MessageCursor(Said.Noon, MessageId.For("alice", "1"));
        var late = new MessageCursor(Said.Noon.AddMilliseconds(1), MessageId.For("alice", "2"));

        Assert.True(await Rooms.MarkReadAsync("general", "bob", early, None));
        Assert.True(await Rooms.MarkReadAsync("general", "bob", late, None));
        Assert.False(await Rooms.MarkReadAsync("general", "bob", early, None));
        Assert.False(await Rooms.MarkReadAsync("general", "bob", late, None));
        Assert.False(await Rooms.MarkReadAsync("general", "nobody", late, None));

        Assert.Equal(late, (await Rooms.FindMembershipAsync("general", "bob", None))!.ReadUpTo);
    }

    [Fact]
    public async Task Read_marks_of_one_millisecond_are_ordered_by_id()
    {
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "bob")], None);
        var a = new MessageCursor(Said.Noon, new string('a', 32));
        var b = new MessageCursor(Said.Noon, new string('b', 32));

        Assert.True(await Rooms.MarkReadAsync("general", "bob", a, None));
        Assert.True(await Rooms.MarkReadAsync("general", "bob", b, None));
        Assert.False(await Rooms.MarkReadAsync("general", "bob", a, None));
    }

    [Fact]
    public async Task Marks_set_at_the_same_time_from_several_places_end_at_the_latest()
    {
        var other = await OpenAsync();
        await Rooms.CreateAsync(NewRoom("general"), [Member("general", "bob")], None);
        var marks = Enumerable.Range(0, 20).Select(i => new MessageCursor(Said.Noon.AddMilliseconds(i), MessageId.For("alice", $"{i}"))).ToArray();
        new Random(5).Shuffle(marks);

        await Task.WhenAll(marks.Select((mark, i) => (i % 2 == 0 ? Rooms : other).MarkReadAsync("general", "bob", mark, None)));

        Assert.Equal(Said.Noon.AddMilliseconds(19), (await Rooms.FindMembershipAsync("general", "bob", None))!.ReadUpTo!.Value.Timestamp);
    }
}
