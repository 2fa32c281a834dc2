using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Chat.Standalone.Running;

/// <summary>
/// One stable address before the processes of a resource, at the level of TCP, so WebSockets, server-sent events and TLS pass
/// as they are. A connection stays with its process. New ones go round the healthy processes; when none is, to those that run;
/// when none runs, they wait a little for one.
/// </summary>
internal sealed partial class EndpointProxy(Func<IReadOnlyList<int>> targetPorts, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);
    private readonly List<TcpListener> _listeners = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Task> _accepting = [];
    private int _turn;

    public int Port { get; private set; }

    /// <summary>Listens on the port asked for, or on a free one where that is taken or none is asked for.</summary>
    public void Listen(int? wanted)
    {
        var first = wanted is { } port && TryListen(IPAddress.Loopback, port) is { } asked ? asked : TryListen(IPAddress.Loopback, 0)!;
        Port = ((IPEndPoint)first.LocalEndpoint).Port;
        _listeners.Add(first);
        // Browsers may resolve localhost to ::1 first. On a machine without IPv6, or where it is taken, they fall back.
        if (Socket.OSSupportsIPv6 && TryListen(IPAddress.IPv6Loopback, Port) is { } second)
        {
            _listeners.Add(second);
        }

        _accepting.AddRange(_listeners.Select(AcceptAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listeners.ForEach(l => l.Stop());
        await Task.WhenAll(_accepting);
        _closing.Dispose();
    }

    private static TcpListener? TryListen(IPAddress address, int port)
    {
        var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException) when (port != 0)
        {
            listener.Dispose();
            return null;
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptSocketAsync(_closing.Token);
                _ = ServeAsync(client, _closing.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException e)
            {
                LogAccept(Port, e.SocketErrorCode);
            }
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellationToken)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                using var upstream = await ConnectAsync(cancellationToken);
                if (upstream is null)
                {
                    return;
                }

                using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAll(PumpAsync(client, upstream, broken), PumpAsync(upstream, client, broken));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side went away: the other is closed with it, which is all that a proxy can say.
            }
        }
    }

    private async Task<Socket?> ConnectAsync(CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        do
        {
            var ports = targetPorts();
            for (var i = 0; i < ports.Count; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, ports[(int)((uint)Interlocked.Increment(ref _turn) % ports.Count)], cancellationToken);
                    return socket;
                }
                catch (SocketException)
                {
                    // It died a moment ago: the next one.
                    socket.Dispose();
                }
            }

            await Task.Delay(Retry, clock, cancellationToken);
        }
        while (clock.GetElapsedTime(since) < Patience);
        return null;
    }

    private static async Task PumpAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, broken.Token)) > 0)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), broken.Token);
                }
            }

            // The other direction may still have something to say.
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
    }

    [LoggerMessage(4201, LogLevel.Warning, "The address on port {Port} could not take a connection: {Error}.")]
    private partial void LogAccept(int port, SocketError error);
}
