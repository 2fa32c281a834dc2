using BenchmarkDotNet.Attributes;
using Chat.Backends;
using Chat.Backends.Recent;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chat.Benchmarks.HotPath;

/// <summary>What every message costs besides its way over the network: its ID, its JSON, merging a change into it.</summary>
[MemoryDiagnoser]
public class MessageBenchmarks
{
    private readonly Message _sent = new()
    {
        Id = MessageId.For("alice", "c-1"),
        Sender = "alice",
        RoomId = "general",
        Content = "the quick brown fox jumps over the lazy dog, and nobody in the room minds",
        Timestamp = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero),
        ClientId = "0195507d-3c00-7000-8000-000000000001",
        Seq = 17,
        Epoch = "0195507d3c00-01234567",
    };

    private readonly ReactionChanged _reaction = new()
    {
        Id = MessageId.For("alice", "c-1"),
        RoomId = "general",
        Username = "bob",
        At = new DateTimeOffset(2026, 3, 1, 12, 0, 1, TimeSpan.Zero),
        Emoji = "👍",
        On = true,
    };

    /// <summary>Two hashes.</summary>
    [Benchmark]
    public string Id() => MessageId.For(_sent.Sender, _sent.ClientId);

    /// <summary>The body of the queue's message.</summary>
    [Benchmark]
    public byte[] Json() => SaveItemJson.Write(new SaveMessage(_sent));

    /// <summary>A reaction to a message without any.</summary>
    [Benchmark]
    public Message Merge() => MessageMerge.Apply(_sent, _reaction);
}

/// <summary>The append script, one call after the other, on the redis-server of this machine.</summary>
public class AppendBenchmarks : IAsyncDisposable
{
    private readonly Message _template = new()
    {
        Id = "",
        Sender = "alice",
        RoomId = "general",
        Content = "the quick brown fox jumps over the lazy dog, and nobody in the room minds",
        Timestamp = DateTimeOffset.UtcNow,
        ClientId = "c",
    };

    private RedisServer? _server;
    private IHost? _host;
    private IRecentMessages? _recent;
    private long _number;

    [GlobalSetup]
    public async Task StartAsync()
    {
        _server = new RedisServer(RedisServer.FindProgram() ?? throw new InvalidOperationException("redis-server is not installed."));
        await _server.StartAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration[$"ConnectionStrings:{ChatBackendsExtensions.Cache}"] = _server.ConnectionString;
        builder.Configuration[$"ConnectionStrings:{ChatBackendsExtensions.Messaging}"] = "sqlite:unused.db";
        builder.Configuration[$"ConnectionStrings:{ChatBackendsExtensions.ChatDb}"] = "sqlite:unused.db";
        builder.AddChatBackends();
        _host = builder.Build();
        await _host.StartAsync();
        _recent = _host.Services.GetRequiredService<IRecentMessages>();
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Append, trim, number and publish, in one round trip.</summary>
    [Benchmark]
    public async Task<Appended?> Append()
    {
        var clientId = Interlocked.Increment(ref _number).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return await _recent!.AppendAsync(_template with { Id = MessageId.For("alice", clientId), ClientId = clientId }, CancellationToken.None);
    }
}
