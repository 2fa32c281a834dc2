namespace Aspire.Hosting.ApplicationModel;

/// <summary>The connection string of a resource as the value of a variable of another.</summary>
public sealed class ConnectionStringReference(IResourceWithConnectionString resource, bool optional) : IExpressionValue, IValueWithReferences
{
    public IResourceWithConnectionString Resource { get; } = resource;

    public bool Optional { get; } = optional;

    public string ValueExpression => Resource.ValueExpression;

    public IEnumerable<object> References => [Resource];

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var value = await Resource.GetConnectionStringAsync(cancellationToken);
        return value is null && !Optional
            ? throw new InvalidOperationException($"'{Resource.Name}' has no connection string.")
            : value;
    }
}
