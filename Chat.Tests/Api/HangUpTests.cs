using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>What a sender's early leaving does to a message that others see already.</summary>
[Collection(ApiGroup.Name)]
public sealed class HangUpTests(ApiFixture api)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_shown_is_saved_although_its_sender_hung_up_before_the_answer(bool overTheHub)
    {
        HeldQueue? held = null;
        var hungUp = new HangUps();
        await using var instance = api.StartAnother(services =>
        {
            var queue = services.Last(s => s.ServiceType == typeof(ISaveQueue)).ImplementationFactory!;
            services.AddSingleton<ISaveQueue>(s => held = new HeldQueue((ISaveQueue)queue(s)));
            services.AddSingleton<IStartupFilter>(hungUp);
            services.Configure<HubOptions>(o => o.AddFilter(hungUp));
        });
        await using var sender = await TestUser.SignedUpAsync(instance);
        await using var reader = await TestUser.SignedUpAsync(api.Second);
        var room = await sender.RoomAsync(members: reader);
        var events = new Events();
        await reader.ConnectAsync(events);

        var leaveAsync = overTheHub ? await BeginOverTheHubAsync(sender, room.Id) : BeginByHttp(sender, room.Id);
        var shown = await events.NextAsync<Message>();
        await leaveAsync();
        await hungUp.First.WaitAsync(TimeSpan.FromSeconds(30));
        held!.Release();

        await Eventually.AsyncTrue(async () =>
            await instance.Services.GetRequiredService<IMessageArchive>().FindAsync(shown.Id, CancellationToken.None) is not null);
    }

    /// <summary>What hangs up on a message that is being sent.</summary>
    private static Func<Task> BeginByHttp(TestUser sender, string room)
    {
        var leaving = new CancellationTokenSource();
        var sending = SendAsync();
        return async () =>
        {
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
            leaving.Dispose();
        };

        async Task SendAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/rooms/{room}/messages", UriKind.Relative))
            {
                Content = System.Net.Http.Json.JsonContent.Create(new PostMessageRequest("shown", "c"), options: ChatJson.Default.Options),
            };
            using var answer = await sender.Http.SendAsync(request, leaving.Token);
        }
    }

    private static async Task<Func<Task>> BeginOverTheHubAsync(TestUser sender, string room)
    {
        var connection = await sender.ConnectAsync();
        var sending = connection.InvokeAsync<SendReceipt>(nameof(IChatServer.SendMessage), new SendMessage(room, "shown", "c"));
        return async () =>
        {
            await connection.DisposeAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => sending);
        };
    }

    /// <summary>Confirms nothing until it is let.</summary>
    private sealed class HeldQueue(ISaveQueue inner) : ISaveQueue
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.SetResult();

        public async Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken)
        {
            await _released.Task.WaitAsync(cancellationToken);
            await inner.EnqueueAsync(item, cancellationToken);
        }

        public ValueTask<long?> CountAsync(CancellationToken cancellationToken) => inner.CountAsync(cancellationToken);

        public Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken) =>
            inner.WaitUntilSavedAsync(patience, cancellationToken);
    }

    /// <summary>Tells of the first request, or connection with a call, that was hung up on.</summary>
    private sealed class HangUps : IStartupFilter, IHubFilter
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task First => _first.Task;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, following) =>
            {
                using var registration = context.RequestAborted.Register(() => _first.TrySetResult());
                await following(context);
            });
            next(app);
        };

        public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
        {
            using var registration = invocationContext.Context.ConnectionAborted.Register(() => _first.TrySetResult());
            return await next(invocationContext);
        }
    }
}
