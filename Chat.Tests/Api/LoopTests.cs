using System.Net;
using Chat.Api.Auth;
using Chat.Backends;
using Chat.Backends.Sessions;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

/// <summary>Background loops that meet errors nobody expected, as a wrong type in Redis or a refused permission is.</summary>
[Collection(ApiGroup.Name)]
public sealed class LoopTests(ApiFixture api)
{
    [Fact]
    public async Task The_general_room_is_looked_for_again_after_any_error()
    {
        var calls = 0;
        await using var instance = api.StartWithRooms(out _, prepare: rooms => rooms.BeforeRoom = id =>
            id == "general" && Interlocked.Increment(ref calls) <= 2 ? throw new InvalidOperationException("WRONGTYPE") : Task.CompletedTask);
        await Servers.Eventually.AsyncTrue(() => Volatile.Read(ref calls) > 2);
        await using var user = await TestUser.SignedUpAsync(instance);
        await user.GetAsync("/api/rooms").SucceedsAsync(HttpStatusCode.OK);
        Assert.False(instance.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task The_end_of_a_session_is_given_to_its_store_again_after_any_error()
    {
        var time = new FakeTimeProvider();
        FailingSessions cache = new(), archive = new();
        using var memory = new MemoryCache(new MemoryCacheOptions());
        using var sessions = new Sessions(cache, archive, null!, memory, time, NullLogger<Sessions>.Instance);
        await sessions.StartAsync(default);
        cache.Errors.Enqueue(new BackendUnavailableException("cache"));
        cache.Errors.Enqueue(new InvalidOperationException("WRONGTYPE"));
        await sessions.EndAsync("s1", "alice", default);
        Assert.Empty(cache.Ended);

        await Servers.Eventually.AsyncTrue(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return cache.Ended.Count > 0;
        });
        await sessions.StopAsync(default);
    }

    private sealed class FailingSessions : ISessionStore
    {
        public Queue<Exception> Errors { get; } = new();

        public List<string> Ended { get; } = [];

        public Task SaveAsync(Session session, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Session?> FindAsync(string sessionId, CancellationToken cancellationToken) => Task.FromResult<Session?>(null);

        public Task<IReadOnlyList<Session>> ListAsync(string username, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Session>>([]);

        public Task EndAsync(string sessionId, string username, CancellationToken cancellationToken)
        {
            if (Errors.TryDequeue(out var error))
            {
                throw error;
            }

            Ended.Add(sessionId);
            return Task.CompletedTask;
        }
    }
}
