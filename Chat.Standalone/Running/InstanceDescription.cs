using Aspire.Hosting.ApplicationModel;
using Chat.Standalone.Backing;

namespace Chat.Standalone.Running;

/// <summary>Adds to an instance's state what people ask about it: its source, its addresses, its variables.</summary>
internal static class InstanceDescription
{
    public const string Source = "resource.source";
    public const string Why = "resource.source.why";

    public static CustomResourceSnapshot Add(CustomResourceSnapshot snapshot, Instance instance,
        IReadOnlyDictionary<IResource, BackingChoice> choices)
    {
        var owner = instance.Resource is IResourceWithParent child ? child.Parent : instance.Resource;
        var (source, why) = choices.TryGetValue(owner, out var choice)
            ? ($"{choice.Source.ToString().ToLowerInvariant()}: {choice.What}", choice.Why)
            : ("project", instance.Resource.Annotations.OfType<Aspire.Hosting.IProjectMetadata>().LastOrDefault()?.ProjectPath ?? "");
        return snapshot with
        {
            Properties =
            [
                .. snapshot.Properties.Where(p => p.Name is not (Source or Why)),
                new(Source, source),
                new(Why, why),
            ],
            Urls =
            [
                .. instance.Resource.Endpoints().Where(e => e.AllocatedEndpoint is not null)
                    .Select(e => new UrlSnapshot(e.Name, e.AllocatedEndpoint!.UriString, IsInternal: !e.IsExternal)),
            ],
            EnvironmentVariables = instance.Runnable is ProjectProcess process
                ? [.. process.Environment.Select(v => new EnvironmentVariableSnapshot(v.Key, v.Value, IsFromSpec: true))]
                : [],
        };
    }
}
