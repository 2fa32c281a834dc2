using Chat.Api.Realtime;
using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

/// <summary>What clients are told when events between the pods may have been missed.</summary>
[Collection(ApiGroup.Name)]
public sealed class ResyncTests(ApiFixture api)
{
    [Fact]
    public async Task After_a_gap_every_client_is_told_to_resync_at_a_moment_of_its_own_and_a_new_one_at_once()
    {
        await using var instance = api.StartAnother();
        await using var user = await TestUser.SignedUpAsync(instance);
        var clients = Enumerable.Range(0, 6).Select(_ => new Events()).ToList();
        foreach (var client in clients)
        {
            await user.ConnectAsync(client);
        }

        var transport = instance.Services.GetServices<IPodTransport>().First();
        ((IPodReceiver)instance.Services.GetRequiredService<IPodChannel>()).OnGap(transport);
        var told = await Task.WhenAll(clients.Select(c => c.NextAsync<ResyncEvent>()));

        // Six clients are spread over 30 ms; that all six get less than one has a chance of one in 700 million.
        Assert.All(told, r => Assert.InRange(r.DelayMilliseconds ?? 0, 0, 30));
        Assert.Contains(told, r => r.DelayMilliseconds > 0);
        Assert.True(told.Distinct().Count() > 1, "Everybody was told the same moment.");
    }

    [Fact]
    public void Of_a_crowd_that_connects_a_few_fetch_at_once_and_the_others_one_after_the_other()
    {
        var time = new FakeTimeProvider();
        var arrivals = new ArrivalSpread(time);

        var crowd = Enumerable.Range(0, 2_000).Select(_ => arrivals.Next() ?? 0).ToList();
        Assert.All(crowd.Take(ArrivalSpread.AtOnce), delay => Assert.Equal(0, delay));
        Assert.Equal(crowd.Order(), crowd);
        // Two hundred a second.
        Assert.InRange(crowd[^1], 9_800, 10_000);
        Assert.All(crowd.GroupBy(delay => delay / 1_000), second => Assert.InRange(second.Count(), 1, 200 + ArrivalSpread.AtOnce));

        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(arrivals.Next());
    }

    [Fact]
    public void A_crowd_too_large_for_half_a_minute_is_spread_over_half_a_minute()
    {
        var arrivals = new ArrivalSpread(new FakeTimeProvider());
        var crowd = Enumerable.Range(0, 20_000).Select(_ => arrivals.Next() ?? 0).ToList();
        Assert.All(crowd, delay => Assert.InRange(delay, 0, 30_000));
        Assert.InRange(crowd.Skip(10_000).Average(), 14_000, 16_000);
    }
}
