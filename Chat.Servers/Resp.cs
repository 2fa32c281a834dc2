using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chat.Servers;

/// <summary>
/// Just enough of Redis' protocol (RESP2) to ask whether a server is ready and to form a cluster, so that this project
/// needs no client library.
/// </summary>
internal sealed class Resp : IDisposable
{
    private readonly TcpClient _client;
    private readonly BufferedStream _stream;

    private Resp(TcpClient client)
    {
        _client = client;
        _stream = new BufferedStream(client.GetStream());
    }

    public static async Task<Resp> ConnectAsync(int port, string? password, CancellationToken cancellationToken)
    {
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            var resp = new Resp(client);
            if (password is not null)
            {
                await resp.CallAsync(cancellationToken, "AUTH", password);
            }

            return resp;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The reply as text; arrays are joined by blanks; an error begins with <c>-</c>.</summary>
    public async Task<string> CallAsync(CancellationToken cancellationToken, params string[] command)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
        foreach (var part in command)
        {
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        }

        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken);
        await _stream.FlushAsync(cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    private async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        var line = await ReadLineAsync(cancellationToken);
        switch (line[0])
        {
            case '$':
                var length = int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture);
                if (length < 0)
                {
                    return "";
                }

                var body = new byte[length + 2];
                await _stream.ReadExactlyAsync(body, cancellationToken);
                return Encoding.UTF8.GetString(body, 0, length);
            case '*':
                var parts = new string[Math.Max(0, int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture))];
                for (var i = 0; i < parts.Length; i++)
                {
                    parts[i] = await ReadAsync(cancellationToken);
                }

                return string.Join(' ', parts);
            case '-':
                return line;
            default:
                return line[1..];
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (true)
        {
            await _stream.ReadExactlyAsync(one, cancellationToken);
            if (one[0] == '\n' && bytes.Count > 0)
            {
                return Encoding.UTF8.GetString([.. bytes]).TrimEnd('\r') is { Length: > 0 } line ? line : throw new IOException("Not RESP.");
            }

            bytes.Add(one[0]);
        }
    }
}
