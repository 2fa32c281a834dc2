using System.Text.Json;
using Chat.Contracts;
using Chat.Servers;

namespace Chat.Benchmarks.Load;

/// <summary>Bare SignalR in a process of its own.</summary>
internal sealed class BareTarget : ILoadTarget
{
    private readonly Uri _address = new($"http://127.0.0.1:{FreePort.Next()}");
    private ChildProcess? _process;
    private int _rooms;

    public string Name => "bare SignalR";

    public IReadOnlyDictionary<string, int> Processes => new Dictionary<string, int> { ["api"] = ServerId };

    public int ServerId => _process?.Id ?? throw new InvalidOperationException("It has not been started.");

    public static async Task<BareTarget> StartAsync(CancellationToken cancellationToken)
    {
        var target = new BareTarget();
        target._process = ChildProcess.Start(new ChildStart(
            ProgramFinder.Dotnet(), [typeof(BareTarget).Assembly.Location, "bare-signalr", target._address.ToString()]));
        await ServiceTarget.WaitUntilAliveAsync(target._address, target._process, cancellationToken);
        return target;
    }

    public async Task<LoadRoom> OpenRoomAsync(int sockets, Range people, Action<int, long> onDelivery, CancellationToken cancellationToken)
    {
        var room = $"room-{Interlocked.Increment(ref _rooms)}";
        var opened = new List<RawHubClient>(sockets);
        for (var i = 0; i < sockets; i++)
        {
            var index = i;
            var socket = await RawHubClient.ConnectAsync(new Uri(_address, IChatServer.Path), null, at => onDelivery(index, at), cancellationToken);
            await socket.InvokeAsync(nameof(BareHub.Join), JsonSerializer.Serialize(room), cancellationToken);
            opened.Add(socket);
        }

        return new LoadRoom(room, opened);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            await _process.DisposeAsync();
        }
    }
}
