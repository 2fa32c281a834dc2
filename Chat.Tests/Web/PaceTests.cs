using Chat.Web.Client.Components;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Web;

/// <summary>How often the page is drawn while much comes in.</summary>
public sealed class PaceTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Pace _pace;
    private int _drawn;

    public PaceTests() => _pace = new Pace(() => _drawn++, _time);

    [Fact]
    public void One_change_is_drawn_at_once()
    {
        _pace.Ask();
        Assert.Equal(1, _drawn);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _drawn);
        _pace.Ask();
        Assert.Equal(2, _drawn);
    }

    [Fact]
    public void A_burst_is_drawn_at_once_and_once_more_with_its_last_change()
    {
        for (var i = 0; i < 5_000; i++)
        {
            _pace.Ask();
        }

        Assert.Equal(1, _drawn);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(2, _drawn);
    }

    [Fact]
    public void Nothing_is_drawn_after_the_component_went_away()
    {
        _pace.Ask();
        _pace.Ask();
        _pace.Dispose();
        _time.Advance(TimeSpan.FromSeconds(1));
        _pace.Ask();
        Assert.Equal(1, _drawn);
    }

    public void Dispose() => _pace.Dispose();
}
