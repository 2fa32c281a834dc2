using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;
using Chat.Standalone.Dashboard.Pages;
using Chat.Standalone.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Standalone.Dashboard;

internal static class DashboardEndpoints
{
    public static void MapDashboard(this IEndpointRouteBuilder routes, Engine engine, IServiceProvider services, DashboardServer server, string application)
    {
        var notifications = services.GetRequiredService<ResourceNotificationService>();
        var logs = services.GetRequiredService<ResourceLoggerService>();
        var commands = services.GetRequiredService<ResourceCommandService>();
        var telemetry = server.Telemetry;

        routes.MapGet("/dashboard.css", () => Asset("dashboard.css", "text/css"));
        routes.MapGet("/dashboard.js", () => Asset("dashboard.js", "text/javascript"));

        routes.MapGet("/", (HttpContext context) => View(context, "Resources", "resources", typeof(ResourcesView),
            new() { ["Rows"] = Rows(engine, notifications) }));
        routes.MapGet("/logs", (HttpContext context, string? id) => View(context, "Logs", null, typeof(LogsView),
            new() { ["Ids"] = engine.Instances().Select(i => i.Id).ToList(), ["Id"] = id }));
        routes.MapGet("/traces", (HttpContext context) => View(context, "Traces", "telemetry", typeof(TracesView),
            new() { ["Traces"] = telemetry.Traces(200) }));
        routes.MapGet("/traces/{id}", (HttpContext context, string id) => View(context, "Traces", "telemetry", typeof(TraceView),
            new() { ["Spans"] = telemetry.Trace(id) }));
        routes.MapGet("/metrics", (HttpContext context) => View(context, "Metrics", "telemetry", typeof(MetricsView),
            new() { ["Metrics"] = telemetry.Metrics() }));

        routes.MapGet("/live/resources", (CancellationToken gone) => TypedResults.ServerSentEvents(Changes(notifications, gone)));
        routes.MapGet("/live/telemetry", (CancellationToken gone) => TypedResults.ServerSentEvents(telemetry.ChangesAsync(gone)));
        routes.MapGet("/live/log", (string? id, CancellationToken gone) => TypedResults.ServerSentEvents(Lines(logs, id, gone)));

        routes.MapPost("/resources/{id}/{command}", async Task<Results<NoContent, BadRequest<string>>> (string id, string command, CancellationToken gone) =>
            await commands.ExecuteCommandAsync(id, $"resource-{command}", gone) is { Success: false } refused
                ? TypedResults.BadRequest(refused.ErrorMessage)
                : TypedResults.NoContent());

        // The page, or for a page that is already open only the part that changed.
        RazorComponentResult View(HttpContext context, string title, string? live, Type view, Dictionary<string, object?> parameters)
        {
            if (context.Request.Headers.ContainsKey("X-Fragment"))
            {
                return new RazorComponentResult(view, parameters);
            }

            RenderFragment body = content =>
            {
                content.OpenElement(0, "h2");
                content.AddContent(1, title);
                content.CloseElement();
                content.OpenElement(2, "div");
                content.AddAttribute(3, "data-live", live);
                content.OpenComponent(4, view);
                content.AddMultipleAttributes(5, parameters!);
                content.CloseComponent();
                content.CloseElement();
            };
            return new RazorComponentResult<DashboardPage>(new Dictionary<string, object?>
            {
                ["Title"] = title,
                ["Application"] = application,
                ["Antiforgery"] = server.Access.Antiforgery,
                ["ChildContent"] = body,
            });
        }
    }

    private static IReadOnlyList<ResourceRow> Rows(Engine engine, ResourceNotificationService notifications) =>
    [
        .. engine.Instances().Select(i => notifications.TryGetCurrentState(i.Id, out var known) ? ResourceRow.Of(i, known!.Snapshot) : null)
            .OfType<ResourceRow>(),
    ];

    private static FileStreamHttpResult Asset(string name, string type) =>
        TypedResults.Stream(typeof(DashboardEndpoints).Assembly.GetManifestResourceStream(name)!, type);

    private static async IAsyncEnumerable<string> Changes(ResourceNotificationService notifications, [EnumeratorCancellation] CancellationToken gone)
    {
        await foreach (var changed in notifications.WatchAsync(gone))
        {
            yield return changed.ResourceId;
        }
    }

    private static async IAsyncEnumerable<LiveLine> Lines(ResourceLoggerService logs, string? id, [EnumeratorCancellation] CancellationToken gone)
    {
        await foreach (var line in logs.FollowAsync(0, gone))
        {
            if (string.IsNullOrEmpty(id) || line.ResourceId == id)
            {
                yield return new(line.LineNumber, line.ResourceId, line.Content, line.IsErrorMessage);
            }
        }
    }

    /// <summary>A log line as the page's script reads it.</summary>
    public sealed record LiveLine(long N, string Id, string Text, bool Error);
}
