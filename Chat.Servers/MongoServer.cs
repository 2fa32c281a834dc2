using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chat.Servers;

/// <summary>
/// mongod, or ferretdb (the same protocol over SQLite), whichever the program is. Persistent or not, its data stays in its folder.
/// </summary>
public sealed class MongoServer(string program, LocalServerOptions? options = null) : LocalServer("mongo", options ?? new LocalServerOptions())
{
    private readonly bool _isFerret = Path.GetFileNameWithoutExtension(program).StartsWith("ferret", StringComparison.OrdinalIgnoreCase);

    public override string ConnectionString => $"mongodb://127.0.0.1:{Port}/";

    /// <summary>mongod, else ferretdb on the PATH or in one of the folders; null: neither.</summary>
    public static string? FindProgram(params string[] moreFolders) =>
        ProgramFinder.Find("mongod", "CHAT_MONGOD") ?? ProgramFinder.Find("ferretdb", null, moreFolders);

    protected override ChildStart Command()
    {
        var data = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "data")).FullName;
        var port = Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return _isFerret
            ? new ChildStart(program, ["--listen", $"127.0.0.1:{port}", "--data", data]) { WorkingDirectory = Directory }
            : new ChildStart(program, ["--bind_ip", "127.0.0.1", "--port", port, "--dbpath", data, "--nounixsocket", "--quiet"]) { WorkingDirectory = Directory };
    }

    /// <summary>The command <c>{ hello: 1, $db: "admin" }</c> as OP_MSG; ready when the answer is one.</summary>
    protected override async Task<bool> ProbeAsync(CancellationToken cancellationToken)
    {
        const int opMsg = 2013;
        byte[] fields = [0x10, .. "hello\0"u8, 1, 0, 0, 0, 0x02, .. "$db\0"u8, 6, 0, 0, 0, .. "admin\0"u8, 0];
        var message = new byte[16 + 4 + 1 + 4 + fields.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), 1);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(12), opMsg);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(21), 4 + fields.Length);
        fields.CopyTo(message, 25);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(message, cancellationToken);
        var header = new byte[16];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var body = new byte[Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(header) - 16, 0, 1 << 20)];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)) == opMsg
            && Encoding.Latin1.GetString(body).Contains("maxWireVersion", StringComparison.Ordinal);
    }
}
