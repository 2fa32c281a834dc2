using System.Collections.Concurrent;
using System.Reflection;
using Chat.Contracts;
using Chat.Web.Client.Connection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Web;

/// <summary>The real link to a real hub on a free port.</summary>
public sealed class SignalRLinkTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));
    private readonly ConcurrentQueue<string> _asked = [];
    private WebApplication? _app;

    [Fact]
    public async Task Connecting_is_one_request_so_that_any_of_several_apis_may_answer_it()
    {
        var links = await StartAsync(HttpTransports.All);

        await using var link = links.Create(Deaf());
        await link.StartAsync(_limit.Token);

        Assert.Equal([IChatServer.Path], _asked);
    }

    [Fact]
    public async Task Where_WebSockets_are_blocked_the_next_attempt_negotiates_and_what_worked_is_tried_first_again()
    {
        var links = await StartAsync(HttpTransportType.LongPolling);

        await using var first = links.Create(Deaf());
        var refused = await Assert.ThrowsAsync<ApiException>(() => first.StartAsync(_limit.Token));
        await using var second = links.Create(Deaf());
        await second.StartAsync(_limit.Token);
        await using var third = links.Create(Deaf());
        await third.StartAsync(_limit.Token);

        Assert.Equal(ApiException.Unreachable, refused.Code);
        Assert.Equal(2, _asked.Count(path => path == IChatServer.Path + "/negotiate"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _limit.Dispose();
    }

    private async Task<SignalRLinkFactory> StartAsync(HttpTransportType transports)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSignalR();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.Use((context, next) =>
        {
            _asked.Enqueue(context.Request.Path);
            return next(context);
        });
        _app.MapHub<SilentHub>(IChatServer.Path, o => o.Transports = transports);
        await _app.StartAsync(_limit.Token);
        return new SignalRLinkFactory(new Uri(_app.Urls.Single()));
    }

    private static IChatClient Deaf() => DispatchProxy.Create<IChatClient, DeafClient>();

    private sealed class SilentHub : Hub;

#pragma warning disable CA1852 // DispatchProxy derives from it.
    private class DeafClient : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Task.CompletedTask;
    }
#pragma warning restore CA1852
}
