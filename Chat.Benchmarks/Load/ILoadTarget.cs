using System.Net;

namespace Chat.Benchmarks.Load;

/// <summary>What the load is put on: the service, or bare SignalR beside it.</summary>
internal interface ILoadTarget : IAsyncDisposable
{
    /// <summary>Its name in the report.</summary>
    string Name { get; }

    /// <summary>The processes whose processor time is told, by name.</summary>
    IReadOnlyDictionary<string, int> Processes { get; }

    /// <summary>The process that serves the sockets.</summary>
    int ServerId { get; }

    /// <summary>Makes a room and opens sockets of its members.</summary>
    /// <param name="sockets">How many sockets; the members take turns.</param>
    /// <param name="people">The members, by their place among all people of the load; from the start.</param>
    /// <param name="onDelivery">See <see cref="RawHubClient.ConnectAsync"/>; the first argument is the socket's index.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<LoadRoom> OpenRoomAsync(int sockets, Range people, Action<int, long> onDelivery, CancellationToken cancellationToken);
}

/// <summary>A room with the sockets that hear it.</summary>
internal sealed record LoadRoom(string Id, IReadOnlyList<RawHubClient> Sockets) : IAsyncDisposable
{
    /// <summary>Sends one message and waits for its acknowledgement.</summary>
    public Task SendAsync(int socket, CancellationToken cancellationToken) =>
        Sockets[socket].InvokeAsync("SendMessage", LoadMessage.Argument(Id, Guid.CreateVersion7().ToString("N")), cancellationToken);

    public async ValueTask DisposeAsync() => await Task.WhenAll(Sockets.Select(s => s.DisposeAsync().AsTask()));
}

/// <summary>Somebody with a session.</summary>
internal sealed record LoadUser(string Name, CookieContainer Cookies, HttpClient Http);
