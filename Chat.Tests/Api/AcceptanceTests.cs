using Chat.Api.Messages;
using Chat.Backends;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Backends.Pods;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

[Collection(ApiGroup.Name)]
public sealed class AcceptanceTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private readonly SaveItem _item = new SaveMessage(PodMessages.New("general", Interlocked.Increment(ref _number)));
    private static int _number = 1_000;
    private readonly FakeTimeProvider _time = new();
    private readonly HeldQueue _queue = new();

    [Fact]
    public async Task What_the_queue_confirmed_is_not_saved_by_the_api()
    {
        _queue.Release();
        await using var instance = Start();
        Assert.True(await Acceptance(instance).AcceptAsync(_item, default));
        Assert.Null(await Archive(instance).FindAsync(_item.Key, default));
    }

    [Fact]
    public async Task A_queue_that_is_silent_for_long_is_not_waited_for_when_the_archive_has_it()
    {
        await using var instance = Start();
        var accepting = Acceptance(instance).AcceptAsync(_item, default);
        Assert.False(accepting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await accepting.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.NotNull(await Archive(instance).FindAsync(_item.Key, default));
        _queue.Fail();
    }

    [Fact]
    public async Task A_send_under_way_is_kept_when_the_api_is_told_to_stop_and_the_stop_waits_for_it()
    {
        await using var instance = Start();
        await using var alice = await TestUser.SignedUpAsync(instance);
        var room = await alice.RoomAsync();
        var hub = await alice.ConnectAsync(new Events());
        var sending = hub.SendAsync(nameof(IChatServer.SendMessage), new SendMessage(room.Id, "last words", "c-1"));
        await _queue.Asked.WaitAsync(TimeSpan.FromSeconds(30));

        var lifetime = instance.Services.GetRequiredService<IHostApplicationLifetime>();
        var inFlight = instance.Services.GetRequiredService<SendsInFlight>();
        lifetime.StopApplication();
        var stopping = inFlight.StoppingAsync(default);
        Assert.False(stopping.IsCompleted);

        _queue.Release();
        await stopping.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("last words", Assert.IsType<SaveMessage>(Assert.Single(_queue.Kept)).Message.Content);
        await sending;
        Assert.Contains(inFlight, instance.Services.GetServices<IHostedService>());
    }

    /// <summary>Its queue is the test's, and so is the time that it is waited for.</summary>
    private ApiInstance Start() => api.StartAnother(services => services.AddSingleton<ISaveQueue>(_queue).AddSingleton(
        s => new Acceptance(_queue, s.GetRequiredService<IMessageArchive>(), _time, NullLogger<Acceptance>.Instance)));

    private static Acceptance Acceptance(ApiInstance instance) => instance.Services.GetRequiredService<Acceptance>();

    private static IMessageArchive Archive(ApiInstance instance) => instance.Services.GetRequiredService<IMessageArchive>();

    /// <summary>Confirms nothing until it is released.</summary>
    private sealed class HeldQueue : ISaveQueue
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public System.Collections.Concurrent.ConcurrentQueue<SaveItem> Kept { get; } = new();

        public void Release() => _released.SetResult();

        public void Fail() => _released.SetException(new BackendUnavailableException("messaging"));

        public async Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
            Kept.Enqueue(item);
        }

        public ValueTask<long?> CountAsync(CancellationToken cancellationToken) => ValueTask.FromResult<long?>(0);

        public Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken) => Task.FromResult(true);
    }
}
