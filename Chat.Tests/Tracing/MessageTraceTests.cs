using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Chat.Contracts;
using Chat.Tests.EndToEnd;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.Tracing;

namespace Chat.Tests.Tracing;

/// <summary>One sent message is one trace, from the client to the database: real processes, a real collector.</summary>
[Collection(TracingCollection.Name)]
public sealed class MessageTraceTests : IDisposable
{
    private const string Hub = "Microsoft.AspNetCore.SignalR.Server";
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_is_one_trace_on_the_stand_ins(bool messagePack)
    {
        await using var system = await TracedSystem.StartEmbeddedAsync(_limit.Token);
        await SendsAsOneTraceAsync(
            system, messagePack,
            s => s is { Service: "api", Name: "INSERT message_save", Kind: CollectedSpan.Client },
            s => s.Service == "worker" && IsOf(s, "sqlite") && s.Name.Contains("INSERT messages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_is_one_trace_through_RabbitMQ()
    {
        await using var system = await TracedSystem.StartRealAsync(mongo: false, _limit.Token);
        await SendsAsOneTraceAsync(
            system, messagePack: false,
            s => s is { Service: "api", Name: "publish message_save", Kind: CollectedSpan.Producer },
            s => s is { Service: "worker", Name: "deliver message_save" },
            s => s.Service == "worker" && IsOf(s, "sqlite") && s.Name.Contains("INSERT messages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_is_one_trace_through_RabbitMQ_to_MongoDB()
    {
        await using var system = await TracedSystem.StartRealAsync(mongo: true, _limit.Token);
        await SendsAsOneTraceAsync(
            system, messagePack: true,
            s => s is { Service: "api", Name: "publish message_save", Kind: CollectedSpan.Producer },
            s => s.Service == "worker" && IsOf(s, "mongodb") && s.Tags.GetValueOrDefault("db.collection.name") == "messages");
    }

    [Fact]
    public async Task A_message_sent_over_HTTP_is_one_trace_and_a_caller_who_sends_no_context_begins_one()
    {
        await using var system = await TracedSystem.StartEmbeddedAsync(_limit.Token);
        await using var device = At(system);
        var room = await device.SignUpWithRoomAsync(system.Api.Address, _limit.Token);
        using var traces = Traces(device, out var api);

        string trace;
        using (CallTraces.Begin(OutboxKind.Send))
        {
            trace = Activity.Current!.TraceId.ToHexString();
            await api.PostMessageAsync(room, new PostMessageRequest("by HTTP", "by-http"), _limit.Token);
        }

        await IsWholeAsync(
            system.Collector, trace,
            s => s is { Service: "browser", Name: "send message", Parent: "" },
            s => s is { Service: "api", Name: "POST /api/rooms/{id}/messages", Kind: CollectedSpan.Server },
            s => s is { Service: "worker", Kind: CollectedSpan.Client } && IsOf(s, "sqlite"));

        var socket = await device.ConnectAsync(system.Api.Address, _limit.Token);
        await socket.SendAsync(room, "without", "without", _limit.Token);
        await Backends.Eventually.IsTrueAsync(
            () => Calls(system.Collector).Any(s => s.Parent.Length == 0),
            "the call without a context is a trace of its own");
    }

    [Fact]
    public async Task A_malformed_context_is_ignored_and_a_well_formed_one_brings_nothing_else_along()
    {
        const string Strange = "strange-text";
        await using var system = await TracedSystem.StartEmbeddedAsync(_limit.Token);
        await using var device = At(system);
        var room = await device.SignUpWithRoomAsync(system.Api.Address, _limit.Token);
        var (trace, parent) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        string[] contexts =
        [
            Strange,
            "",
            new string('0', 4_000),
            $"00-{new string('0', 32)}-{parent}-01",
            $"00-{trace}-{parent}-01-{Strange}",
            $"00-{trace.ToUpperInvariant()}-{parent}-01",
            $"00-{trace}-{parent}-01",
        ];
        using var socket = new ClientWebSocket { Options = { Cookies = device.Cookies } };
        await socket.ConnectAsync(new UriBuilder(new Uri(system.Api.Address, IChatServer.Path)) { Scheme = "ws" }.Uri, _limit.Token);
        await WriteAsync(socket, new { protocol = "json", version = 1 });

        for (var i = 0; i < contexts.Length; i++)
        {
            var headers = new { traceparent = contexts[i], tracestate = $"s={Strange}", baggage = $"b={Strange}" };
            var message = new { roomId = room, content = "x", clientId = $"c{i}" };
            var id = $"i{i}";
            var target = nameof(IChatServer.SendMessage);
            await WriteAsync(socket, new { type = 1, invocationId = id, target, headers, arguments = new[] { message } });
            Assert.Contains("\"seq\"", await AnswerAsync(socket, id), StringComparison.Ordinal);
        }

        await IsWholeAsync(system.Collector, trace, parent, s => s.Source == Hub, s => s.Service == "worker");
        await Backends.Eventually.IsTrueAsync(() => Calls(system.Collector).Count == contexts.Length, "every call has its span");
        Assert.Equal(parent, Assert.Single(Calls(system.Collector), s => s.TraceId == trace).Parent);
        Assert.All(Calls(system.Collector).Where(s => s.TraceId != trace), s => Assert.Equal("", s.Parent));
        Assert.All(system.Collector.Spans, s => Assert.Equal("", s.State));
        Assert.DoesNotContain(system.Collector.Spans, s => s.ToString().Contains(Strange, StringComparison.Ordinal));
        using var history = await device.Http.GetAsync(new Uri(system.Api.Address, $"/api/rooms/{room}/messages"), _limit.Token);
        var text = await history.Content.ReadAsStringAsync(_limit.Token);
        Assert.DoesNotContain(trace, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Strange, text, StringComparison.Ordinal);
    }

    public void Dispose() => _limit.Dispose();

    private async Task SendsAsOneTraceAsync(TracedSystem system, bool messagePack, params Predicate<CollectedSpan>[] everything)
    {
        await using var device = At(system);
        var room = await device.SignUpWithRoomAsync(system.Api.Address, _limit.Token);
        var socket = await device.ConnectAsync(system.Api.Address, _limit.Token, messagePack);
        using var traces = Traces(device, out _);

        string trace;
        using (CallTraces.Begin(OutboxKind.Send))
        {
            trace = Activity.Current!.TraceId.ToHexString();
            await socket.SendAsync(room, "traced", "traced", _limit.Token);
        }

        var spans = await IsWholeAsync(
            system.Collector, trace,
            [
                s => s is { Service: "browser", Name: "send message", Parent: "" },
                s => s is { Service: "browser", Name: "call the hub" },
                s => s is { Service: "api", Source: Hub, Kind: CollectedSpan.Server },
                s => s.Service == "api" && IsOf(s, "redis"),
                s => s is { Service: "worker", Name: "message_save process", Kind: CollectedSpan.Consumer },
                .. everything,
            ]);
        Assert.Equal(spans.Single(s => s.Name == "call the hub").SpanId, spans.Single(s => s.Source == Hub).Parent);
    }

    /// <summary>Everything expected is in the trace, which has one root, and nothing in it has a parent elsewhere.</summary>
    private static Task<IReadOnlyList<CollectedSpan>> IsWholeAsync(
        OtlpCollector collector, string trace, params Predicate<CollectedSpan>[] everything) =>
        IsWholeAsync(collector, trace, "", everything);

    private static async Task<IReadOnlyList<CollectedSpan>> IsWholeAsync(
        OtlpCollector collector, string trace, string above, params Predicate<CollectedSpan>[] everything)
    {
        await collector.TraceAsync(trace, everything);
        await Backends.Eventually.IsTrueAsync(() => Strays().Count == 0, "every span's parent is there");
        Assert.Single(collector.Trace(trace), s => s.Parent == above);
        return collector.Trace(trace);

        List<CollectedSpan> Strays()
        {
            var spans = collector.Trace(trace);
            return [.. spans.Where(s => s.Parent != above && spans.All(p => p.SpanId != s.Parent))];
        }
    }

    private static List<CollectedSpan> Calls(OtlpCollector collector) =>
        [.. collector.Spans.Where(s => s.Source == Hub && s.Name.EndsWith("/SendMessage", StringComparison.Ordinal))];

    private static bool IsOf(CollectedSpan span, string system) =>
        (span.Tags.GetValueOrDefault("db.system.name") ?? span.Tags.GetValueOrDefault("db.system")) == system;

    private static Device At(TracedSystem system)
    {
        var device = new Device();
        device.Http.BaseAddress = system.Api.Address;
        return device;
    }

    /// <summary>The browser's own code, on the device's session.</summary>
    private static CallTraces Traces(Device device, out ApiClient api)
    {
        api = new ApiClient(device.Http, ChatJson.Default);
        var traces = new CallTraces(api, TimeProvider.System);
        traces.Start();
        return traces;
    }

    private Task WriteAsync(ClientWebSocket socket, object message)
    {
        var text = JsonSerializer.Serialize(message) + '\u001e';
        return socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _limit.Token);
    }

    private async Task<string> AnswerAsync(ClientWebSocket socket, string invocation)
    {
        var text = "";
        var buffer = new byte[16 * 1024];
        while (!text.Contains($"\"invocationId\":\"{invocation}\"", StringComparison.Ordinal))
        {
            text += Encoding.UTF8.GetString(buffer, 0, (await socket.ReceiveAsync(buffer, _limit.Token)).Count);
        }

        return text[text.IndexOf($"\"invocationId\":\"{invocation}\"", StringComparison.Ordinal)..];
    }
}
