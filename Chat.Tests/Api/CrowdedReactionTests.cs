using Chat.Api.Messages;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Recent;
using Chat.Backends.Rooms;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>Everybody reacts at once. Instances of its own, with more patience for Redis: tests share few cores with it.</summary>
[Collection(ApiGroup.Name)]
public sealed class CrowdedReactionTests(ApiFixture api)
{
    private const int People = 200;

    [Fact]
    public async Task Two_hundred_react_to_one_message_at_once_at_two_instances_and_nobody_is_told_to_resync()
    {
        await using var first = api.StartAnother(WithPatience);
        await using var second = api.StartAnother(WithPatience);
        await using var owner = await TestUser.SignedUpAsync(first);
        await using var reader = await TestUser.SignedUpAsync(second);
        var room = await owner.RoomAsync(members: reader);
        var rooms = first.Services.GetRequiredService<IRoomStore>();
        var people = Enumerable.Range(0, People).Select(i => $"{owner.Name[..12]}-{i}").ToList();
        foreach (var person in people)
        {
            var membership = new Membership { RoomId = room.Id, Username = person, Role = MemberRole.Member, JoinedAt = DateTimeOffset.UtcNow };
            await rooms.AddMemberAsync(membership, default);
        }

        var message = await owner.SayAsync(room.Id, "who comes?");
        var events = new Events();
        await reader.ConnectAsync(events);
        var changers = new[] { first, second }.Select(a => a.Services.GetRequiredService<MessageChanger>()).ToList();

        var outcomes = await Task.WhenAll(people.Select((person, i) =>
            Task.Run(() => changers[i % 2].ReactAsync(person, room.Id, message.Id, "👍", on: true, default))));

        Assert.All(outcomes, o => Assert.Null(o.Refusal));
        var seen = new List<object>();
        await Servers.Eventually.AsyncTrue(() =>
        {
            seen.AddRange(events.Taken());
            return seen.OfType<ReactionChanged>().Select(r => r.Username).Distinct().Count() == People;
        });

        var recently = (await second.Services.GetRequiredService<IRecentMessages>().ReadAsync(room.Id, default))!;
        Assert.Equal(People, Assert.Single(recently.Messages[0].Reactions).Users.Count);
        Assert.DoesNotContain(seen, e => e is ResyncEvent);
        Assert.All([first, second], a => Assert.Equal(0, a.Services.GetRequiredService<RedisGate>().Since));
        var archive = first.Services.GetRequiredService<IMessageArchive>();
        await Servers.Eventually.AsyncTrue(async () =>
            (await archive.FindAsync(message.Id, default))?.Reactions is [{ Users.Count: People }]);
    }

    private static void WithPatience(IServiceCollection services) =>
        services.Configure<RecentOptions>(o => o.Timeout = TimeSpan.FromSeconds(5));
}
