using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Chat.Standalone.Backing;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Hosting;

public sealed class EnvironmentTests
{
    // The names in ../shared/reference/aspire-13.5.2/run-mode-environment.txt for `api`, in Aspire's order, less what asks for https
    // (there is no trusted certificate in a test) and the sample's own setting.
    private static readonly string[] AspiresNames =
    [
        "OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_HEADERS", "DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION",
        "LOGGING__CONSOLE__FORMATTERNAME", "ASPNETCORE_URLS",
        "ConnectionStrings__cache", "CACHE_HOST", "CACHE_PORT", "CACHE_PASSWORD", "CACHE_URI",
        "ConnectionStrings__messaging", "MESSAGING_HOST", "MESSAGING_PORT", "MESSAGING_USERNAME", "MESSAGING_PASSWORD", "MESSAGING_URI",
        "ConnectionStrings__chatdb", "CHATDB_HOST", "CHATDB_PORT", "CHATDB_USERNAME", "CHATDB_PASSWORD", "CHATDB_AUTHENTICATIONDATABASE",
        "CHATDB_AUTHENTICATIONMECHANISM", "CHATDB_URI", "CHATDB_DATABASENAME",
    ];

    [Fact]
    public async Task A_project_gets_the_variables_that_Aspire_would_give_it_by_name_and_order()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create("--Chat:Otlp:Endpoint=http://localhost:1", "--Chat:Otlp:ApiKey=key");
        var fake = builder.AddFake("fake")
            .WithReference(builder.AddRedis("cache"))
            .WithReference(builder.AddRabbitMQ("messaging"))
            .WithReference(builder.AddMongoDB("mongo").AddDatabase("chatdb"));
        Dictionary<string, object> variables = [];

        foreach (var callback in fake.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await callback.Callback(new(builder.ExecutionContext, fake.Resource, variables, CancellationToken.None));
        }

        Assert.Equal(AspiresNames, variables.Keys.Where(k => k != "FAKE_NAME" && !(k.StartsWith("OTEL_", StringComparison.Ordinal) && !AspiresNames.Contains(k))));
    }

    [Fact]
    public async Task A_process_sees_the_values_its_replica_needs_and_nothing_of_what_the_AppHost_was_told()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var cache = builder.AddRedis("cache");
        var messaging = builder.AddRabbitMQ("messaging");
        var other = builder.AddFake("other");
        builder.AddFake("fake").WithReference(cache).WithReference(messaging).WithReference(other).WaitFor(cache)
            .WithEnvironment("SAMPLE__SETTING", ReferenceExpression.Create($"{{braces}} of {cache.Resource.Host}"));
        await using var app = await builder.BuildAsync(timeout.Token);
        await app.StartAsync(timeout.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("fake", timeout.Token);
        using var http = app.CreateHttpClient("fake");

        var seen = (await http.GetFromJsonAsync<Dictionary<string, string>>("/environment", timeout.Token))!;

        Assert.Equal(await app.GetConnectionStringAsync("cache", timeout.Token), seen["ConnectionStrings__cache"]);
        Assert.Equal($"{seen["CACHE_HOST"]}:{seen["CACHE_PORT"]},password={seen["CACHE_PASSWORD"]}", seen["ConnectionStrings__cache"]);
        Assert.Equal($"redis://:{seen["CACHE_PASSWORD"]}@{seen["CACHE_HOST"]}:{seen["CACHE_PORT"]}", seen["CACHE_URI"]);
        Assert.Matches("^[a-zA-Z0-9]{22,}$", seen["CACHE_PASSWORD"]);
        Assert.StartsWith("sqlite:", seen["ConnectionStrings__messaging"]);
        Assert.DoesNotContain("MESSAGING_HOST", seen.Keys);
        var address = app.GetEndpoint("other").ToString().TrimEnd('/');
        Assert.Equal(address, seen["services__other__http__0"]);
        Assert.Equal(address, seen["OTHER_HTTP"]);
        Assert.NotEqual(app.GetEndpoint("fake").ToString().TrimEnd('/'), seen["ASPNETCORE_URLS"]);
        Assert.Equal("{braces} of 127.0.0.1", seen["SAMPLE__SETTING"]);
    }

    [Fact]
    public async Task A_given_connection_string_goes_before_everything_else()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create("--ConnectionStrings:chatdb=mongodb://elsewhere/chatdb",
            "--ConnectionStrings:messaging=amqp://elsewhere", "--Chat:Backing=embedded");
        builder.AddRabbitMQ("messaging");
        builder.AddMongoDB("mongo").AddDatabase("chatdb");
        await using var app = await builder.BuildAsync();
        await app.StartAsync();

        Assert.Equal("mongodb://elsewhere/chatdb", await app.GetConnectionStringAsync("chatdb"));
        Assert.Equal("amqp://elsewhere", await app.GetConnectionStringAsync("messaging"));
        var choices = app.Services.GetRequiredService<Chat.Standalone.Running.Engine>().Choices;
        Assert.All(choices.Values, c => Assert.Equal(BackingSource.Given, c.Source));
    }

    [SkippableFact]
    public async Task A_server_found_on_the_machine_runs_with_the_generated_password_and_keeps_its_data_over_a_restart()
    {
        Skip.If(Chat.Servers.RedisServer.FindProgram() is null, "redis-server is not installed");
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await using var builder = DistributedApplicationTestingBuilder.Create("--Chat:Backing=found");
        builder.AddRedis("cache").WithDataVolume();
        await using var app = await builder.BuildAsync(timeout.Token);
        await app.StartAsync(timeout.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("cache", timeout.Token);
        var connection = (await app.GetConnectionStringAsync("cache", timeout.Token))!;
        await using (var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(connection))
        {
            await redis.GetDatabase().StringSetAsync("key", "value");
        }

        await app.ResourceCommands.ExecuteCommandAsync("cache", KnownResourceCommands.RestartCommand, timeout.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("cache", timeout.Token);

        Assert.Equal(connection, await app.GetConnectionStringAsync("cache", timeout.Token));
        await using var again = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(connection);
        Assert.Equal("value", await again.GetDatabase().StringGetAsync("key"));
    }
}
