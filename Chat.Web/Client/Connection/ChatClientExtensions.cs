using Chat.Contracts;
using Chat.Web.Client.Files;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;
using Chat.Web.Client.Text;
using Chat.Web.Client.Tracing;

namespace Chat.Web.Client.Connection;

/// <summary>The client core: everything in the browser that is not a component.</summary>
public static class ChatClientExtensions
{
    /// <summary>
    /// Registers <see cref="ChatStore"/> and <see cref="ChatActions"/> for components and what stands behind them. The page
    /// calls <see cref="ChatConnection.StartAsync"/> once.
    /// </summary>
    /// <param name="services">Of the WebAssembly host.</param>
    /// <param name="origin">The pages' origin, which also has <c>/api</c> and <c>/hubs</c>.</param>
    public static IServiceCollection AddChatClient(this IServiceCollection services, Uri origin)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(Random.Shared);
        services.AddSingleton(ChatJson.Default);
        services.AddSingleton<IChatApi>(p => new ApiClient(new HttpClient { BaseAddress = origin, Timeout = TimeSpan.FromSeconds(30) }, p.GetRequiredService<ChatJson>()));
        services.AddSingleton<IHubLinkFactory>(new SignalRLinkFactory(origin));
        services.AddSingleton<LiveLink>();
        services.AddSingleton<BrowserEvents>();
        services.AddSingleton<IBrowser>(p => p.GetRequiredService<BrowserEvents>());
        services.AddSingleton<ITabs>(p => p.GetRequiredService<BrowserEvents>());
        services.AddSingleton<IKeyValueStore, IndexedDbStore>();
        services.AddSingleton<BrowserFiles>();
        services.AddSingleton<IFileShelf>(p => p.GetRequiredService<BrowserFiles>());
        services.AddSingleton<FileUploads>();
        services.AddSingleton<FileDrafts>();
        services.AddSingleton<CallTraces>();
        services.AddSingleton<IOutboxSender, OutboxSender>();
        services.AddSingleton<LocalCopy>();
        services.AddSingleton<TextDrafts>();
        services.AddSingleton<DeviceSettings>();
        services.AddSingleton<OutboxQueue>();
        services.AddSingleton<ReadMarks>();
        services.AddSingleton<HistorySync>();
        services.AddSingleton<MissingNames>();
        services.AddSingleton<ChatConnection>();
        services.AddSingleton<ChatStore>();
        services.AddSingleton<ChatActions>();
        services.AddSingleton<MessageText>();
        return services;
    }
}
