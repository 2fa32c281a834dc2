using System.Net;
using System.Net.Sockets;

namespace Chat.Benchmarks.Web;

/// <summary>
/// Stands between a browser and the pages and counts what really crosses the wire, headers and service workers included. Nothing is
/// encrypted and HTTP/1.1 is spoken, so that is what a proxy of the same origin would see.
/// </summary>
internal sealed class WireMeter : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Uri _target;
    private readonly Task _accepting;
    private long _down;

    public WireMeter(Uri target)
    {
        _target = target;
        _listener.Start();
        Url = new Uri($"http://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>Bytes that came down to the browser since the last <see cref="Reset"/>.</summary>
    public long Down => Interlocked.Read(ref _down);

    public void Reset() => Interlocked.Exchange(ref _down, 0);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The measuring is over.
        }
    }

    private async Task RelayAsync(TcpClient browser)
    {
        using var owned = browser;
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(_target.Host, _target.Port, _stopping.Token);
            browser.NoDelay = server.NoDelay = true;
            var up = CopyAsync(browser.GetStream(), server.GetStream(), counted: false);
            var down = CopyAsync(server.GetStream(), browser.GetStream(), counted: true);
            await Task.WhenAny(up, down);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
        {
            // Either side went away.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool counted)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _stopping.Token) is > 0 and var read)
            {
                if (counted)
                {
                    Interlocked.Add(ref _down, read);
                }

                await to.WriteAsync(buffer.AsMemory(0, read), _stopping.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Either side went away.
        }
    }
}
