using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Chat.Benchmarks.Load;

/// <summary>
/// A SignalR client that costs as little as possible: the JSON hub protocol over a WebSocket, without negotiation. It answers calls,
/// counts <c>MessageReceived</c> and reads the time that <see cref="LoadMessage"/> wrote into the content; everything else is skipped.
/// The .NET client would take more processor time for a delivery than the server does, on the same two cores.
/// </summary>
/// <remarks>Source: https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md.</remarks>
internal sealed class RawHubClient : IAsyncDisposable
{
    private const byte RecordSeparator = 0x1e;
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private static readonly byte[] Handshake = [.. "{\"protocol\":\"json\",\"version\":1}"u8, RecordSeparator];
    private static readonly byte[] Ping = [.. "{\"type\":6}"u8, RecordSeparator];
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _calls = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Action<long> _onDelivery;
    private Task _reading = Task.CompletedTask;
    private Task _pinging = Task.CompletedTask;
    private long _lastCall;

    private RawHubClient(Action<long> onDelivery) => _onDelivery = onDelivery;

    /// <param name="hub">The hub's address, <c>http://…</c>.</param>
    /// <param name="cookies">The session's cookie.</param>
    /// <param name="onDelivery">Called on the reading thread with the <see cref="Stopwatch"/> timestamp of each message that arrives.</param>
    /// <param name="cancellationToken">Ends the connecting.</param>
    public static async Task<RawHubClient> ConnectAsync(
        Uri hub, CookieContainer? cookies, Action<long> onDelivery, CancellationToken cancellationToken)
    {
        var client = new RawHubClient(onDelivery);
        client._socket.Options.Cookies = cookies;
        client._socket.Options.KeepAliveInterval = TimeSpan.Zero;
        var address = new UriBuilder(hub) { Scheme = "ws" }.Uri;
        await client._socket.ConnectAsync(address, cancellationToken);
        await client.SendAsync(Handshake, cancellationToken);
        client._reading = client.ReadAsync();
        client._pinging = client.PingAsync();
        return client;
    }

    /// <summary>Calls a method of the hub and waits for its answer.</summary>
    /// <param name="target">The method's name.</param>
    /// <param name="argument">Its only argument, as JSON.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">The hub refused, with its text.</exception>
    public async Task InvokeAsync(string target, string argument, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastCall);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = answer;
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{{\"type\":1,\"invocationId\":\"{id}\",\"target\":\"{target}\",\"arguments\":[{argument}]}}\u001e");
        await SendAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await answer.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_reading, _pinging).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _sending.Dispose();
        _closing.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(record, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task PingAsync()
    {
        using var timer = new PeriodicTimer(PingInterval);
        while (await timer.WaitForNextTickAsync(_closing.Token))
        {
            await SendAsync(Ping, _closing.Token);
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        var filled = 0;
        try
        {
            while (true)
            {
                if (filled == buffer.Length)
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                var received = await _socket.ReceiveAsync(buffer.AsMemory(filled), _closing.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    throw new InvalidOperationException("The server closed the connection.");
                }

                filled += received.Count;
                var begin = 0;
                while (buffer.AsSpan(begin, filled - begin).IndexOf(RecordSeparator) is var length and >= 0)
                {
                    OnRecord(buffer.AsSpan(begin, length));
                    begin += length + 1;
                }

                buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
                filled -= begin;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            foreach (var call in _calls.Values)
            {
                call.TrySetException(new InvalidOperationException("The connection ended.", e));
            }
        }
    }

    private void OnRecord(ReadOnlySpan<byte> record)
    {
        if (record.StartsWith("{\"type\":1,\"target\":\"MessageReceived\""u8))
        {
            _onDelivery(LoadMessage.SentAt(record));
        }
        else if (record.StartsWith("{\"type\":3,\"invocationId\":\""u8))
        {
            OnCompletion(record["{\"type\":3,\"invocationId\":\"".Length..]);
        }
    }

    private void OnCompletion(ReadOnlySpan<byte> record)
    {
        if (!Utf8Parser.TryParse(record, out long id, out var length) || !_calls.TryRemove(id, out var call))
        {
            return;
        }

        if (record[length..].StartsWith("\",\"error\""u8))
        {
            call.SetException(new InvalidOperationException(Encoding.UTF8.GetString(record)));
        }
        else
        {
            call.SetResult();
        }
    }
}

/// <summary>What the driver sends: its content begins with the moment of sending.</summary>
internal static class LoadMessage
{
    private static ReadOnlySpan<byte> Mark => "\"content\":\"t="u8;

    /// <summary>The argument of <c>SendMessage</c>.</summary>
    public static string Argument(string roomId, string clientId) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"roomId\":\"{roomId}\",\"content\":\"t={Stopwatch.GetTimestamp()} {Filler}\",\"clientId\":\"{clientId}\"}}");

    /// <summary>The <see cref="Stopwatch"/> timestamp in a message's JSON; 0 where there is none.</summary>
    public static long SentAt(ReadOnlySpan<byte> record)
    {
        var at = record.IndexOf(Mark);
        return at >= 0 && Utf8Parser.TryParse(record[(at + Mark.Length)..], out long sent, out _) ? sent : 0;
    }

    private const string Filler = "the quick brown fox jumps over the lazy dog, and nobody in the room minds";
}
