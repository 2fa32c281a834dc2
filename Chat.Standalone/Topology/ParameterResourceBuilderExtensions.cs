using Aspire.Hosting.ApplicationModel;
using Chat.Standalone.Backing;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, _ => builder.Configuration[$"Parameters:{name}"]
            ?? throw new InvalidOperationException($"Parameters:{name} is not set."), secret));

    /// <summary>A password for a backing service: given as <c>Parameters:{name}</c>, else generated once and kept with the data.</summary>
    internal static ParameterResource CreateGeneratedPassword(this IDistributedApplicationBuilder builder, string name) =>
        new(name, byDefault => builder.Configuration[$"Parameters:{name}"]
            ?? DataFolder.Of(builder).Secret(name, byDefault!.GetDefaultValue), secret: true)
        {
            // No special characters: the password stands in URLs and command lines.
            Default = new GenerateParameterDefault { MinLength = 22, Special = false },
        };
}
