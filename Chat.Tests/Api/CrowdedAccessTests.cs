using Chat.Api.Rooms;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>What many calls of the same people ask of the database.</summary>
[Collection(ApiGroup.Name)]
public sealed class CrowdedAccessTests(ApiFixture api)
{
    [Fact]
    public async Task Two_hundred_calls_at_once_ask_a_slow_database_twice_at_most()
    {
        await using var instance = api.StartWithRooms(out var rooms);
        await using var user = await TestUser.SignedUpAsync(api.First);
        var room = await user.RoomAsync();
        var access = instance.Services.GetRequiredService<RoomAccess>();
        var (answers, asked) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        rooms().BeforeRoom = async id =>
        {
            if (id == room.Id)
            {
                Interlocked.Increment(ref asked);
                await answers.Task;
            }
        };

        var calls = Enumerable.Range(0, 200).Select(_ => access.FindAsync(room.Id, user.Name, default).AsTask()).ToList();
        answers.SetResult();

        Assert.All(await Task.WhenAll(calls), Assert.NotNull);
        // The room and the membership: once for the first call, once for those that came meanwhile.
        Assert.InRange(asked, 2, 4);
    }
}
