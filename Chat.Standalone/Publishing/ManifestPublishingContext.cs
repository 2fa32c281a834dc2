using System.Globalization;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>
/// Writes the manifest in Aspire's form and order: the topology's resources, then what they refer to that is not among them
/// (generated passwords, each followed by its encoded forms), then the conditional expressions.
/// </summary>
public sealed class ManifestPublishingContext(DistributedApplicationExecutionContext executionContext, string manifestPath,
    Utf8JsonWriter writer, CancellationToken cancellationToken = default)
{
    private readonly List<IResource> _referred = [];
    private readonly List<(ParameterResource Parameter, string Format)> _formatted = [];
    private readonly List<ReferenceExpression> _conditionals = [];

    public Utf8JsonWriter Writer { get; } = writer;

    public string ManifestPath { get; } = manifestPath;

    public string GetManifestRelativePath(string path) =>
        Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(ManifestPath))!, path).Replace('\\', '/');

    internal async Task WriteModelAsync(IEnumerable<IResource> resources)
    {
        var model = resources.ToList();
        Writer.WriteStartObject();
        Writer.WriteStartObject("resources");
        foreach (var resource in model)
        {
            await WriteResourceAsync(resource);
        }

        // Writing one may refer to others, which join the end of the list.
        for (var i = 0; i < _referred.Count; i++)
        {
            if (!model.Contains(_referred[i]))
            {
                await WriteResourceAsync(_referred[i]);
            }
        }

        foreach (var conditional in _conditionals)
        {
            Writer.WriteStartObject(conditional.Name!);
            Writer.WriteString("type", "value.v0");
            Writer.WriteString("connectionString", await ResolveAsync(conditional));
            Writer.WriteEndObject();
        }

        Writer.WriteEndObject();
        Writer.WriteEndObject();
        await Writer.FlushAsync(cancellationToken);
    }

    private async Task WriteResourceAsync(IResource resource)
    {
        Writer.WriteStartObject(resource.Name);
        switch (resource)
        {
            case ContainerResource container:
                await WriteContainerAsync(container);
                break;
            case ProjectResource project:
                Writer.WriteString("type", "project.v0");
                Writer.WriteString("path", GetManifestRelativePath(project.Annotations.OfType<IProjectMetadata>().Last().ProjectPath));
                await WriteArgumentsAsync(project);
                await WriteEnvironmentAsync(project);
                WriteBindings(project);
                break;
            case ParameterResource parameter:
                WriteParameter(parameter);
                break;
            case IResourceWithConnectionString value:
                Writer.WriteString("type", "value.v0");
                Writer.WriteString("connectionString", Expression(value.ConnectionStringExpression));
                break;
            default:
                Writer.WriteString("error", "This resource does not support generation in the manifest.");
                break;
        }

        Writer.WriteEndObject();
        foreach (var (parameter, format) in _formatted.Where(f => f.Parameter == resource))
        {
            Writer.WriteStartObject(FormattedName(parameter, format));
            Writer.WriteString("type", "annotated.string");
            Writer.WriteString("value", parameter.ValueExpression);
            Writer.WriteString("filter", format);
            Writer.WriteEndObject();
        }
    }

    private async Task WriteContainerAsync(ContainerResource container)
    {
        Writer.WriteString("type", "container.v0");
        if (container is IResourceWithConnectionString connection)
        {
            Writer.WriteString("connectionString", Expression(connection.ConnectionStringExpression));
        }

        var image = container.Annotations.OfType<ContainerImageAnnotation>().Last();
        Writer.WriteString("image", $"{image.Registry}/{image.Image}:{image.Tag}");
        if (container.Entrypoint is not null)
        {
            Writer.WriteString("entrypoint", container.Entrypoint);
        }

        await WriteArgumentsAsync(container);
        var mounts = container.Annotations.OfType<ContainerMountAnnotation>().ToList();
        if (mounts.Count > 0)
        {
            Writer.WriteStartArray("volumes");
            foreach (var mount in mounts)
            {
                Writer.WriteStartObject();
                if (mount.Source is not null)
                {
                    Writer.WriteString("name", mount.Source);
                }

                Writer.WriteString("target", mount.Target);
                Writer.WriteBoolean("readOnly", mount.IsReadOnly);
                Writer.WriteEndObject();
            }

            Writer.WriteEndArray();
        }

        await WriteEnvironmentAsync(container);
        WriteBindings(container);
    }

    private async Task WriteArgumentsAsync(IResource resource)
    {
        List<object> args = [];
        foreach (var callback in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await callback.Callback(new(args, cancellationToken));
        }

        if (args.Count > 0)
        {
            Writer.WriteStartArray("args");
            args.ForEach(a => Writer.WriteStringValue(Expression(a)));
            Writer.WriteEndArray();
        }
    }

    private async Task WriteEnvironmentAsync(IResource resource)
    {
        Dictionary<string, object> variables = [];
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await callback.Callback(new(executionContext, resource, variables, cancellationToken));
        }

        if (variables.Count > 0)
        {
            Writer.WriteStartObject("env");
            foreach (var (key, value) in variables)
            {
                Writer.WriteString(key, Expression(value));
            }

            Writer.WriteEndObject();
        }
    }

    private void WriteBindings(IResource resource)
    {
        var endpoints = resource.Endpoints().ToList();
        if (endpoints.Count == 0)
        {
            return;
        }

        Writer.WriteStartObject("bindings");
        foreach (var endpoint in endpoints)
        {
            Writer.WriteStartObject(endpoint.Name);
            Writer.WriteString("scheme", endpoint.UriScheme);
            Writer.WriteString("protocol", endpoint.Protocol.ToString().ToLowerInvariant());
            Writer.WriteString("transport", endpoint.Transport);
            if (endpoint.Port is { } port && port != endpoint.TargetPort)
            {
                Writer.WriteNumber("port", port);
            }

            if (endpoint.TargetPort is { } targetPort)
            {
                Writer.WriteNumber("targetPort", targetPort);
            }

            if (endpoint.IsExternal)
            {
                Writer.WriteBoolean("external", true);
            }

            Writer.WriteEndObject();
        }

        Writer.WriteEndObject();
    }

    private void WriteParameter(ParameterResource parameter)
    {
        Writer.WriteString("type", "parameter.v0");
        Writer.WriteString("value", $"{{{parameter.Name}.inputs.value}}");
        Writer.WriteStartObject("inputs");
        Writer.WriteStartObject("value");
        Writer.WriteString("type", "string");
        if (parameter.Secret)
        {
            Writer.WriteBoolean("secret", true);
        }

        if (parameter.Default is not null)
        {
            Writer.WriteStartObject("default");
            parameter.Default.WriteToManifest(this);
            Writer.WriteEndObject();
        }

        Writer.WriteEndObject();
        Writer.WriteEndObject();
    }

    private string Expression(object value)
    {
        Note(value);
        return value switch
        {
            string text => text,
            ReferenceExpression { IsConditional: false } expression => string.Format(CultureInfo.InvariantCulture, expression.Format,
                [.. expression.ValueProviders.Select((p, i) => expression.StringFormats[i] is { } format && p is ParameterResource parameter
                    ? $"{{{FormattedName(parameter, format)}.value}}"
                    : (object)((IManifestExpressionProvider)p).ValueExpression)]),
            IManifestExpressionProvider provider => provider.ValueExpression,
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
    }

    // Remembers what the value refers to, in the order met: that is the order in the manifest.
    private void Note(object value)
    {
        if (value is ReferenceExpression expression)
        {
            if (expression.IsConditional && _conditionals.All(c => c.Name != expression.Name))
            {
                _conditionals.Add(expression);
            }

            for (var i = 0; i < expression.ValueProviders.Count; i++)
            {
                if (expression.StringFormats[i] is { } format && expression.ValueProviders[i] is ParameterResource parameter &&
                    !_formatted.Contains((parameter, format)))
                {
                    _formatted.Add((parameter, format));
                }
            }
        }

        if (value is IResource resource)
        {
            if (!_referred.Contains(resource))
            {
                _referred.Add(resource);
            }
        }
        else if (value is IValueWithReferences references)
        {
            foreach (var reference in references.References)
            {
                Note(reference);
            }
        }
    }

    // Which branch it will be is known already: nothing in this topology terminates TLS inside the cluster.
    private async Task<string> ResolveAsync(ReferenceExpression conditional)
    {
        var condition = conditional.Condition is EndpointReferenceExpression { Property: EndpointProperty.TlsEnabled } tls
            ? $"{tls.Endpoint.IsHttps}"
            : await conditional.Condition!.GetValueAsync(cancellationToken);
        var branch = string.Equals(condition, conditional.MatchValue, StringComparison.OrdinalIgnoreCase)
            ? conditional.WhenTrue!
            : conditional.WhenFalse!;
        return Expression(branch);
    }

    private static string FormattedName(ParameterResource parameter, string format) => $"{parameter.Name}-{format}-encoded";
}
