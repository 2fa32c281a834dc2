namespace Chat.Web.Client.Connection;

/// <summary>The connection to the hub that is up just now; null while there is none.</summary>
public sealed class LiveLink
{
    public IHubLink? Current { get; internal set; }
}
