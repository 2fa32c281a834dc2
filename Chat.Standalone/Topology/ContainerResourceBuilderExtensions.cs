using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ContainerResourceBuilderExtensions
{
    public static IResourceBuilder<T> WithVolume<T>(this IResourceBuilder<T> builder, string? name, string target, bool isReadOnly = false)
        where T : ContainerResource => builder.WithAnnotation(new ContainerMountAnnotation(name, target, isReadOnly));

    public static IResourceBuilder<T> WithImageTag<T>(this IResourceBuilder<T> builder, string tag)
        where T : ContainerResource
    {
        builder.Resource.Annotations.OfType<ContainerImageAnnotation>().Last().Tag = tag;
        return builder;
    }

    internal static IResourceBuilder<T> WithImage<T>(this IResourceBuilder<T> builder, string image, string tag)
        where T : ContainerResource =>
        builder.WithAnnotation(new ContainerImageAnnotation { Registry = "docker.io", Image = image, Tag = tag });

    /// <summary><c>{application}-{hash}-{resource}-{suffix}</c>, as Aspire names the volumes it makes.</summary>
    internal static string VolumeName<T>(this IResourceBuilder<T> builder, string suffix)
        where T : IResource
    {
        var application = NotInVolumeNames().Replace(builder.ApplicationBuilder.Environment.ApplicationName, "_");
        var hash = builder.ApplicationBuilder.Configuration["AppHost:Sha256"]![..10];
        return $"{application}-{hash}".ToLowerInvariant() + $"-{builder.Resource.Name}-{suffix}";
    }

    [GeneratedRegex("[^a-zA-Z0-9_.-]")]
    private static partial Regex NotInVolumeNames();
}
