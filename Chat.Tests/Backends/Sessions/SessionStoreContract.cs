using Chat.Backends.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Backends.Sessions;

/// <summary>What <see cref="ISessionStore"/> promises.</summary>
public abstract class SessionStoreContract
{
    private readonly string _alice = "alice" + Guid.NewGuid().ToString("N")[..8];

    /// <summary>Begins with the real time: Redis has a clock of its own.</summary>
    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));

    protected abstract Task<ISessionStore> CreateAsync();

    [Fact]
    public async Task A_session_is_found_as_it_was_saved_and_saving_again_replaces_it()
    {
        var store = await CreateAsync();
        var session = New("1");
        await store.SaveAsync(session, default);
        Assert.Equal(session, await store.FindAsync(session.Id, default));

        var seen = session with { LastSeenAt = session.LastSeenAt.AddMinutes(5), Device = "Firefox \"endedAt\": on Linux" };
        await store.SaveAsync(seen, default);
        Assert.Equal(seen, await store.FindAsync(session.Id, default));
        // A device's name is not a mark of its end.
        await store.SaveAsync(session, default);
        Assert.Equal(session, await store.FindAsync(session.Id, default));
    }

    [Fact]
    public async Task An_unknown_session_is_null_and_ending_it_leaves_a_mark()
    {
        var store = await CreateAsync();
        Assert.Null(await store.FindAsync(_alice + "-unknown", default));
        await store.EndAsync(_alice + "-unknown", _alice, default);
        Assert.NotNull((await store.FindAsync(_alice + "-unknown", default))!.EndedAt);
        // A pod that still holds it in memory must not bring it back.
        await store.SaveAsync(New("unknown"), default);
        Assert.NotNull((await store.FindAsync(_alice + "-unknown", default))!.EndedAt);
    }

    [Fact]
    public async Task An_ended_session_stays_ended_whoever_saves_or_ends_it_again()
    {
        var store = await CreateAsync();
        await store.SaveAsync(New("1"), default);
        await store.EndAsync(New("1").Id, _alice, default);
        var ended = (await store.FindAsync(New("1").Id, default))!;
        Assert.Equal(Time.GetUtcNow(), ended.EndedAt);

        Time.Advance(TimeSpan.FromSeconds(1));
        await store.SaveAsync(New("1"), default);
        await store.EndAsync(New("1").Id, _alice, default);
        Assert.Equal(ended.EndedAt, (await store.FindAsync(New("1").Id, default))!.EndedAt);
        Assert.Empty(await store.ListAsync(_alice, default));
    }

    [Fact]
    public async Task A_user_sees_live_sessions_of_that_user_alone()
    {
        var store = await CreateAsync();
        await store.SaveAsync(New("1"), default);
        await store.SaveAsync(New("2"), default);
        await store.SaveAsync(New("short") with { ExpiresAt = Time.GetUtcNow().AddMinutes(1) }, default);
        await store.SaveAsync(New("other") with { Username = _alice + "x" }, default);
        await store.EndAsync(New("2").Id, _alice, default);
        Assert.Equal([New("1").Id, New("short").Id], (await store.ListAsync(_alice, default)).Select(s => s.Id).Order());

        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([New("1").Id], (await store.ListAsync(_alice, default)).Select(s => s.Id));
        Assert.Null(await store.FindAsync(New("short").Id, default));
        Assert.Empty(await store.ListAsync("nobody" + _alice, default));
    }

    [Fact]
    public async Task Saving_and_ending_at_once_always_ends()
    {
        var store = await CreateAsync();
        for (var i = 0; i < 20; i++)
        {
            var session = New($"race{i}");
            await store.SaveAsync(session, default);
            await Task.WhenAll(
                store.SaveAsync(session with { LastSeenAt = Time.GetUtcNow().AddSeconds(1) }, default),
                store.EndAsync(session.Id, _alice, default),
                store.SaveAsync(session with { LastSeenAt = Time.GetUtcNow().AddSeconds(2) }, default));
            Assert.NotNull((await store.FindAsync(session.Id, default))!.EndedAt);
        }
    }

    protected Session New(string id) => new()
    {
        Id = $"{_alice}-{id}",
        Username = _alice,
        DisplayName = "Alice \"A\" Ü",
        SecurityStamp = "stamp",
        CreatedAt = Start,
        LastSeenAt = Start,
        ExpiresAt = Start.AddDays(14),
        Device = "Firefox on Linux",
    };

    private DateTimeOffset Start => Time.Start;
}
