using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chat.Hosting;

/// <summary>Tells the developer where to go.</summary>
public static partial class AddressExtensions
{
    /// <summary>Writes the resource's addresses to the AppHost's console as soon as the resource is healthy.</summary>
    /// <param name="builder">The resource.</param>
    /// <param name="what">What is there, for people: "Chat".</param>
    public static IResourceBuilder<T> PrintAddressWhenReady<T>(this IResourceBuilder<T> builder, string what)
        where T : IResourceWithEndpoints
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.OnResourceReady((resource, e, _) =>
        {
            var logger = e.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Chat.Hosting");
            foreach (var endpoint in resource.GetEndpoints().Where(e => e.IsAllocated))
            {
                LogAddress(logger, what, endpoint.Url);
            }

            return Task.CompletedTask;
        });
    }

    [LoggerMessage(4010, LogLevel.Information, "{What}: {Address}")]
    private static partial void LogAddress(ILogger logger, string what, string address);
}
