using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>A profile of a project's <c>Properties/launchSettings.json</c>: its addresses and variables.</summary>
internal sealed record LaunchProfile(string? CommandName, string? ApplicationUrl, Dictionary<string, string>? EnvironmentVariables);

internal sealed record LaunchSettings(Dictionary<string, LaunchProfile> Profiles)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The profile asked for; else the one the AppHost itself was started with; else the first that starts the project.</summary>
    public static (string Name, LaunchProfile Profile)? Choose(string projectPath, string? asked, IConfiguration configuration)
    {
        var file = Path.Combine(Path.GetDirectoryName(projectPath)!, "Properties", "launchSettings.json");
        if (!File.Exists(file))
        {
            return null;
        }

        var profiles = JsonSerializer.Deserialize<LaunchSettings>(File.ReadAllText(file), Options)?.Profiles ?? [];
        if (asked is not null && !profiles.ContainsKey(asked))
        {
            throw new InvalidOperationException($"'{file}' has no profile '{asked}'.");
        }

        var name = asked
            ?? (configuration["DOTNET_LAUNCH_PROFILE"] is { } own && profiles.ContainsKey(own) ? own : null)
            ?? profiles.FirstOrDefault(p => p.Value.CommandName == "Project").Key;
        return name is null ? null : (name, profiles[name]);
    }
}
