using System.Globalization;
using Chat.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Benchmarks.Load;

/// <summary>
/// Bare SignalR, the practical limit that the service is compared with: it broadcasts the same message to the same group and keeps
/// nothing. It runs in a process of its own: <c>bare-signalr URL</c>.
/// </summary>
internal sealed class BareHub : Hub<IBareClient>
{
    private static long _seq;

    public static async Task<int> RunAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddSignalR().AddJsonProtocol(o => o.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, ChatJson.Default));
        await using var app = builder.Build();
        app.MapHub<BareHub>(IChatServer.Path);
        app.MapGet("/alive", () => "");
        await app.RunAsync();
        return 0;
    }

    public Task Join(string roomId) => Groups.AddToGroupAsync(Context.ConnectionId, roomId);

    public async Task<SendReceipt> SendMessage(SendMessage said)
    {
        ArgumentNullException.ThrowIfNull(said);
        var seq = Interlocked.Increment(ref _seq);
        var message = new Message
        {
            Id = seq.ToString("x32", CultureInfo.InvariantCulture),
            Sender = "somebody",
            RoomId = said.RoomId,
            Content = said.Content,
            Timestamp = DateTimeOffset.UtcNow,
            Seq = seq,
            Epoch = "bare",
            ClientId = said.ClientId,
        };
        await Clients.Group(said.RoomId).MessageReceived(message);
        return new SendReceipt(message.Id, message.Timestamp, message.Seq, message.Epoch);
    }
}

/// <summary>What bare SignalR tells its clients.</summary>
public interface IBareClient
{
    /// <summary>Somebody sent a message to the room.</summary>
    Task MessageReceived(Message message);
}
