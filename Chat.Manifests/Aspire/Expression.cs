namespace Chat.Manifests.Aspire;

/// <summary>A manifest string cut into literals and <c>{resource.path}</c> references; <c>{{</c> and <c>}}</c> are braces.</summary>
public sealed record Expression(IReadOnlyList<ExpressionPart> Parts)
{
    public static Expression Parse(string text)
    {
        var parts = new List<ExpressionPart>();
        var literal = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                literal.Append(text[i++]);
            }
            else if (text[i] == '{')
            {
                var end = text.IndexOf('}', i);
                var dot = end < 0 ? -1 : text.IndexOf('.', i, end - i);
                if (dot < 0)
                {
                    throw new ManifestException($"'{text}' has a brace that opens no reference.");
                }

                Flush();
                parts.Add(new Reference(text[(i + 1)..dot], text[(dot + 1)..end]));
                i = end;
            }
            else
            {
                literal.Append(text[i]);
            }
        }

        Flush();
        return new Expression(parts);

        void Flush()
        {
            if (literal.Length > 0)
            {
                parts.Add(new Literal(literal.ToString()));
                literal.Clear();
            }
        }
    }
}

public abstract record ExpressionPart;

public sealed record Literal(string Text) : ExpressionPart;

public sealed record Reference(string Resource, string Path) : ExpressionPart;
