using System.Diagnostics;
using OpenTelemetry;

namespace Chat.ServiceDefaults.Tracing;

/// <summary>
/// Removes from finished spans what names a user, a room or a message, or may hold a secret: libraries put whole
/// addresses, routing keys and exception texts into tags.
/// </summary>
internal sealed class SpanPrivacy : BaseProcessor<Activity>
{
    private const string Path = "url.path";
    private const string Url = "url.full";
    private const string Route = "http.route";
    private const string RoutingKey = "messaging.rabbitmq.destination.routing_key";
    private const string Destination = "messaging.destination.name";
    private const string DefaultExchange = "amq.default";

    // A message ID names its user in a reaction; a driver's exception quotes the key that was there already.
    private static readonly string[] Removed =
    [
        "url.query", "exception.message", "exception.stacktrace", "db.query.text", "db.mongodb.lsid",
        "messaging.message.id", "messaging.message.conversation_id",
    ];

    public override void OnEnd(Activity data)
    {
        foreach (var tag in Removed)
        {
            Set(data, tag, null);
        }

        // The route has the placeholders; the path has the room, the user or the invite's token in their place.
        Set(data, Path, data.GetTagItem(Route));
        if (data.GetTagItem(Url) is { } url)
        {
            Set(data, Url, Uri.TryCreate(url.ToString(), UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : null);
        }

        // The default exchange's routing keys are queues; another exchange's name rooms.
        if (data.GetTagItem(RoutingKey) is not null && data.GetTagItem(Destination) is string exchange && exchange != DefaultExchange)
        {
            Set(data, RoutingKey, null);
            data.DisplayName = $"{data.GetTagItem("messaging.operation.name")} {exchange}";
        }
    }

    private static void Set(Activity data, string tag, object? value)
    {
        if (data.GetTagItem(tag) is not null)
        {
            data.SetTag(tag, value);
        }
    }
}
