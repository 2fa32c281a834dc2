using System.Collections.Concurrent;
using System.Net.WebSockets;
using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>Somebody with a session and any number of sockets.</summary>
/// <param name="Username">The name.</param>
/// <param name="Cookie">The session's cookies, as a header.</param>
/// <param name="Rooms">The rooms they belong to and look at.</param>
internal sealed record CrowdMember(string Username, string Cookie, IReadOnlyList<string> Rooms);

/// <summary>
/// The crowd's way to the APIs, as through an ingress: a call goes to any of them, and to the next one where nobody listens or where new
/// sockets are refused. Counts what is asked.
/// </summary>
internal sealed class CrowdTraffic(IReadOnlyList<Uri> apis) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(20),
    };

    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>How often what was asked, or happened, since the last call.</summary>
    public IReadOnlyDictionary<string, int> TakeCounts()
    {
        var taken = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var kind in _counts.Keys)
        {
            if (_counts.TryRemove(kind, out var count))
            {
                taken[kind] = count;
            }
        }

        return taken;
    }

    public void Count(string kind) => _counts.AddOrUpdate(kind, 1, static (_, count) => count + 1);

    /// <summary>The answer of the first API that gives one; that may be a refusal.</summary>
    /// <exception cref="HttpRequestException">None answered.</exception>
    public async Task<HttpResponseMessage> GetAsync(string kind, string path, CrowdMember member, CancellationToken cancellationToken)
    {
        var first = Random.Shared.Next(apis.Count);
        for (var i = 0; ; i++)
        {
            Count(kind);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(apis[(int)((uint)(first + i) % (uint)apis.Count)], path));
            request.Headers.Add("Cookie", member.Cookie);
            try
            {
                var answer = await _http.SendAsync(request, cancellationToken);
                if (answer.IsSuccessStatusCode || i == apis.Count - 1)
                {
                    if (!answer.IsSuccessStatusCode)
                    {
                        Count($"{kind}: {(int)answer.StatusCode}");
                    }

                    return answer;
                }

                Count($"{kind}: {(int)answer.StatusCode}");
                answer.Dispose();
            }
            catch (HttpRequestException) when (i < apis.Count - 1)
            {
                // The next one.
            }
        }
    }

    /// <summary>A WebSocket to the hub.</summary>
    /// <exception cref="WebSocketException">No API took it.</exception>
    public async Task<ClientWebSocket> OpenAsync(CrowdMember member, int first, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            Count("sockets");
            var socket = new ClientWebSocket();
            try
            {
                socket.Options.SetRequestHeader("Cookie", member.Cookie);
                socket.Options.KeepAliveInterval = TimeSpan.Zero;
                var api = apis[(int)((uint)(first + i) % (uint)apis.Count)];
                var address = new UriBuilder(new Uri(api, IChatServer.Path)) { Scheme = "ws" }.Uri;
                await socket.ConnectAsync(address, _http, cancellationToken);
                return socket;
            }
            catch (WebSocketException) when (i < apis.Count - 1)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    public void Dispose() => _http.Dispose();
}
