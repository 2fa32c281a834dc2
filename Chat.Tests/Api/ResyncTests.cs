using Chat.Backends.Pods;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;

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
}
