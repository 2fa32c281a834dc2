using Chat.Api.Auth;
using Chat.Api.Presence;
using Chat.Api.Rooms;
using Chat.Backends;
using Chat.Backends.Pods;
using Chat.Backends.Recent;
using Chat.Backends.Rooms;
using Chat.Contracts;
using Chat.ServiceDefaults;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Realtime;

/// <summary>
/// Between the path of the pods and this pod's connections: what happened anywhere is applied here once, whether this pod or
/// another said it. Whoever changes something calls <see cref="PublishAsync"/> and needs to know no more.
/// </summary>
public sealed partial class PodBridge(
    IPodChannel channel,
    IHubContext<ChatHub, IChatClient> hub,
    Connections connections,
    RoomSubscriptions subscriptions,
    RoomAccess access,
    IRoomStore rooms,
    Sessions sessions,
    UserAccounts accounts,
    Online online,
    Messages.RoomClock clock,
    IRecentMessages recent,
    SessionDoubts doubts,
    TimeProvider time,
    ILogger<PodBridge> logger) : IHostedService
{
    private static readonly TimeSpan FarewellTime = TimeSpan.FromMilliseconds(250);
    private static readonly System.Diagnostics.Metrics.Counter<long> Resyncs = Telemetry.Meter.CreateCounter<long>("chat.resyncs");
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.pod_events.failures");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        channel.OnEvent(OnHeardAsync);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Applies the event to this pod and tells the others.</summary>
    public async Task PublishAsync(PodEvent podEvent, CancellationToken cancellationToken)
    {
        await OnEventAsync(podEvent);
        await channel.PublishAsync(podEvent, cancellationToken);
    }

    /// <summary>This pod's connections only: the others have it from Redis.</summary>
    public Task ShowHereAsync(Message message) => hub.Clients.Group(message.RoomId).MessageReceived(message);

    /// <summary>
    /// A new connection enters all of its user's rooms. The client counts as connected before that is done, and may have caught up
    /// already: so it is told, once it hears of everything, to look whether something came in between.
    /// </summary>
    public async Task ConnectedAsync(Connection connection, CancellationToken cancellationToken)
    {
        using (await connections.TurnAsync(connection.Username, cancellationToken))
        {
            connections.Add(connection);
            online.Connected(connection.Username);
            foreach (var room in await access.RoomsOfAsync(connection.Username, cancellationToken))
            {
                await EnterAsync(room, connection, cancellationToken);
            }
        }

        await hub.Clients.Client(connection.Id).Resync(new ResyncEvent());
    }

    public void Disconnected(Connection connection)
    {
        if (connections.Remove(connection, out var emptied))
        {
            online.Disconnected(connection.Username);
        }

        foreach (var room in emptied)
        {
            subscriptions.Leave(room);
        }
    }

    /// <summary>Says so and closes. The pause lets the word out before the connection goes.</summary>
    public async Task EndAsync(Connection connection)
    {
        await hub.Clients.Client(connection.Id).SessionEnded();
        await Task.Delay(FarewellTime, time, CancellationToken.None);
        connection.Abort();
    }

    private async Task OnHeardAsync(PodEvent podEvent)
    {
        await OnEventAsync(podEvent);
        if (podEvent is MessageWasChanged { Applied: false } change)
        {
            await recent.ApplyAsync(change.Change, CancellationToken.None);
        }
    }

    private async Task OnEventAsync(PodEvent podEvent)
    {
        try
        {
            await ApplyAsync(podEvent);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The channel goes on with the next event; the clients of this one are told to look for themselves.
            Failures.Add(1);
            LogFailed(podEvent.GetType().Name, e);
            await hub.Clients.All.Resync(new ResyncEvent(podEvent.RoomId));
        }
    }

    private Task ApplyAsync(PodEvent podEvent)
    {
        switch (podEvent)
        {
            case MessageArrived arrived:
                return ApplyAsync(arrived.Message);
            case MessageWasChanged { Change: MessageEdited edited }:
                return hub.Clients.Group(edited.RoomId).MessageEdited(edited);
            case MessageWasChanged { Change: MessageDeleted deleted }:
                return hub.Clients.Group(deleted.RoomId).MessageDeleted(deleted);
            case MessageWasChanged { Change: ReactionChanged reaction }:
                return hub.Clients.Group(reaction.RoomId).ReactionChanged(reaction);
            case SomebodyTypes typing:
                return hub.Clients.Group(typing.Typing.RoomId).Typing(typing.Typing);
            case ReadMarkMoved moved:
                return hub.Clients.Group(moved.Read.RoomId).ReadChanged(moved.Read);
            case RoomWasChanged changed:
                access.Apply(changed);
                return hub.Clients.Group(changed.Room.Id).RoomChanged(changed.Room);
            case MembershipChanged changed:
                return ApplyAsync(changed);
            case PresenceChanged presence:
                return online.ApplyAsync(presence);
            case SessionsEnded ended:
                return ApplyAsync(ended);
            case ResyncNeeded resync:
                Resyncs.Add(1);
                doubts.Raise();
                return (resync.Room is { } room ? hub.Clients.Group(room) : hub.Clients.All).Resync(new ResyncEvent(resync.Room));
            default:
                throw new NotSupportedException(podEvent.GetType().Name);
        }
    }

    /// <summary>
    /// One without a number is of a pod that could not use Redis, and that may end before it can. So who hears it appends it too: the
    /// first gives the number, the others learn it. Numbers mean nothing to who cannot use Redis: what follows cannot be looked up.
    /// </summary>
    private async Task ApplyAsync(Message message)
    {
        clock.Observe(message);
        await ShowHereAsync(recent.IsAvailable ? message : message with { Seq = 0, Epoch = "" });
        if (message.Seq == 0 && await recent.AppendAsync(message, CancellationToken.None) is { } appended)
        {
            await ShowHereAsync(message with { Timestamp = appended.Timestamp, Seq = appended.Seq, Epoch = appended.Epoch });
        }
    }

    private async Task ApplyAsync(MembershipChanged change)
    {
        access.Apply(change);
        bool came;
        using (await connections.TurnAsync(change.Username, CancellationToken.None))
        {
            came = change.IsMember && !connections.IsIn(change.Room, change.Username);
            foreach (var connection in connections.Of(change.Username))
            {
                if (change.IsMember)
                {
                    await EnterAsync(change.Room, connection, CancellationToken.None);
                }
                else
                {
                    await hub.Groups.RemoveFromGroupAsync(connection.Id, change.Room);
                }
            }

            if (!change.IsMember && connections.Leave(change.Room, change.Username))
            {
                subscriptions.Leave(change.Room);
            }
        }

        if (!change.IsMember)
        {
            await hub.Clients.User(change.Username).RoomRemoved(new RoomRemovedEvent(change.Room));
        }
        else if (came)
        {
            // They may have joined and read the history before this pod heard of it. What was said between the two was not pushed
            // to them, and perhaps no later number will come to show it.
            await hub.Clients.User(change.Username).Resync(new ResyncEvent(change.Room));
        }

        // Everybody in it sees the number of members, and who came sees the room.
        if (connections.IsHere(change.Room) && await DescribeAsync(change.Room) is { } room)
        {
            await hub.Clients.Group(change.Room).RoomChanged(room);
        }
    }

    private async Task<RoomChanged?> DescribeAsync(string roomId)
    {
        try
        {
            var room = await rooms.FindAsync(roomId, CancellationToken.None);
            var members = await rooms.CountMembersAsync([roomId], CancellationToken.None);
            return room is null ? null : RoomEndpoints.Changed(room, members.GetValueOrDefault(roomId));
        }
        catch (BackendUnavailableException away)
        {
            access.NoteFallback(away);
            return null;
        }
    }

    private async Task ApplyAsync(SessionsEnded ended)
    {
        accounts.Forget(ended.Username);
        if (ended.SessionId is { } one)
        {
            sessions.EndedElsewhere(one);
        }

        var closing = connections.Of(ended.Username)
            .Where(c => ended.SessionId is null ? c.SessionId != ended.ExceptSessionId : c.SessionId == ended.SessionId)
            .ToList();
        foreach (var connection in closing)
        {
            sessions.EndedElsewhere(connection.SessionId);
        }

        await Task.WhenAll(closing.Select(EndAsync));
    }

    private async Task EnterAsync(string roomId, Connection connection, CancellationToken cancellationToken)
    {
        await hub.Groups.AddToGroupAsync(connection.Id, roomId, cancellationToken);
        connections.Enter(roomId, connection.Username);
        await subscriptions.EnterAsync(roomId, cancellationToken);
    }

    [LoggerMessage(1300, LogLevel.Error, "An event of kind {Kind} could not be applied")]
    private partial void LogFailed(string kind, Exception exception);
}
