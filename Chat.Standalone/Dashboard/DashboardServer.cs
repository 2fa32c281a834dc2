using System.Net;
using System.Security.Cryptography;
using Chat.Standalone.Running;
using Chat.Standalone.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Chat.Standalone.Dashboard;

/// <summary>The dashboard's web server, inside the AppHost. Its address with the login token is the first thing printed.</summary>
internal sealed partial class DashboardServer(IConfiguration configuration, IHostEnvironment environment, IServiceProvider services,
    ILogger<DashboardServer> logger) : IAsyncDisposable
{
    public const string EnabledKey = "Chat:Dashboard";
    private WebApplication? _web;

    /// <summary>Null where it is off.</summary>
    public Uri? Address { get; private set; }

    /// <summary>The address that signs in.</summary>
    public Uri? LoginAddress => Address is null ? null : new Uri(Address, $"/login?t={Access.Token}");

    public DashboardAccess Access { get; } = new(configuration["AppHost:BrowserToken"]);

    public TelemetryStore Telemetry { get; } = new();

    public async Task StartAsync(Engine engine, CancellationToken cancellationToken)
    {
        if (!configuration.GetValue(EnabledKey, true))
        {
            return;
        }

        // A developer's own port where it is free: bookmarks keep working.
        var asked = (configuration["ASPNETCORE_URLS"] ?? configuration["URLS"] ?? "").Split(';')
            .Select(u => Uri.TryCreate(u, UriKind.Absolute, out var url) && url.Scheme == "http" ? url.Port : 0).FirstOrDefault(p => p > 0);
        try
        {
            _web = await ListenAsync(engine, configuration.GetValue<bool>(Engine.RandomPortsKey) ? 0 : asked, cancellationToken);
        }
        catch (IOException) when (asked != 0)
        {
            _web = await ListenAsync(engine, 0, cancellationToken);
        }

        var port = new Uri(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        Address = new Uri($"http://localhost:{port}");
        Access.CookieName = $"chat-dashboard-{port}";
        var apiKey = RandomNumberGenerator.GetHexString(32, lowercase: true);
        configuration[TelemetryVariables.EndpointKey] = Address.ToString().TrimEnd('/');
        configuration[TelemetryVariables.ApiKeyKey] = apiKey;
        LogAddress("dashboard ", LoginAddress!);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _web?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }
    }

    private async Task<WebApplication> ListenAsync(Engine engine, int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = environment.EnvironmentName });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddRazorComponents();
        // Nothing of this dashboard outlives its process: no keys on the disk.
        builder.Services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        builder.Services.AddSingleton(services.GetRequiredService<ILoggerFactory>());
        // Live pages hold their requests open; stopping does not wait for them.
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var web = builder.Build();
        web.Use(Access.GuardAsync);
        web.UseRouting();
        web.MapDashboard(engine, services, this, environment.ApplicationName);
        web.MapOtlp(Telemetry, () => configuration[TelemetryVariables.ApiKeyKey]);
        try
        {
            await web.StartAsync(cancellationToken);
            return web;
        }
        catch
        {
            await web.DisposeAsync();
            throw;
        }
    }

    [LoggerMessage(4301, LogLevel.Information, "{Name} {Address}")]
    private partial void LogAddress(string name, Uri address);
}
