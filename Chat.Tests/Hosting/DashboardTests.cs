using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Chat.Standalone.Dashboard;
using Chat.Standalone.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Hosting;

public sealed class DashboardTests : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromMinutes(5));
    private readonly IDistributedApplicationTestingBuilder _builder = DistributedApplicationTestingBuilder.Create("--Chat:Dashboard=true");
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private DistributedApplication _app = null!;
    private DashboardServer _dashboard = null!;

    [Fact]
    public async Task The_dashboard_opens_with_the_token_only()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.GetAsync("/", _timeout.Token)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.GetAsync("/login?t=wrong", _timeout.Token)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.GetAsync("/live/log", _timeout.Token)).StatusCode);

        Assert.Equal(HttpStatusCode.Redirect, (await _http.GetAsync(_dashboard.LoginAddress, _timeout.Token)).StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync("/", _timeout.Token)).StatusCode);
    }

    [Fact]
    public async Task A_page_under_another_name_is_refused()
    {
        await SignInAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = "attacker.example" } };

        Assert.Equal(HttpStatusCode.BadRequest, (await _http.SendAsync(request, _timeout.Token)).StatusCode);
    }

    [Fact]
    public async Task Resources_are_shown_with_state_source_and_masked_variables()
    {
        await SignInAsync();

        var page = await _http.GetStringAsync("/", _timeout.Token);

        Assert.Contains("Running, healthy", page);
        Assert.Contains("embedded: Garnet", page);
        Assert.Contains("Chat:Backing is embedded", page);
        Assert.Contains(_app.GetEndpoint("fake").ToString().TrimEnd('/'), page);
        Assert.Contains("CACHE_PASSWORD", page);
        var connection = (await _app.GetConnectionStringAsync("cache", _timeout.Token))!;
        var password = connection.Split("password=")[1];
        Assert.DoesNotContain(password, page);
        Assert.DoesNotContain("hunter2", page);
    }

    [Fact]
    public async Task A_command_needs_the_antiforgery_header_and_then_works()
    {
        await SignInAsync();
        var process = _app.ProcessIds("fake")[0];

        Assert.Equal(HttpStatusCode.Forbidden, (await _http.PostAsync("/resources/fake/restart", null, _timeout.Token)).StatusCode);
        Assert.Equal([process], _app.ProcessIds("fake"));

        _http.DefaultRequestHeaders.Add(DashboardAccess.AntiforgeryHeader, _dashboard.Access.Antiforgery);
        Assert.Equal(HttpStatusCode.NoContent, (await _http.PostAsync("/resources/fake/restart", null, _timeout.Token)).StatusCode);
        Assert.NotEqual(process, _app.ProcessIds("fake")[0]);
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.PostAsync("/resources/nobody/restart", null, _timeout.Token)).StatusCode);
    }

    [Fact]
    public async Task The_log_is_followed_live()
    {
        await SignInAsync();

        using var log = await _http.GetAsync("/live/log?id=fake", HttpCompletionOption.ResponseHeadersRead, _timeout.Token);
        using var reader = new StreamReader(await log.Content.ReadAsStreamAsync(_timeout.Token));

        string? line;
        while ((line = await reader.ReadLineAsync(_timeout.Token)) is not null && !line.Contains("Now listening on"))
        {
            // The lines before it.
        }

        Assert.Contains("\"id\":\"fake\"", line);
    }

    [Theory]
    [InlineData("CACHE_PASSWORD", "abc", "••••••••")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=abc", "••••••••")]
    [InlineData("ConnectionStrings__cache", "localhost:1,password=abc,ssl=true", "localhost:1,password=••••••••,ssl=true")]
    [InlineData("ConnectionStrings__messaging", "amqp://guest:a%40b@localhost:1", "amqp://guest:••••••••@localhost:1")]
    [InlineData("CACHE_URI", "redis://:abc@localhost:1", "redis://:••••••••@localhost:1")]
    [InlineData("services__api__http__0", "http://localhost:5081", "http://localhost:5081")]
    public void Passwords_are_masked_wherever_they_stand(string name, string value, string shown) => Assert.Equal(shown, Secrets.Mask(name, value));

    public async Task InitializeAsync()
    {
        var cache = _builder.AddRedis("cache");
        _builder.AddFake("fake").WithReference(cache).WithEnvironment("MY_SECRET", "hunter2").WithEnvironment("DB", "Server=x;Password=hunter2;");
        _app = await _builder.BuildAsync(_timeout.Token);
        await _app.StartAsync(_timeout.Token);
        _dashboard = _app.Services.GetRequiredService<DashboardServer>();
        _http.BaseAddress = _dashboard.Address;
        await _app.ResourceNotifications.WaitForResourceHealthyAsync("cache", _timeout.Token);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync("fake", _timeout.Token);
    }

    public async Task DisposeAsync() => await _builder.DisposeAsync();

    public void Dispose()
    {
        _http.Dispose();
        _timeout.Dispose();
    }

    private async Task SignInAsync() => (await _http.GetAsync(_dashboard.LoginAddress, _timeout.Token)).Dispose();
}
