using Chat.Tests.Backends.Pods;
using StackExchange.Redis;

namespace Chat.Tests.Backends.Recent;

public abstract partial class RecentMessagesContract
{
    [Fact]
    public async Task Of_many_rooms_what_is_newer_than_a_time_is_read_and_proven_like_the_whole_list()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var (normal, late, none) = ($"{_room}-normal", $"{_room}-late", $"{_room}-none");
        foreach (var i in new[] { 1, 2, 3, 4, 5, 6 })
        {
            await pod.Recent.AppendAsync(Message(i) with { RoomId = normal }, default);
        }

        foreach (var i in new[] { 1, 2, 5, 3, 6 })
        {
            await pod.Recent.AppendAsync(Message(i) with { RoomId = late }, default);
        }

        var since = Message(4).Timestamp;
        var times = new[] { normal, late, none }.ToDictionary(room => room, _ => since);
        var windows = (await pod.Recent.ReadSinceAsync(times, default))!;

        // The last that is older shows that nothing is missing.
        Assert.Equal(["text 3", "text 4", "text 5", "text 6"], windows[normal].Messages.Select(m => m.Content));
        Assert.Equal(["text 2", "text 3", "text 5", "text 6"], windows[late].Messages.Select(m => m.Content));
        Assert.Equal((0, 0), (windows[normal].ContiguousFrom, windows[late].ContiguousFrom));
        Assert.Empty(windows[none].Messages);
        Assert.Equal(3, windows.Count);
    }

    [Fact]
    public async Task A_room_whose_messages_were_changed_is_read_together_with_the_others()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        foreach (var i in new[] { 1, 2, 3, 4, 5, 6 })
        {
            await pod.Recent.AppendAsync(Message(i), default);
        }

        await pod.Recent.ApplyAsync(Reaction(6, "ann"), default);
        var windows = (await pod.Recent.ReadSinceAsync(
            new Dictionary<string, DateTimeOffset> { [_room] = Message(4).Timestamp }, default))!;

        // Read by itself, as a damaged room is, the list would be here as a whole.
        Assert.Equal(["text 3", "text 4", "text 5", "text 6"], windows[_room].Messages.Select(m => m.Content));
        Assert.Equal(["ann"], windows[_room].Messages[^1].Reactions.Single().Users);
        Assert.True(windows[_room].HasChanges);
    }

    [Fact]
    public async Task A_damaged_room_among_many_is_healed_and_the_others_are_read()
    {
        await using var pod = await TestPod.StartAsync(ConnectionString);
        var sound = $"{_room}-sound";
        await pod.Recent.AppendAsync(Message(1), default);
        await pod.Recent.AppendAsync(Message(1) with { RoomId = sound }, default);
        using var other = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
        await other.GetDatabase().KeyDeleteAsync($"room:{_room}:messages");
        await other.GetDatabase().StringSetAsync($"room:{_room}:messages", "x");

        var windows = (await pod.Recent.ReadSinceAsync(
            new Dictionary<string, DateTimeOffset> { [_room] = default, [sound] = default }, default))!;

        Assert.Single(windows[sound].Messages);
        Assert.Empty(windows[_room].Messages);
        Assert.True(pod.Recent.IsAvailable);
        Assert.NotNull(await pod.Recent.AppendAsync(Message(2), default));
    }
}
