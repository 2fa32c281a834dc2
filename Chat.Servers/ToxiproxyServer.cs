using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Chat.Servers;

/// <summary>Toxiproxy: TCP proxies that can be broken in several ways, over its HTTP API.</summary>
public sealed class ToxiproxyServer : LocalServer
{
    private readonly string _program;
    private readonly HttpClient _http = new();

    public ToxiproxyServer(string program, LocalServerOptions? options = null)
        : base("toxiproxy", options ?? new LocalServerOptions()) => _program = program;

    /// <summary>On the PATH or in one of the folders; null: nowhere.</summary>
    public static string? FindProgram(params string[] moreFolders) => ProgramFinder.Find("toxiproxy-server", "CHAT_TOXIPROXY", moreFolders);

    public override string ConnectionString => $"http://127.0.0.1:{Port}";

    /// <summary>A proxy on a free port in front of the loopback port.</summary>
    public async Task<ToxicProxy> CreateProxyAsync(string name, int upstreamPort, CancellationToken cancellationToken = default)
    {
        var port = FreePort.Next();
        using var response = await _http.PostAsJsonAsync(
            $"{ConnectionString}/proxies",
            new ProxyBody(name, $"127.0.0.1:{port}", $"127.0.0.1:{upstreamPort}", true),
            ToxiproxyJson.Default.ProxyBody, cancellationToken);
        await ExpectAsync(response, cancellationToken);
        return new ToxicProxy(this, name, port);
    }

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await base.DisposeAsync();
    }

    internal async Task SetEnabledAsync(string name, bool enabled, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync(
            $"{ConnectionString}/proxies/{name}", new EnabledBody(enabled), ToxiproxyJson.Default.EnabledBody, cancellationToken);
        await ExpectAsync(response, cancellationToken);
    }

    internal async Task AddToxicAsync(string proxy, ToxicBody toxic, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync(
            $"{ConnectionString}/proxies/{proxy}/toxics", toxic, ToxiproxyJson.Default.ToxicBody, cancellationToken);
        await ExpectAsync(response, cancellationToken);
    }

    internal async Task RemoveToxicAsync(string proxy, string toxic, CancellationToken cancellationToken)
    {
        using var response = await _http.DeleteAsync(new Uri($"{ConnectionString}/proxies/{proxy}/toxics/{toxic}"), cancellationToken);
        await ExpectAsync(response, cancellationToken);
    }

    protected override ChildStart Command() =>
        new(_program, ["-host", "127.0.0.1", "-port", Port.ToString(CultureInfo.InvariantCulture)]) { WorkingDirectory = Directory };

    protected override Task<string> ProbeAsync(CancellationToken cancellationToken) =>
        _http.GetStringAsync(new Uri($"{ConnectionString}/version"), cancellationToken);

    private static async Task ExpectAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"Toxiproxy: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }
}

/// <summary>One proxy. Toxics are named by their kind and direction, so each can be there once.</summary>
public sealed class ToxicProxy(ToxiproxyServer server, string name, int port)
{
    public string Name => name;

    public int Port => port;

    /// <summary>Cuts all connections and refuses new ones.</summary>
    public Task DisableAsync(CancellationToken cancellationToken = default) => server.SetEnabledAsync(name, false, cancellationToken);

    public Task EnableAsync(CancellationToken cancellationToken = default) => server.SetEnabledAsync(name, true, cancellationToken);

    /// <summary>Every packet in this direction comes that much later.</summary>
    public Task AddLatencyAsync(TimeSpan latency, TimeSpan jitter = default, ToxicDirection direction = ToxicDirection.Downstream, CancellationToken cancellationToken = default) =>
        AddAsync("latency", direction, new() { ["latency"] = (int)latency.TotalMilliseconds, ["jitter"] = (int)jitter.TotalMilliseconds }, cancellationToken);

    /// <summary>Nothing passes in this direction, connections stay: one way is cut.</summary>
    public Task CutAsync(ToxicDirection direction, CancellationToken cancellationToken = default) =>
        AddAsync("timeout", direction, new() { ["timeout"] = 0 }, cancellationToken);

    /// <summary>Connections are reset after the time.</summary>
    public Task ResetAsync(TimeSpan after = default, ToxicDirection direction = ToxicDirection.Downstream, CancellationToken cancellationToken = default) =>
        AddAsync("reset_peer", direction, new() { ["timeout"] = (int)after.TotalMilliseconds }, cancellationToken);

    public Task AddBandwidthAsync(int kilobytesPerSecond, ToxicDirection direction = ToxicDirection.Downstream, CancellationToken cancellationToken = default) =>
        AddAsync("bandwidth", direction, new() { ["rate"] = kilobytesPerSecond }, cancellationToken);

    /// <summary>Removes it; <paramref name="kind"/> is <c>latency</c>, <c>timeout</c>, <c>reset_peer</c> or <c>bandwidth</c>.</summary>
    public Task RemoveAsync(string kind, ToxicDirection direction = ToxicDirection.Downstream, CancellationToken cancellationToken = default) =>
        server.RemoveToxicAsync(name, ToxicName(kind, direction), cancellationToken);

    private Task AddAsync(string kind, ToxicDirection direction, Dictionary<string, int> attributes, CancellationToken cancellationToken) =>
        server.AddToxicAsync(
            name, new ToxicBody(ToxicName(kind, direction), kind, direction == ToxicDirection.Upstream ? "upstream" : "downstream", 1.0, attributes), cancellationToken);

    private static string ToxicName(string kind, ToxicDirection direction) =>
        $"{kind}_{(direction == ToxicDirection.Upstream ? "upstream" : "downstream")}";
}

public enum ToxicDirection
{
    /// <summary>From the server to the client.</summary>
    Downstream,

    /// <summary>From the client to the server.</summary>
    Upstream,
}

internal sealed record ProxyBody(string Name, string Listen, string Upstream, bool Enabled);

internal sealed record EnabledBody(bool Enabled);

internal sealed record ToxicBody(string Name, string Type, string Stream, double Toxicity, Dictionary<string, int> Attributes);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ProxyBody))]
[JsonSerializable(typeof(EnabledBody))]
[JsonSerializable(typeof(ToxicBody))]
internal sealed partial class ToxiproxyJson : JsonSerializerContext;
