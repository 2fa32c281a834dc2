using Chat.Api.Stopping;

namespace Chat.Tests.Api;

/// <summary>How quickly a process that ends hands its sockets to the others.</summary>
public sealed class DrainOptionsTests
{
    [Theory]
    [InlineData(0, 2)]
    [InlineData(200, 2)]
    [InlineData(1_000, 10)]
    [InlineData(100_000, 22.4)]
    public void Many_sockets_are_closed_a_hundred_a_second_and_all_within_the_limit(int sockets, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new DrainOptions().SpreadOf(sockets));

    [Fact]
    public void The_configured_spread_is_kept_also_where_it_is_nearly_the_limit() =>
        Assert.Equal(
            TimeSpan.FromSeconds(30),
            new DrainOptions { Spread = TimeSpan.FromSeconds(30), Limit = TimeSpan.FromSeconds(31) }.SpreadOf(100_000));
}
