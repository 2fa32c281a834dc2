using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>What a sender's early leaving does to a message that others see already.</summary>
[Collection(ApiGroup.Name)]
public sealed class HangUpTests(ApiFixture api)
{
    [SkippableFact]
    public async Task What_was_shown_is_saved_although_its_sender_hung_up_before_the_answer()
    {
        HeldQueue? held = null;
        var hungUp = new TaskCompletionSource();
        await using var instance = api.StartAnother(services =>
        {
            var queue = services.Last(s => s.ServiceType == typeof(ISaveQueue)).ImplementationFactory!;
            services.AddSingleton<ISaveQueue>(s => held = new HeldQueue((ISaveQueue)queue(s)));
            services.AddSingleton<IStartupFilter>(new HangUps(hungUp));
        });
        await using var sender = await TestUser.SignedUpAsync(instance);
        await using var reader = await TestUser.SignedUpAsync(api.Second);
        var room = await sender.RoomAsync(members: reader);
        var events = new Events();
        await reader.ConnectAsync(events);

        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/api/rooms/{room.Id}/messages", UriKind.Relative))
        {
            Content = System.Net.Http.Json.JsonContent.Create(new PostMessageRequest("shown", "c"), options: ChatJson.Default.Options),
        };
        var sending = sender.Http.SendAsync(request, leaving.Token);
        var shown = await events.NextAsync<Message>();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await hungUp.Task.WaitAsync(TimeSpan.FromSeconds(30));
        held!.Release();

        await Eventually.AsyncTrue(async () =>
            await instance.Services.GetRequiredService<IMessageArchive>().FindAsync(shown.Id, CancellationToken.None) is not null);
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
    }

    /// <summary>Tells of the first request that was hung up on.</summary>
    private sealed class HangUps(TaskCompletionSource first) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, following) =>
            {
                using var registration = context.RequestAborted.Register(() => first.TrySetResult());
                await following(context);
            });
            next(app);
        };
    }
}
