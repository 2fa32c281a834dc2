using Chat.Backends.Archive;
using Chat.Backends.Rooms;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>The room store of an instance, with calls that a test makes slow or fail before they reach it.</summary>
internal sealed class RoomStoreFake(IRoomStore inner) : IRoomStore
{
    /// <summary>Runs before <see cref="MembershipsOfAsync"/>; gets the username.</summary>
    public Func<string, CancellationToken, Task>? BeforeMemberships { get; set; }

    /// <summary>Runs before every call that concerns one room; gets its ID.</summary>
    public Func<string, Task>? BeforeRoom { get; set; }

    /// <summary>Runs after the membership was read and before the caller has it.</summary>
    public Func<string, string, Task>? AfterMembership { get; set; }

    /// <summary>How often the memberships of one person were asked for.</summary>
    public int MembershipCalls { get; private set; }

    public Task<bool> CreateAsync(Room room, IReadOnlyList<Membership> members, CancellationToken cancellationToken) =>
        inner.CreateAsync(room, members, cancellationToken);

    public async Task<Room?> FindAsync(string roomId, CancellationToken cancellationToken)
    {
        await RoomAsync(roomId);
        return await inner.FindAsync(roomId, cancellationToken);
    }

    public Task<IReadOnlyList<Room>> FindManyAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        inner.FindManyAsync(roomIds, cancellationToken);

    public Task<Room?> UpdateAsync(string roomId, RoomUpdate update, CancellationToken cancellationToken) =>
        inner.UpdateAsync(roomId, update, cancellationToken);

    public Task<IReadOnlyList<Room>> ListPublicAsync(string? prefix, string? afterId, int limit, CancellationToken cancellationToken) =>
        inner.ListPublicAsync(prefix, afterId, limit, cancellationToken);

    public async Task<Membership?> FindMembershipAsync(string roomId, string username, CancellationToken cancellationToken)
    {
        await RoomAsync(roomId);
        var found = await inner.FindMembershipAsync(roomId, username, cancellationToken);
        if (AfterMembership is { } after)
        {
            await after(roomId, username);
        }

        return found;
    }

    public async Task<IReadOnlyList<Membership>> MembershipsOfAsync(string username, CancellationToken cancellationToken)
    {
        MembershipCalls++;
        if (BeforeMemberships is { } before)
        {
            await before(username, cancellationToken);
        }

        return await inner.MembershipsOfAsync(username, cancellationToken);
    }

    public async Task<IReadOnlyList<Membership>> MembersOfAsync(string roomId, CancellationToken cancellationToken)
    {
        await RoomAsync(roomId);
        return await inner.MembersOfAsync(roomId, cancellationToken);
    }

    public Task<IReadOnlyDictionary<string, int>> CountMembersAsync(IReadOnlyCollection<string> roomIds, CancellationToken cancellationToken) =>
        inner.CountMembersAsync(roomIds, cancellationToken);

    public Task<bool> AddMemberAsync(Membership membership, CancellationToken cancellationToken) => inner.AddMemberAsync(membership, cancellationToken);

    public Task<bool> RemoveMemberAsync(string roomId, string username, CancellationToken cancellationToken) =>
        inner.RemoveMemberAsync(roomId, username, cancellationToken);

    public Task<Membership?> UpdateMemberAsync(
        string roomId, string username, Chat.Contracts.MemberRole? role, bool? muted, CancellationToken cancellationToken) =>
        inner.UpdateMemberAsync(roomId, username, role, muted, cancellationToken);

    public Task<bool> MarkReadAsync(string roomId, string username, MessageCursor upTo, CancellationToken cancellationToken) =>
        inner.MarkReadAsync(roomId, username, upTo, cancellationToken);

    private Task RoomAsync(string roomId) => BeforeRoom?.Invoke(roomId) ?? Task.CompletedTask;
}

internal static class RoomStoreFakes
{
    /// <summary>Another instance whose room store does as the test says.</summary>
    public static ApiInstance StartWithRooms(
        this ApiFixture api, out Func<RoomStoreFake> rooms, Action<RoomStoreFake>? prepare = null, Action<IServiceCollection>? configure = null)
    {
        RoomStoreFake? fake = null;
        rooms = () => fake!;
        return api.StartAnother(services =>
        {
            var registered = services.Last(s => s.ServiceType == typeof(IRoomStore)).ImplementationFactory!;
            services.AddSingleton<IRoomStore>(s =>
            {
                fake = new RoomStoreFake((IRoomStore)registered(s));
                prepare?.Invoke(fake);
                return fake;
            });
            configure?.Invoke(services);
        });
    }
}
