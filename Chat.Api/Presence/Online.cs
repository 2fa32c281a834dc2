using System.Threading.Channels;
using Chat.Api.Realtime;
using Chat.Api.Rooms;
using Chat.Backends;
using Chat.Backends.Pods;
using Chat.Backends.Presence;
using Chat.Contracts;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Presence;

/// <summary>
/// Who is online, as this pod knows it: its own users, what other pods say as it happens, and every few seconds the store's word,
/// which also notices pods that died. Those who share a room with somebody hear of it. Best effort, like everything about presence.
/// </summary>
public sealed class Online(
    IPresenceStore store,
    IPodChannel channel,
    IHubContext<ChatHub, IChatClient> hub,
    Connections connections,
    RoomAccess access,
    TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(15);
    private readonly Channel<(string Username, bool Online)> _news = Channel.CreateUnbounded<(string, bool)>();
    private readonly Lock _gate = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public void Connected(string username) => _news.Writer.TryWrite((username, true));

    /// <summary>The user's last connection here is gone; a page that reloads is back before anybody notices.</summary>
    public void Disconnected(string username) => _ = LaterAsync(username);

    /// <summary>Everybody who is online anywhere, as far as this pod knows.</summary>
    public ValueTask<IReadOnlySet<string>> NowAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return new(_known.Concat(connections.Users()).ToHashSet(StringComparer.Ordinal));
        }
    }

    /// <summary>Another pod, or this one, says so.</summary>
    public Task ApplyAsync(PresenceChanged presence)
    {
        ArgumentNullException.ThrowIfNull(presence);
        return !presence.Online && connections.Of(presence.Username).Count > 0
            ? Task.CompletedTask
            : NotifyAsync(presence.Username, presence.Online);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await store.WithdrawAsync(channel.PodId, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(ReadNewsAsync(stoppingToken), RenewAsync(stoppingToken));
    }

    private async Task ReadNewsAsync(CancellationToken cancellationToken)
    {
        await foreach (var (username, online) in _news.Reader.ReadAllAsync(cancellationToken))
        {
            await store.ReportAsync(channel.PodId, connections.Users(), cancellationToken);
            if (online)
            {
                if (await NotifyAsync(username, true))
                {
                    await channel.PublishAsync(new PresenceChanged(username, true), cancellationToken);
                }
            }
            else if (connections.Of(username).Count == 0
                && await store.OnlineAsync(cancellationToken) is var everywhere
                && everywhere?.Contains(username) != true
                && await NotifyAsync(username, false))
            {
                await channel.PublishAsync(new PresenceChanged(username, false), cancellationToken);
            }
        }
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Renewal, time);
        do
        {
            await store.ReportAsync(channel.PodId, connections.Users(), cancellationToken);
            if (await store.OnlineAsync(cancellationToken) is not { } everywhere)
            {
                continue;
            }

            string[] known;
            lock (_gate)
            {
                known = [.. _known];
            }

            foreach (var gone in known.Where(u => !everywhere.Contains(u) && connections.Of(u).Count == 0))
            {
                await NotifyAsync(gone, false);
            }

            foreach (var come in everywhere.Except(known))
            {
                await NotifyAsync(come, true);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task LaterAsync(string username)
    {
        await Task.Delay(Linger, time);
        _news.Writer.TryWrite((username, false));
    }

    /// <summary>False when it is no news here.</summary>
    private async Task<bool> NotifyAsync(string username, bool online)
    {
        lock (_gate)
        {
            if (!(online ? _known.Add(username) : _known.Remove(username)))
            {
                return false;
            }
        }

        try
        {
            var rooms = await access.RoomsOfAsync(username, CancellationToken.None);
            await hub.Clients.Users(connections.UsersIn(rooms)).PresenceChanged(new PresenceEvent(username, online));
        }
        catch (BackendUnavailableException away)
        {
            access.NoteFallback(away);
        }

        return true;
    }
}
