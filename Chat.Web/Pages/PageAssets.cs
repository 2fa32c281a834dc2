using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.StaticAssets;

namespace Chat.Web.Pages;

/// <summary>
/// The addresses of scripts and styles with their fingerprints, so that a browser keeps them for ever and asks for them once.
/// Built when first needed, from what <c>MapStaticAssets</c> mapped.
/// </summary>
public sealed class PageAssets
{
    // Modules that are imported by their plain names, from C# and from the framework.
    private static readonly string[] Modules = ["js/", "_framework/dotnet.js"];
    private readonly Lazy<Built> _built;

    public PageAssets(EndpointDataSource endpoints) => _built = new(() => Build(endpoints));

    /// <summary>Leads a module's plain name to its fingerprinted address; the only text inside a page that a browser may take for script.</summary>
    public string ImportMap => _built.Value.ImportMap;

    /// <summary>What the content security policy allows: the import map, by its hash.</summary>
    public string ImportMapHash => _built.Value.Hash;

    /// <summary>Another one whenever any file is another one: 16 hexadecimal digits.</summary>
    public string Version => _built.Value.Version;

    /// <summary>The address to put into a page; <paramref name="path"/> without a slash in front.</summary>
    public string this[string path] => "/" + (_built.Value.Urls.GetValueOrDefault(path) ?? $"{path}?{VersionedFiles.Parameter}={Version}");

    private static Built Build(EndpointDataSource endpoints)
    {
        var urls = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var asset in endpoints.Endpoints.Select(e => e.Metadata.GetMetadata<StaticAssetDescriptor>()).OfType<StaticAssetDescriptor>())
        {
            if (asset.Properties.FirstOrDefault(p => p.Name == "label") is { Value: { } label } && !label.EndsWith(".br", StringComparison.Ordinal) &&
                !label.EndsWith(".gz", StringComparison.Ordinal))
            {
                urls[label] = asset.Route;
            }
        }

        var imports = urls
            .Where(u => u.Key.EndsWith(".js", StringComparison.Ordinal) && Modules.Any(m => u.Key.StartsWith(m, StringComparison.Ordinal)))
            .ToDictionary(u => "/" + u.Key, u => "/" + u.Value);
        var map = JsonSerializer.Serialize(new Dictionary<string, object> { ["imports"] = imports });
        return new Built(
            urls, map, $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(map)))}'",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', urls.Values))))[..16]);
    }

    private sealed record Built(IReadOnlyDictionary<string, string> Urls, string ImportMap, string Hash, string Version);
}
