using System.Net;
using Chat.Contracts;

namespace Chat.Tests.Api;

/// <summary>Servers of its own, because it stops one.</summary>
[Collection(ApiGroup.Name)]
public sealed class RedisAwayTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Without_Redis_people_stay_signed_in_sign_in_send_receive_at_both_instances_and_read_all_of_it_later()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var before = await alice.SayAsync(room.Id, "before");
        var events = new Events();
        await bob.ConnectAsync(events);

        await api.Redis.StopAsync();

        var during = await alice.SayAsync(room.Id, "during");
        Assert.Equal(during.Id, (await events.NextAsync<Message>(m => m.Content == "during")).Id);
        await using var device = await alice.OtherDeviceAsync(api.Second);
        await device.GetAsync("/api/rooms").SucceedsAsync(HttpStatusCode.OK);
        await device.GetAsync("/health").SucceedsAsync(HttpStatusCode.OK);
        await ReadsAsync("before", "during");

        await device.PostAsync("/api/auth/logout").SucceedsAsync(HttpStatusCode.NoContent);
        await device.GetAsync("/api/auth/me").RefusedAsync(HttpStatusCode.Unauthorized, ErrorCodes.NotSignedIn);

        await api.Redis.StartAsync();

        await alice.SayAsync(room.Id, "after");
        Assert.Equal("after", (await events.NextAsync<Message>(m => m.Content == "after")).Content);
        await ReadsAsync("before", "during", "after");
        Assert.True(during.Timestamp > before.Timestamp);

        Task ReadsAsync(params string[] contents) => Servers.Eventually.AsyncTrue(async () =>
            await bob.HistoryAsync(room.Id) is { Complete: true } page && page.Messages.Select(m => m.Content).SequenceEqual(contents));
    }
}
