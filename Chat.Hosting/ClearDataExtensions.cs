using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Chat.Hosting.Clearing;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Hosting;

/// <summary>A command for developers who want to begin with an empty chat.</summary>
public static class ClearDataExtensions
{
    /// <summary>The command's name, for the dashboard's API and for <c>aspire resource chatdb clear-data</c>.</summary>
    public const string CommandName = "clear-data";

    /// <summary>
    /// Adds the command "Clear data" to the archive. It stops the services that use the archive, deletes all that the archive and the
    /// other stores have, and starts the services again.
    /// </summary>
    /// <param name="archive">The archive.</param>
    /// <param name="others">Stores that must not outlive the archive's data: the cache and the queue.</param>
    public static IResourceBuilder<IResourceWithConnectionString> WithClearDataCommand(
        this IResourceBuilder<IResourceWithConnectionString> archive, params IResourceBuilder<IResourceWithConnectionString>[] others)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ArgumentNullException.ThrowIfNull(others);
        IResourceWithConnectionString[] stores = [archive.Resource, .. others.Select(o => o.Resource)];
        return archive.WithCommand(
            CommandName,
            "Clear data",
            context => new DataClearing(
                context.Services.GetRequiredService<DistributedApplicationModel>(),
                context.Services.GetRequiredService<ResourceCommandService>(),
                stores).RunAsync(context.CancellationToken),
            new CommandOptions
            {
                Description = "Deletes all messages, users, rooms, files and sessions. The services restart.",
                ConfirmationMessage = "Delete all messages, users, rooms, files and sessions? This cannot be undone.",
                IconName = "Delete",
                UpdateState = context => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running
                    ? ResourceCommandState.Enabled
                    : ResourceCommandState.Disabled,
            });
    }
}
