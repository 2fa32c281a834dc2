namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// What Aspire runs, and the cluster runs, as a container. The standalone engine runs a local server or an embedded
/// stand-in in its place; the image, mounts and arguments matter to the manifest only.
/// </summary>
public class ContainerResource(string name, string? entrypoint = null)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport
{
    public string? Entrypoint { get; set; } = entrypoint;
}
