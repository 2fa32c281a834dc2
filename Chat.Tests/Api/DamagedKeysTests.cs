using System.Net;
using Chat.Backends.Recent;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Chat.Tests.Api;

/// <summary>Another program damages keys in Redis; people notice nothing.</summary>
[Collection(ApiGroup.Name)]
public sealed class DamagedKeysTests(ApiFixture api)
{
    [Theory]
    [InlineData("room:<id>:messages", RedisType.List)]
    [InlineData("{room:<id>:messages}:meta", RedisType.Hash)]
    [InlineData("{room:<id>:messages}:ids", RedisType.Hash)]
    [InlineData("{room:<id>:messages}:times", RedisType.SortedSet)]
    public async Task A_damaged_key_of_a_room_costs_no_answer_and_what_is_sent_is_shown_everywhere(string pattern, RedisType type)
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var before = await alice.SayAsync(room.Id, "before");
        var atBob = new Events();
        await bob.ConnectAsync(atBob);
        await Servers.Eventually.AsyncTrue(async () => await bob.HistoryAsync(room.Id) is { Complete: true, Messages.Count: 1 });
        using var other = await ConnectionMultiplexer.ConnectAsync(api.Redis.ConnectionString);
        var key = pattern.Replace("<id>", room.Id, StringComparison.Ordinal);
        var path = $"/api/rooms/{room.Id}/messages/{before.Id}";

        await DamagedAsync(() => alice.PutAsync($"{path}/reactions/🎉").SucceedsAsync(HttpStatusCode.NoContent));
        await DamagedAsync(() => alice.PatchAsync(path, new EditContentRequest("edited")).SucceedsAsync(HttpStatusCode.NoContent));
        await DamagedAsync(() =>
            bob.PostAsync($"/api/rooms/{room.Id}/read", new ReadRequest(before.Id)).SucceedsAsync(HttpStatusCode.NoContent));
        await DamagedAsync(() => bob.GetAsync("/api/rooms").SucceedsAsync(HttpStatusCode.OK));
        await DamagedAsync(() => bob.GetAsync($"/api/rooms/{room.Id}/messages").SucceedsAsync(HttpStatusCode.OK));
        Message? sent = null;
        await DamagedAsync(async () => sent = await alice.SayAsync(room.Id, "sent", "c-sent"));

        Assert.Equal((1, true), (sent!.Seq, string.CompareOrdinal(sent.Epoch, before.Epoch) > 0));
        var shown = await atBob.NextAsync<Message>();
        Assert.Equal((sent.Id, sent.Seq, sent.Epoch), (shown.Id, shown.Seq, shown.Epoch));
        Assert.Equal((sent.Id, sent.Seq), await SayAgainAsync());
        Assert.Equal(2, (await alice.SayAsync(room.Id, "after")).Seq);
        Assert.Equal("after", (await atBob.NextAsync<Message>()).Content);
        Assert.Equal(type, await other.GetDatabase().KeyTypeAsync(key));
        await Servers.Eventually.AsyncTrue(async () => await bob.HistoryAsync(room.Id) is { Complete: true } page
            && page.Messages.Select(m => m.Content).SequenceEqual(["edited", "sent", "after"])
            && page.Messages[0].Reactions.Count == 1);
        Assert.All([api.First, api.Second], a => Assert.True(a.Services.GetRequiredService<IRecentMessages>().IsAvailable));

        async Task DamagedAsync(Func<Task> call)
        {
            await other.GetDatabase().KeyDeleteAsync(key);
            await other.GetDatabase().StringSetAsync(key, "x");
            await call();
        }

        async Task<(string, long)> SayAgainAsync()
        {
            var again = await alice.SayAsync(room.Id, "sent", "c-sent");
            return (again.Id, again.Seq);
        }
    }

    [Fact]
    public async Task Damaged_keys_of_people_sign_nobody_out_and_let_them_sign_in_and_be_present()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        await alice.RoomAsync(members: bob);
        using var other = await ConnectionMultiplexer.ConnectAsync(api.Redis.ConnectionString);
        var database = other.GetDatabase();
        using var listed = await alice.GetAsync("/api/auth/sessions");
        var session = Assert.Single(await listed.ReadAsync<IReadOnlyList<SessionInfo>>(HttpStatusCode.OK));

        await DamageAsync($"session:{session.Id}");
        await alice.GetAsync("/api/auth/me").SucceedsAsync(HttpStatusCode.OK);
        Assert.Equal(RedisType.String, await database.KeyTypeAsync($"session:{session.Id}"));
        await DamageAsync($"user:{alice.Name}:sessions");
        await alice.GetAsync("/api/auth/sessions").SucceedsAsync(HttpStatusCode.OK);
        await DamageAsync($"user:{alice.Name}:sessions");
        await using var device = await alice.OtherDeviceAsync();
        await device.PostAsync("/api/auth/logout").SucceedsAsync(HttpStatusCode.NoContent);

        await DamageAsync("presence");
        var events = new Events();
        await alice.ConnectAsync(events);
        await bob.ConnectAsync();
        Assert.True((await events.NextAsync<PresenceEvent>(p => p.Username == bob.Name)).Online);

        async Task DamageAsync(string key)
        {
            await database.KeyDeleteAsync(key);
            await database.SetAddAsync(key, "x");
        }
    }
}
