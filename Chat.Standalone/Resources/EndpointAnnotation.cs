using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>An address of a resource: what the topology asks for, and, while running, what it got.</summary>
public sealed class EndpointAnnotation : IResourceAnnotation
{
    public EndpointAnnotation(ProtocolType protocol, string? uriScheme = null, string? transport = null, string? name = null,
        int? port = null, int? targetPort = null, bool? isExternal = null, bool isProxied = true)
    {
        Protocol = protocol;
        UriScheme = uriScheme ?? "tcp";
        Transport = transport ?? (UriScheme is "http" or "https" ? "http" : "tcp");
        Name = name ?? UriScheme;
        Port = port;
        TargetPort = targetPort;
        IsExternal = isExternal ?? false;
        IsProxied = isProxied;
    }

    public string Name { get; set; }

    public ProtocolType Protocol { get; set; }

    public string UriScheme { get; set; }

    public string Transport { get; set; }

    /// <summary>Where others reach it.</summary>
    public int? Port { get; set; }

    /// <summary>Where the process behind it listens.</summary>
    public int? TargetPort { get; set; }

    public string? TargetPortEnvironmentVariable { get; set; }

    public bool IsExternal { get; set; }

    public bool IsProxied { get; set; }

    public bool FromLaunchProfile { get; set; }

    public AllocatedEndpoint? AllocatedEndpoint { get; set; }
}

public sealed record AllocatedEndpoint(string UriScheme, string Address, int Port)
{
    public string UriString => $"{UriScheme}://{Address}:{Port}";
}
