using Chat.Contracts;
using Chat.Servers;
using Chat.Tests.Backends.Pods;
using Chat.Tests.Servers;

namespace Chat.Tests.Backends.Recent;

/// <summary>Recent messages while Redis is killed, stopped, or starts again empty. Each test has a server of its own.</summary>
public sealed class RedisOutageTests : IAsyncLifetime
{
    private const string Room = "general";
    private readonly RedisServer? _redis = ServerFinder.Redis is { } program ? new RedisServer(program) : null;

    private RedisServer Redis
    {
        get
        {
            Assert.SkipWhen(_redis is null, "redis-server is not installed here.");
            return _redis;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (_redis is not null)
        {
            await _redis.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_was_missed_while_Redis_was_killed_is_appended_in_order_before_anything_else_in_a_later_epoch()
    {
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString);
        var before = (await pod.Recent.AppendAsync(Message(1), default))!;
        await Redis.KillAsync();
        for (var i = 2; i <= 4; i++)
        {
            Assert.Null(await pod.Recent.AppendAsync(Message(i), default));
        }

        Assert.False(pod.Recent.IsAvailable);
        Assert.Null(await pod.Recent.ReadAsync(Room, default));
        Assert.Null(await pod.Recent.ReadNewestAsync([Room], default));

        await Redis.StartAsync();
        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
        var after = (await pod.Recent.AppendAsync(Message(5), default))!;

        Assert.Equal(4, after.Seq);
        Assert.True(string.CompareOrdinal(after.Epoch, before.Epoch) > 0);
        var window = (await pod.Recent.ReadAsync(Room, default))!;
        Assert.Equal(["text 2", "text 3", "text 4", "text 5"], window.Messages.Select(m => m.Content));
        Assert.Equal([1, 2, 3, 4], window.Messages.Select(m => m.Seq));
        Assert.All(window.Messages, m => Assert.Equal(after.Epoch, m.Epoch));
        Assert.Equal(Message(2).Timestamp, window.Messages[0].Timestamp);
    }

    [Fact]
    public async Task Calls_that_crowd_while_the_connection_breaks_do_not_hold_those_after_it()
    {
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString);
        using var stop = new CancellationTokenSource();
        var sent = 0;
        var crowd = Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await pod.Gate.TryPipelinedAsync(d => d.ScriptEvaluateAsync("return 1"));
                Interlocked.Increment(ref sent);
            }
        })).ToList();

        for (var i = 0; i < 3; i++)
        {
            var before = Volatile.Read(ref sent);
            await Eventually.IsTrueAsync(() => Volatile.Read(ref sent) > before + 100, "the crowd calls");
            await Redis.KillAsync();
            await Eventually.IsTrueAsync(() => !pod.Recent.IsAvailable, "the gate noticed");
            await Redis.StartAsync();
            await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
        }

        await stop.CancelAsync();
        await Task.WhenAll(crowd);
        Assert.True((await pod.Gate.TryPipelinedAsync(d => d.ScriptEvaluateAsync("return 1"))).Done);
    }

    [Fact]
    public async Task While_Redis_is_known_to_be_away_calls_answer_at_once()
    {
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString);
        await Redis.KillAsync();
        await Eventually.IsTrueAsync(async () => await pod.Recent.AppendAsync(Message(1), default) is null && !pod.Recent.IsAvailable, "the gate noticed");

        Task[] calls =
        [
            pod.Recent.AppendAsync(Message(2), default).AsTask(),
            pod.Recent.ReadAsync(Room, default).AsTask(),
            pod.Recent.ReadNewestAsync([Room], default).AsTask(),
            pod.Recent.ApplyAsync(Edit(1), default).AsTask(),
            pod.Recent.RemoveRoomAsync(Room, default).AsTask(),
        ];
        Assert.All(calls, c => Assert.True(c.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task A_stopped_Redis_costs_one_call_its_timeout_and_no_message_is_doubled_when_it_goes_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGSTOP.");
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString, configure: o => o.Timeout = TimeSpan.FromSeconds(2));
        await pod.Recent.AppendAsync(Message(1), default);
        if (!OperatingSystem.IsWindows())
        {
            Redis.Pause();
        }

        // Sent, and carried out by Redis when it goes on: nobody can know that now.
        Assert.Null(await pod.Recent.AppendAsync(Message(2), default));
        Assert.False(pod.Recent.IsAvailable);
        var next = pod.Recent.AppendAsync(Message(3), default).AsTask();
        Assert.True(next.IsCompleted);
        Assert.Null(await next);
        if (!OperatingSystem.IsWindows())
        {
            Redis.Resume();
        }

        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
        await pod.Recent.AppendAsync(Message(4), default);
        var window = (await pod.Recent.ReadAsync(Room, default))!;
        Assert.Equal(["text 1", "text 2", "text 3", "text 4"], window.Messages.Select(m => m.Content));
        var ofEpoch = window.Messages.Where(m => m.Epoch == window.Epoch).Select(m => m.Seq).ToList();
        Assert.Equal(Enumerable.Range(1, ofEpoch.Count).Select(i => (long)i), ofEpoch);
    }

    [Fact]
    public async Task Changes_that_were_missed_are_applied_after_the_messages()
    {
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString);
        await Redis.KillAsync();
        Assert.Null(await pod.Recent.AppendAsync(Message(1), default));
        Assert.Null(await pod.Recent.ApplyAsync(Edit(1), default));
        await Redis.StartAsync();
        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");

        Assert.Equal("edited", Assert.Single((await pod.Recent.ReadAsync(Room, default))!.Messages).Content);
    }

    [Fact]
    public async Task Of_too_many_missed_messages_the_newest_are_made_up_for()
    {
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString, configure: o => o.MissedMax = 3);
        await Redis.KillAsync();
        for (var i = 1; i <= 10; i++)
        {
            Assert.Null(await pod.Recent.AppendAsync(Message(i), default));
        }

        await Redis.StartAsync();
        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
        var window = (await pod.Recent.ReadAsync(Room, default))!;
        Assert.Equal(["text 8", "text 9", "text 10"], window.Messages.Select(m => m.Content));
    }

    [Fact]
    public async Task A_pod_that_only_lost_its_connection_ends_the_epoch_too()
    {
        // Restored from an older state Redis would give numbers again that were given already.
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        await using var persistent = new RedisServer(ServerFinder.Redis, new LocalServerOptions { Persistent = true });
        await persistent.StartAsync();
        await using var idle = await TestPod.StartAsync(persistent.ConnectionString);
        var before = (await idle.Recent.AppendAsync(Message(1), default))!;

        await persistent.RestartAsync();
        await Eventually.IsTrueAsync(async () => idle.Recent.IsAvailable && await idle.Recent.ReadAsync(Room, default) is not null && idle.Gate.Since > 0, "the gate noticed");

        var after = (await idle.Recent.AppendAsync(Message(2), default))!;
        Assert.Equal(1, after.Seq);
        Assert.True(string.CompareOrdinal(after.Epoch, before.Epoch) > 0);
        Assert.Equal(2, (await idle.Recent.ReadAsync(Room, default))!.Messages.Count);
    }

    [Fact]
    public async Task A_pod_that_starts_before_Redis_makes_up_for_it_when_it_comes()
    {
        await Redis.StopAsync();
        await using var pod = await TestPod.StartAsync(Redis.ConnectionString, configure: o => o.StartTimeout = TimeSpan.FromMilliseconds(50));
        Assert.False(pod.Recent.IsAvailable);
        Assert.Null(await pod.Recent.AppendAsync(Message(1), default));

        await Redis.StartAsync();
        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
        Assert.Equal("text 1", Assert.Single((await pod.Recent.ReadAsync(Room, default))!.Messages).Content);
    }

    [Fact]
    public async Task A_cluster_that_was_killed_and_came_back_serves_every_room_again()
    {
        Assert.SkipWhen(ServerFinder.Redis is null, "redis-server is not installed here.");
        await using var cluster = new RedisCluster(ServerFinder.Redis);
        await cluster.StartAsync();
        await using var pod = await TestPod.StartAsync(cluster.ConnectionString);
        var rooms = Enumerable.Range(0, 6).Select(i => $"room{i}").ToList();
        await cluster.KillAsync();
        foreach (var room in rooms)
        {
            Assert.Null(await pod.Recent.AppendAsync(Message(1) with { RoomId = room, Id = MessageId.For("alice", room) }, default));
        }

        await cluster.StartAgainAsync();
        await Eventually.IsTrueAsync(() => pod.Recent.IsAvailable, "Redis is used again");
        foreach (var room in rooms)
        {
            Assert.Equal("text 1", Assert.Single((await pod.Recent.ReadAsync(room, default))!.Messages).Content);
        }
    }

    private static MessageEdited Edit(int i) => new()
    {
        RoomId = Room,
        Id = Message(i).Id,
        Username = "alice",
        Content = "edited",
        EditId = "e1",
        At = Message(i).Timestamp.AddSeconds(1),
    };

    private static Message Message(int i) => new()
    {
        Id = MessageId.For("alice", $"{i}"),
        Sender = "alice",
        RoomId = Room,
        Content = $"text {i}",
        Timestamp = new DateTimeOffset(2026, 2, 8, 14, 50, 0, i, TimeSpan.Zero),
        ClientId = $"{i}",
    };
}
