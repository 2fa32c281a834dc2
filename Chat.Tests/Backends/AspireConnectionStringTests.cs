using System.Net;
using Chat.Backends;
using Chat.Backends.Database;
using Chat.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MongoDB.Driver;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace Chat.Tests.Backends;

/// <summary>
/// The connection strings that Aspire 13.5 hands to a service, in exactly its shapes
/// (its manifest: <c>Hosting/aspire-manifest.json</c>), with its generated passwords and with some that people choose.
/// </summary>
public sealed class AspireConnectionStringTests
{
    /// <summary>Lower case, upper case, digits, 22 of them: what Aspire generates by itself.</summary>
    private const string Generated = "vJ8wqTz0NfKp3XyBc5RdLh";

    /// <summary>What it generates where special characters are allowed: every one of its own is here.</summary>
    private const string GeneratedSpecial = "aB3-_.{}~()*+!aB3-_.{}";

    /// <summary>What a person may set (<c>Parameters:mongo-password</c>): all that means something in a URI or a connection string, but the comma.</summary>
    private const string Chosen = "p@ss/w:rd%25#?&=;[x]\"'ä ";

    public static TheoryData<string> Passwords { get; } = [Generated, GeneratedSpecial, Chosen];

    [Theory]
    [InlineData(Generated, false)]
    [InlineData(GeneratedSpecial, false)]
    [InlineData("p@ss/w:rd%25#?&=;[x]\"'ä", false)]
    [InlineData(Generated, true)]
    [InlineData(GeneratedSpecial, true)]
    public void Redis_is_host_port_password_and_with_TLS_ssl(string password, bool tls)
    {
        var port = FreePort.Next();
        using var host = Build($"localhost:{port},password={password}{(tls ? ",ssl=true" : "")}", "amqp://localhost", "mongodb://localhost");

        using var client = host.Services.GetRequiredService<IConnectionMultiplexer>();

        Assert.Equal(new DnsEndPoint("localhost", port), Assert.Single(client.GetEndPoints()));
        var options = ConfigurationOptions.Parse(client.Configuration);
        Assert.Equal((password, tls, false), (options.Password, options.Ssl, options.AbortOnConnectFail));
    }

    [Theory]
    [MemberData(nameof(Passwords))]
    public void RabbitMQ_is_a_URI_with_the_password_encoded(string password)
    {
        using var host = Build("localhost", $"amqp://guest:{Uri.EscapeDataString(password)}@messaging.dev.internal:40001", "mongodb://localhost");

        var factory = Assert.IsType<ConnectionFactory>(host.Services.GetRequiredService<IConnectionFactory>());

        Assert.Equal(
            ("messaging.dev.internal", 40001, "guest", password, "/", false),
            (factory.HostName, factory.Port, factory.UserName, factory.Password, factory.VirtualHost, factory.Ssl.Enabled));
    }

    [Fact]
    public void RabbitMQ_with_TLS_is_amqps()
    {
        using var host = Build("localhost", $"amqps://guest:{Generated}@messaging.dev.internal:5671", "mongodb://localhost");

        var factory = Assert.IsType<ConnectionFactory>(host.Services.GetRequiredService<IConnectionFactory>());

        Assert.Equal((5671, Generated, true, "messaging.dev.internal"), (factory.Port, factory.Password, factory.Ssl.Enabled, factory.Ssl.ServerName));
    }

    [Theory]
    [MemberData(nameof(Passwords))]
    public void MongoDB_is_a_URI_with_the_password_encoded_and_names_the_database_and_the_mechanism(string password)
    {
        using var host = Build(
            "localhost", "amqp://localhost",
            $"mongodb://admin:{Uri.EscapeDataString(password)}@localhost:40003/chatdb?authSource=admin&authMechanism=SCRAM-SHA-256");

        var settings = host.Services.GetRequiredService<IMongoClient>().Settings;

        var credential = settings.Credential;
        Assert.Equal(("admin", "admin", "SCRAM-SHA-256"), (credential.Username, credential.Source, credential.Mechanism));
        Assert.Equal(password, new NetworkCredential("", ((PasswordEvidence)credential.Evidence).SecurePassword).Password);
        Assert.Equal(new MongoServerAddress("localhost", 40003), Assert.Single(settings.Servers));
        Assert.False(settings.UseTls);
        Assert.Equal("chatdb", host.Services.GetRequiredService<IMongoDatabase>().DatabaseNamespace.DatabaseName);
    }

    [Fact]
    public void MongoDB_with_TLS_says_so_in_the_query()
    {
        using var host = Build(
            "localhost", "amqp://localhost", $"mongodb://admin:{Generated}@localhost:40003/chatdb?authSource=admin&authMechanism=SCRAM-SHA-256&tls=true");

        Assert.True(host.Services.GetRequiredService<IMongoClient>().Settings.UseTls);
    }

    /// <summary>The string of the server itself, not of <c>AddDatabase</c>: the database is then the configured one.</summary>
    [Fact]
    public void MongoDB_without_a_database_means_ours()
    {
        using var host = Build("localhost", "amqp://localhost", $"mongodb://admin:{Generated}@localhost:40003/?authSource=admin&authMechanism=SCRAM-SHA-256");

        Assert.Null(host.Services.GetService<IMongoDatabase>());
        Assert.Equal("chatdb", host.Services.GetRequiredService<MongoGate>().Collections.Messages.CollectionNamespace.DatabaseNamespace.DatabaseName);
    }

    /// <summary>Nothing is started and nothing connects but Redis' client, which finds nobody.</summary>
    private static IHost Build(string cache, string messaging, string chatdb)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Configuration["ConnectionStrings:cache"] = cache;
        builder.Configuration["ConnectionStrings:messaging"] = messaging;
        builder.Configuration["ConnectionStrings:chatdb"] = chatdb;
        builder.AddChatBackends();
        return builder.Build();
    }
}
