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
    Messages.SavedPages pages,
    IRecentMessages recent,
    RecheckSignal recheck,
    TimeProvider time,
    ILogger<PodBridge> logger) : IHostedService
{
    private static readonly TimeSpan FarewellTime = TimeSpan.FromMilliseconds(250);
    private static readonly System.Diagnostics.Metrics.Counter<long> Resyncs = Telemetry.Meter.CreateCounter<long>("chat.resyncs");
    private static readonly System.Diagnostics.Metrics.Counter<long> Failures = Telemetry.Meter.CreateCounter<long>("chat.pod_events.failures");

    private readonly ArrivalSpread _arrivals = new(time);

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
    public void ShowHere(Message message) => hub.Clients.Group(message.RoomId).MessageReceived(message).NotAwaited();

    /// <summary>This pod's connections only, as for a message.</summary>
    public void ShowHere(MessageChange change)
    {
        var group = hub.Clients.Group(change.RoomId);
        var telling = change switch
        {
            MessageEdited edited => group.MessageEdited(edited),
            MessageDeleted deleted => group.MessageDeleted(deleted),
            ReactionChanged reaction => group.ReactionChanged(reaction),
            _ => throw new NotSupportedException(change.GetType().Name),
        };
        telling.NotAwaited();
    }

    /// <summary>
    /// A new connection enters all of its user's rooms. The client counts as connected before that is done, so it is told, once it hears
    /// of everything, to fetch what came in between. If this fails, or the client goes meanwhile, nothing of the connection is left:
    /// SignalR reports only the end of connections that were set up.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task ConnectedAsync(Connection connection, CancellationToken aborted)
    {
        using var gone = aborted.Register(() => Disconnected(connection));
        try
        {
            using (await connections.TurnAsync(connection.Username, aborted))
            {
                if (!connections.Add(connection))
                {
                    throw new OperationCanceledException("The connection closed while it was set up.", aborted);
                }

                // A store that does not look at the token must not hold the user's lock for a client that has gone.
                foreach (var room in await access.RoomsOfAsync(connection.Username, aborted).AsTask().WaitAsync(aborted))
                {
                    await EnterAsync(room, connection, aborted);
                }

                online.Connected(connection.Username);
            }

            hub.Clients.Client(connection.Id).Resync(new ResyncEvent(DelayMilliseconds: _arrivals.Next())).NotAwaited();
        }
        catch
        {
            Disconnected(connection);
            throw;
        }
    }

    /// <summary>Repeating it does nothing.</summary>
    public void Disconnected(Connection connection)
    {
        if (connections.Remove(connection) is not { } departure)
        {
            return;
        }

        online.Disconnected(connection.Username, departure.Rooms);
        foreach (var room in departure.Emptied)
        {
            subscriptions.Leave(room);
        }
    }

    /// <summary>Tells the client that its session ended, and closes. The pause lets the event out before the connection goes.</summary>
    public async Task EndAsync(Connection connection)
    {
        hub.Clients.Client(connection.Id).SessionEnded().NotAwaited();
        await Task.Delay(FarewellTime, time, CancellationToken.None);
        connection.Abort();
    }

    private async Task OnHeardAsync(PodEvent podEvent)
    {
        await OnEventAsync(podEvent);
        if (podEvent is MessageWasChanged { Change: { Seq: 0 } change }
            && await recent.ApplyAgainAsync(change, CancellationToken.None) is { } numbered)
        {
            ShowHere(numbered);
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
            // The channel goes on with the next event. The clients that this one concerned are told to look for themselves.
            Failures.Add(1);
            LogFailed(podEvent.GetType().Name, e);
            if (((podEvent as MembershipChanged)?.Room ?? podEvent.RoomId) is { } room)
            {
                Resync(room, connections.In([room]));
            }
            else if (podEvent is SessionsEnded or ResyncNeeded)
            {
                recheck.Request();
            }
        }
    }

    private Task ApplyAsync(PodEvent podEvent)
    {
        switch (podEvent)
        {
            case MessageArrived arrived:
                return ApplyAsync(arrived.Message);
            case MessageWasChanged { Change: var change }:
                // Numbers mean nothing to who cannot use Redis, as for messages.
                ShowHere(recent.IsAvailable ? change : change with { Seq = 0, Epoch = "" });
                return Task.CompletedTask;
            case SomebodyTypes typing:
                hub.Clients.Group(typing.Typing.RoomId).Typing(typing.Typing).NotAwaited();
                return Task.CompletedTask;
            case ReadMarkMoved moved:
                hub.Clients.Group(moved.Read.RoomId).ReadChanged(moved.Read).NotAwaited();
                return Task.CompletedTask;
            case RoomWasChanged changed:
                access.Apply(changed);
                hub.Clients.Group(changed.Room.Id).RoomChanged(changed.Room).NotAwaited();
                return Task.CompletedTask;
            case MembershipChanged changed:
                return ApplyAsync(changed);
            case PresenceChanged presence:
                return online.ApplyAsync(presence);
            case SessionsEnded ended:
                Apply(ended);
                return Task.CompletedTask;
            case ResyncNeeded resync:
                Resyncs.Add(1);
                pages.Forget();
                recheck.Request();
                Resync(resync.Room, resync.Room is { } room ? connections.In([room]) : connections.All());
                return Task.CompletedTask;
            default:
                throw new NotSupportedException(podEvent.GetType().Name);
        }
    }

    /// <summary>Tells each of the connections to fetch what it may have missed, at a moment of its own.</summary>
    private void Resync(string? roomId, IReadOnlyCollection<Connection> told)
    {
        foreach (var connection in told)
        {
            hub.Clients.Client(connection.Id).Resync(new ResyncEvent(roomId, ResyncSpread.DelayOneOf(told.Count))).NotAwaited();
        }
    }

    /// <summary>
    /// One without a number is of a pod that could not use Redis, and that may end before it can. So who hears it appends it too: the
    /// first gives the number, the others learn it. Numbers mean nothing to who cannot use Redis: what follows cannot be looked up.
    /// </summary>
    private async Task ApplyAsync(Message message)
    {
        clock.Observe(message);
        ShowHere(recent.IsAvailable ? message : message with { Seq = 0, Epoch = "" });
        if (message.Seq == 0 && await recent.AppendAsync(message, CancellationToken.None) is { } appended)
        {
            ShowHere(message with { Timestamp = appended.Timestamp, Seq = appended.Seq, Epoch = appended.Epoch });
        }
    }

    /// <summary>
    /// Where the user has connections the store says whether they are a member: events of different pods come in any order, and whichever
    /// is applied last reads what holds after all of them.
    /// </summary>
    private async Task ApplyAsync(MembershipChanged change)
    {
        await access.ApplyAsync(change);
        bool isMember = change.IsMember, came = false;
        using (await connections.TurnAsync(change.Username, CancellationToken.None))
        {
            if (connections.IsConnected(change.Username))
            {
                isMember = await IsMemberAsync(change);
                came = isMember && !connections.IsIn(change.Room, change.Username);
                await MoveAsync(change.Room, change.Username, isMember);
            }
        }

        if (!isMember)
        {
            hub.Clients.User(change.Username).RoomRemoved(new RoomRemovedEvent(change.Room)).NotAwaited();
        }
        else if (came)
        {
            // They may have joined and read the history before this pod heard of it. What was said between the two was not pushed
            // to them, and perhaps no later number will come to show it.
            hub.Clients.User(change.Username).Resync(new ResyncEvent(change.Room)).NotAwaited();
        }

        var isConcerned = change.IsPrivate ? connections.IsConnected(change.Username) : connections.IsHere(change.Room);
        if (isConcerned && await DescribeAsync(change.Room) is { } room)
        {
            // Everybody in it sees the number of members, and who came sees the room.
            (change.IsPrivate ? hub.Clients.User(change.Username) : hub.Clients.Group(change.Room)).RoomChanged(room).NotAwaited();
        }
    }

    private async Task MoveAsync(string roomId, string username, bool isMember)
    {
        foreach (var connection in connections.Of(username))
        {
            if (isMember)
            {
                await EnterAsync(roomId, connection, CancellationToken.None);
            }
            else
            {
                await hub.Groups.RemoveFromGroupAsync(connection.Id, roomId);
            }
        }

        if (!isMember && connections.Leave(roomId, username))
        {
            subscriptions.Leave(roomId);
        }
    }

    private async Task<bool> IsMemberAsync(MembershipChanged change)
    {
        try
        {
            return await rooms.FindMembershipAsync(change.Room, change.Username, CancellationToken.None) is not null;
        }
        catch (BackendUnavailableException unavailable)
        {
            access.NoteFallback(unavailable);
            return change.IsMember;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever is wrong with the store, who was removed must not stay in.
            LogFailed(nameof(MembershipChanged), e);
            return change.IsMember;
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

    private void Apply(SessionsEnded ended)
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

        // Closing takes a moment, for which no later event waits.
        Task.WhenAll(closing.Select(EndAsync)).NotAwaited();
    }

    private async Task EnterAsync(string roomId, Connection connection, CancellationToken cancellationToken)
    {
        await hub.Groups.AddToGroupAsync(connection.Id, roomId, cancellationToken);
        if (!connections.Enter(roomId, connection.Username))
        {
            return;
        }

        await subscriptions.EnterAsync(roomId, cancellationToken);
        if (!connections.IsHere(roomId))
        {
            // The user went while the room was subscribed to, and the room's end here was not waited for yet.
            subscriptions.Leave(roomId);
        }
    }

    [LoggerMessage(1300, LogLevel.Error, "An event of kind {Kind} could not be applied")]
    private partial void LogFailed(string kind, Exception exception);
}
