using System.Net;
using System.Net.Sockets;

namespace Chat.Servers;

/// <summary>
/// Loopback ports that nobody uses. The system may still hand one to somebody else before it is listened on; within
/// this process none is given twice.
/// </summary>
public static class FreePort
{
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            // Redis Cluster adds 10,000 for its bus.
            lock (Given)
            {
                if (port <= 55_000 && Given.Add(port))
                {
                    return port;
                }
            }
        }

        throw new InvalidOperationException("No free loopback port was found.");
    }
}
