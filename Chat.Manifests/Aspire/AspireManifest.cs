using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chat.Manifests.Aspire;

/// <summary>The Aspire deployment manifest, the part of it that a topology of containers, projects and parameters uses.</summary>
public sealed record AspireManifest(IReadOnlyDictionary<string, AspireResource> Resources)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { AllowDuplicateProperties = false };

    public static AspireManifest Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (IOException e)
        {
            throw new ManifestException($"{path} cannot be read: {e.Message}", e);
        }
    }

    public static AspireManifest Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<AspireManifest>(json, Options) is { Resources: not null } manifest
                ? manifest
                : throw new ManifestException("The manifest has no resources.");
        }
        catch (JsonException e)
        {
            throw new ManifestException($"The manifest is not what Aspire writes: {e.Message}", e);
        }
    }
}

/// <summary>One resource; which members it has depends on <see cref="Type"/>.</summary>
public sealed record AspireResource
{
    public required string Type { get; init; }

    public string? ConnectionString { get; init; }

    public string? Image { get; init; }

    public string? Entrypoint { get; init; }

    public IReadOnlyList<string> Args { get; init; } = [];

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, AspireBinding> Bindings { get; init; } = new Dictionary<string, AspireBinding>();

    public IReadOnlyList<AspireVolume> Volumes { get; init; } = [];

    public string? Path { get; init; }

    /// <summary>Only a manifest that knows it says so; Aspire's own does not.</summary>
    public int? Replicas { get; init; }

    public string? Value { get; init; }

    public string? Filter { get; init; }

    public IReadOnlyDictionary<string, AspireInput> Inputs { get; init; } = new Dictionary<string, AspireInput>();
}

public sealed record AspireBinding(string Scheme, string? Protocol, int? TargetPort, int? Port, bool External);

public sealed record AspireVolume(string Name, string Target, [property: JsonPropertyName("readOnly")] bool ReadOnly);

public sealed record AspireInput(string? Type, bool Secret, AspireInputDefault? Default);

public sealed record AspireInputDefault(string? Value, AspireGenerate? Generate);

/// <summary>How Aspire makes a password: its defaults are true for every class of characters.</summary>
public sealed record AspireGenerate(int MinLength = 22, bool Lower = true, bool Upper = true, bool Numeric = true, bool Special = true);
