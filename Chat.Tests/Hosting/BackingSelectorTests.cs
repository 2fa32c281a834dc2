using Chat.Hosting.Backing;
using Microsoft.Extensions.Configuration;

namespace Chat.Tests.Hosting;

public sealed class BackingSelectorTests
{
    private const string Program = "/usr/bin/redis-server";
    private static readonly ContainerRuntimeStatus Works = new(true, "podman 5.4.0");
    private static readonly ContainerRuntimeStatus Missing = new(false, "no container runtime");

    [Fact]
    public void A_given_connection_string_comes_first_and_no_container_runtime_is_asked()
    {
        var choice = Selector(() => throw new InvalidOperationException("asked"), ("ConnectionStrings:cache", "here:6379"), ("Chat:Backing", "embedded"))
            .Choose("cache", "cache", "redis-server", () => Program);

        Assert.Equal(new(BackingKind.Given, "ConnectionStrings:cache"), choice);
    }

    [Fact]
    public void The_connection_string_of_a_database_is_that_of_its_server()
    {
        var choice = Selector(() => Missing, ("ConnectionStrings:chatdb", "mongodb://here/chatdb")).Choose("mongo", "chatdb", "mongod", () => null);

        Assert.Equal(new(BackingKind.Given, "ConnectionStrings:chatdb"), choice);
    }

    [Fact]
    public void Containers_come_before_a_server_that_is_installed() =>
        Assert.Equal(new(BackingKind.Container, "podman 5.4.0"), Selector(() => Works).Choose("cache", "cache", "redis-server", () => Program));

    [Theory]
    [InlineData("no container runtime")]
    [InlineData("docker does not answer")]
    [InlineData("podman 4.3.1 cannot start containers")]
    public void Where_containers_cannot_run_an_installed_server_is_used_and_the_reason_says_so(string description) =>
        Assert.Equal(
            new(BackingKind.Found, description, Program),
            Selector(() => new(false, description)).Choose("cache", "cache", "redis-server", () => Program));

    [Fact]
    public void Where_nothing_is_installed_the_service_is_embedded() =>
        Assert.Equal(
            new(BackingKind.Embedded, "no container runtime, redis-server is not installed"),
            Selector(() => Missing).Choose("cache", "cache", "redis-server", () => null));

    [Theory]
    [InlineData("Chat:Backing", "containers", BackingKind.Container)]
    [InlineData("Chat:Backing", "found", BackingKind.Found)]
    [InlineData("Chat:Backing", "embedded", BackingKind.Embedded)]
    [InlineData("Chat:Backing:cache", "embedded", BackingKind.Embedded)]
    public void Configuration_decides_outright(string key, string value, object kind)
    {
        var choice = Selector(() => Works, (key, value)).Choose("cache", "cache", "redis-server", () => Program);

        Assert.Equal((BackingKind)kind, choice.Kind);
        Assert.StartsWith($"{key}={value}", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_said_of_one_service_goes_before_what_is_said_of_all()
    {
        var selector = Selector(() => Works, ("Chat:Backing", "containers"), ("Chat:Backing:mongo", "embedded"));

        Assert.Equal(BackingKind.Container, selector.Choose("cache", "cache", "redis-server", () => Program).Kind);
        Assert.Equal(BackingKind.Embedded, selector.Choose("mongo", "chatdb", "mongod", () => null).Kind);
    }

    [Fact]
    public void A_server_that_was_asked_for_and_is_not_installed_is_named_with_the_way_out()
    {
        var refusal = Assert.Throws<BackingUnavailableException>(
            () => Selector(() => Works, ("Chat:Backing", "found")).Choose("mongo", "chatdb", "mongod", () => null));

        Assert.Equal(
            "Chat:Backing is 'found', but mongod is not installed on this machine. Install it, or set Chat:Backing:mongo=embedded.", refusal.Message);
    }

    [Fact]
    public void Containers_that_were_asked_for_and_cannot_run_are_refused_with_the_reason()
    {
        var refusal = Assert.Throws<BackingUnavailableException>(
            () => Selector(() => new(false, "docker does not answer"), ("Chat:Backing", "containers")).Choose("cache", "cache", "redis-server", () => Program));

        Assert.Equal(
            "Chat:Backing is 'containers', but containers cannot run: docker does not answer. Set Chat:Backing to 'found' or 'embedded', or unset it.",
            refusal.Message);
    }

    [Fact]
    public void An_unknown_way_is_refused_with_the_known_ones()
    {
        var refusal = Assert.Throws<BackingUnavailableException>(
            () => Selector(() => Works, ("Chat:Backing:cache", "somewhere")).Choose("cache", "cache", "redis-server", () => Program));

        Assert.Equal("Chat:Backing:cache is 'somewhere'. It can be 'containers', 'found' or 'embedded'.", refusal.Message);
    }

    private static BackingSelector Selector(Func<ContainerRuntimeStatus> runtime, params (string Key, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build(), runtime);
}
