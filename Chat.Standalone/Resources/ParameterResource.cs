using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value that is given or generated outside the topology, such as a password.</summary>
public class ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false)
    : Resource(name), IExpressionValue
{
    private string? _value;

    public ParameterDefault? Default { get; set; }

    public bool Secret { get; } = secret;

    public bool IsConnectionString { get; set; }

    public string ValueExpression => $"{{{Name}.value}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => new(_value ??= callback(Default));
}

public abstract class ParameterDefault
{
    public abstract void WriteToManifest(Publishing.ManifestPublishingContext context);

    public abstract string GetDefaultValue();
}

/// <summary>A value made of random characters, once.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string Letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ0123456789";

    public int MinLength { get; set; }

    public bool Special { get; set; } = true;

    public override void WriteToManifest(Publishing.ManifestPublishingContext context)
    {
        context.Writer.WriteStartObject("generate");
        if (MinLength > 0)
        {
            context.Writer.WriteNumber("minLength", MinLength);
        }

        if (!Special)
        {
            context.Writer.WriteBoolean("special", false);
        }

        context.Writer.WriteEndObject();
    }

    public override string GetDefaultValue() => RandomNumberGenerator.GetString(Letters + (Special ? "-_.{}~()*+!" : ""), Math.Max(MinLength, 22));
}
