using System.Globalization;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// Text with holes that resources fill: in run mode with values, in the manifest with expressions. Or, conditional, one of
/// two such texts by the value of a third.
/// </summary>
public sealed class ReferenceExpression : IExpressionValue, IValueWithReferences
{
    public static readonly ReferenceExpression Empty = new("", [], []);

    private ReferenceExpression(string format, IReadOnlyList<IValueProvider> valueProviders, IReadOnlyList<string?> stringFormats)
    {
        Format = format;
        ValueProviders = valueProviders;
        StringFormats = stringFormats;
    }

    public string Format { get; }

    public IReadOnlyList<IValueProvider> ValueProviders { get; }

    public IReadOnlyList<string?> StringFormats { get; }

    public IReadOnlyList<string> ManifestExpressions =>
        [.. ValueProviders.Select(p => p is IManifestExpressionProvider m ? m.ValueExpression : "")];

    public bool IsConditional => Condition is not null;

    public IValueProvider? Condition { get; private init; }

    public ReferenceExpression? WhenTrue { get; private init; }

    public ReferenceExpression? WhenFalse { get; private init; }

    public string? MatchValue { get; private init; }

    /// <summary>The name of a conditional expression's entry in the manifest.</summary>
    internal string? Name { get; private init; }

    public string ValueExpression => IsConditional
        ? $"{{{Name}.connectionString}}"
        : string.Format(CultureInfo.InvariantCulture, Format, [.. ManifestExpressions]);

    public IEnumerable<object> References => IsConditional
        ? [Condition!, .. WhenTrue!.References, .. WhenFalse!.References]
        : ValueProviders;

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) =>
        new(handler.Format, handler.ValueProviders, handler.StringFormats);

    public static ReferenceExpression CreateConditional(IValueProvider condition, string matchValue, ReferenceExpression whenTrue,
        ReferenceExpression whenFalse) =>
        new("", [.. whenTrue.ValueProviders, .. whenFalse.ValueProviders], [.. whenTrue.StringFormats, .. whenFalse.StringFormats])
        {
            Condition = condition,
            MatchValue = matchValue,
            WhenTrue = whenTrue,
            WhenFalse = whenFalse,
            Name = ConditionalName((condition as IManifestExpressionProvider)?.ValueExpression ?? "", whenTrue, whenFalse, matchValue),
        };

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken)
    {
        if (IsConditional)
        {
            var value = await Condition!.GetValueAsync(cancellationToken);
            var branch = string.Equals(value, MatchValue, StringComparison.OrdinalIgnoreCase) ? WhenTrue! : WhenFalse!;
            return await branch.GetValueAsync(cancellationToken);
        }

        var arguments = new object?[ValueProviders.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = await ValueProviders[i].GetValueAsync(cancellationToken);
            arguments[i] = StringFormats[i] == "uri" && value is not null ? Uri.EscapeDataString(value) : value;
        }

        return string.Format(CultureInfo.InvariantCulture, Format, arguments);
    }

    // The form is Aspire's, so that both engines' manifests name the same entry: the condition in lower case with dashes,
    // then XxHash32 over condition, both branches and the value compared with.
    private static string ConditionalName(string condition, ReferenceExpression whenTrue, ReferenceExpression whenFalse, string matchValue)
    {
        var hash = new XxHash32();
        foreach (var part in (string[])[condition, whenTrue.ValueExpression, whenFalse.ValueExpression, matchValue])
        {
            hash.Append(Encoding.UTF8.GetBytes(part));
        }

        var words = condition.ToLowerInvariant().Split([.. condition.ToLowerInvariant().Where(c => !char.IsLetterOrDigit(c))],
            StringSplitOptions.RemoveEmptyEntries);
        return $"cond-{(words.Length > 0 ? string.Join('-', words) : "expr")}-{Convert.ToHexStringLower(hash.GetCurrentHash())}";
    }

    [InterpolatedStringHandler]
    public readonly struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _format = new(literalLength);
        private readonly List<IValueProvider> _providers = new(formattedCount);
        private readonly List<string?> _formats = new(formattedCount);

        internal string Format => _format.ToString();

        internal IReadOnlyList<IValueProvider> ValueProviders => _providers;

        internal IReadOnlyList<string?> StringFormats => _formats;

        public void AppendLiteral(string value) => _format.Append(value.Replace("{", "{{").Replace("}", "}}"));

        public void AppendFormatted(string? value) => AppendLiteral(value ?? "");

        public void AppendFormatted<T>(T valueProvider, string? format = null)
            where T : IValueProvider, IManifestExpressionProvider
        {
            // A plain inner expression is poured into this one, so that the manifest sees its parts; a conditional one keeps its name.
            if (valueProvider is ReferenceExpression { IsConditional: false } inner)
            {
                var shifted = new object[inner.ValueProviders.Count];
                for (var i = 0; i < shifted.Length; i++)
                {
                    shifted[i] = $"{{{_providers.Count}}}";
                    _providers.Add(inner.ValueProviders[i]);
                    _formats.Add(inner.StringFormats[i]);
                }

                // Formatting once unescapes the inner literal's doubled braces, so they are doubled twice before.
                _format.AppendFormat(CultureInfo.InvariantCulture, inner.Format.Replace("{{", "{{{{").Replace("}}", "}}}}"), shifted);
                return;
            }

            _format.Append(CultureInfo.InvariantCulture, $"{{{_providers.Count}}}");
            _providers.Add(valueProvider);
            _formats.Add(format);
        }

        public void AppendFormatted<T>(IResourceBuilder<T> valueProvider, string? format = null)
            where T : IResource, IValueProvider, IManifestExpressionProvider => AppendFormatted(valueProvider.Resource, format);
    }
}
