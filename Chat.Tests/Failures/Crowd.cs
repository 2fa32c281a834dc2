using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>Many sockets of fewer people, who read and say nothing.</summary>
internal sealed class Crowd : IAsyncDisposable
{
    /// <summary>Tabs and devices of one person.</summary>
    public const int SocketsEach = 20;

    private const int RoomsEach = 2;
    private const int ConnectionsPerSecond = 100;
    private const int SignUpsAtOnce = 4;
    private static readonly TimeSpan LiveLimit = TimeSpan.FromMinutes(3);
    private readonly CrowdTraffic _traffic;
    private readonly List<CrowdSocket> _sockets = [];

    private Crowd(CrowdTraffic traffic) => _traffic = traffic;

    public int Count => _sockets.Count;

    /// <summary>How many people the sockets belong to.</summary>
    public int People => (Count + SocketsEach - 1) / SocketsEach;

    public CrowdTraffic Traffic => _traffic;

    /// <summary>What every socket shows of each of its rooms.</summary>
    public IEnumerable<ShownRoom> Shown => _sockets.SelectMany((socket, i) => socket.Screens.Select(s => new ShownRoom(
        string.Create(CultureInfo.InvariantCulture, $"{socket.Name}'s socket {i}"), s.RoomId, s.Messages)));

    /// <summary>Signs people up, lets each join some of the rooms, and begins to connect.</summary>
    public static async Task<Crowd> GatherAsync(
        IReadOnlyList<Uri> apis, IReadOnlyList<string> rooms, int sockets, int seed, bool readsRoomList,
        CancellationToken cancellationToken)
    {
        var crowd = new Crowd(new CrowdTraffic(apis));
        try
        {
            var members = new CrowdMember[(sockets + SocketsEach - 1) / SocketsEach];
            await Parallel.ForAsync(
                0, members.Length, new ParallelOptions { MaxDegreeOfParallelism = SignUpsAtOnce, CancellationToken = cancellationToken },
                async (i, token) => members[i] = await SignUpAsync(
                    apis[i % apis.Count], $"c{i}-{seed}",
                    [.. Enumerable.Range(0, RoomsEach).Select(n => rooms[(i + n) % rooms.Count])], token));
            for (var i = 0; i < sockets; i++)
            {
                var socket = new CrowdSocket(
                    members[i % members.Length], crowd._traffic, i / members.Length, sockets * RoomsEach / rooms.Count, readsRoomList);
                crowd._sockets.Add(socket);
                socket.Start(TimeSpan.FromSeconds((double)i / ConnectionsPerSecond));
            }

            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    /// <summary>How long until every socket shows, with nothing missing, a message of each of its rooms that was sent after now.</summary>
    public async Task<TimeSpan> UntilLiveAsync(CancellationToken cancellationToken)
    {
        var since = DateTimeOffset.UtcNow;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (_sockets.Where(s => !s.IsLiveSince(since)).Take(5).ToList() is { Count: > 0 } waiting)
        {
            Assert.True(
                clock.Elapsed < LiveLimit,
                $"{_sockets.Count(s => !s.IsLiveSince(since))} of {Count} sockets are not live within {LiveLimit}: "
                + $"{string.Join("; ", waiting)}.");
            await Task.Delay(50, cancellationToken);
        }

        return clock.Elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_sockets.Select(s => s.DisposeAsync().AsTask()));
        _traffic.Dispose();
    }

    private static async Task<CrowdMember> SignUpAsync(
        Uri api, string username, IReadOnlyList<string> rooms, CancellationToken cancellationToken)
    {
        var cookies = new CookieContainer();
        using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = api };
        using (var registered = await http.PostAsJsonAsync(
            "/api/auth/register", new Credentials(username, "correct horse battery"), ChatJson.Default.Credentials, cancellationToken))
        {
            registered.EnsureSuccessStatusCode();
        }

        foreach (var room in rooms)
        {
            using var joined = await http.PostAsJsonAsync(
                $"/api/rooms/{room}/members", new AddMemberRequest(), ChatJson.Default.AddMemberRequest, cancellationToken);
            joined.EnsureSuccessStatusCode();
        }

        return new CrowdMember(username, cookies.GetCookieHeader(api), rooms);
    }
}
