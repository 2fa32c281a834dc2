namespace Aspire.Hosting.ApplicationModel;

/// <summary>A MongoDB container, in the shape of the resource of the same name in Aspire.Hosting.MongoDB 13.6.</summary>
public class MongoDBServerResource : ContainerResource, IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";
    private const string DefaultUserName = "admin";
    private const string AuthenticationDatabase = "admin";
    private const string AuthenticationMechanism = "SCRAM-SHA-256";

    private readonly Dictionary<string, string> _databases = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Creates a server that asks for no credentials.</summary>
    /// <param name="name">The name of the resource.</param>
    public MongoDBServerResource(string name)
        : this(name, null, null)
    {
    }

    /// <param name="name">The name of the resource.</param>
    /// <param name="userNameParameter">The user, or null for <c>admin</c>.</param>
    /// <param name="passwordParameter">The password, or null for a server that asks for no credentials.</param>
    public MongoDBServerResource(string name, ParameterResource? userNameParameter, ParameterResource? passwordParameter)
        : base(name)
    {
        PrimaryEndpoint = new EndpointReference(this, PrimaryEndpointName);
        UserNameParameter = userNameParameter;
        PasswordParameter = passwordParameter;
    }

    /// <summary>The endpoint of the MongoDB wire protocol.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    public ParameterResource? UserNameParameter { get; }

    public ParameterResource? PasswordParameter { get; }

    /// <summary>The parameter's value, or <c>admin</c>.</summary>
    public ReferenceExpression UserNameReference => UserNameParameter is { } parameter
        ? ReferenceExpression.Create($"{parameter}")
        : ReferenceExpression.Create($"{DefaultUserName}");

    /// <summary><c>mongodb://USER:PASSWORD@HOST:PORT/?authSource=admin&amp;authMechanism=SCRAM-SHA-256</c></summary>
    public ReferenceExpression ConnectionStringExpression => BuildConnectionString();

    /// <inheritdoc cref="ConnectionStringExpression"/>
    public ReferenceExpression UriExpression => BuildConnectionString();

    /// <summary>Database names by resource name.</summary>
    public IReadOnlyDictionary<string, string> Databases => _databases;

    internal void AddDatabase(string name, string databaseName) => _databases.TryAdd(name, databaseName);

    internal ReferenceExpression BuildConnectionString(string? databaseName = null)
    {
        var builder = new ReferenceExpressionBuilder();
        builder.AppendLiteral("mongodb://");
        if (PasswordParameter is { } password)
        {
            if (UserNameParameter is { } userName)
            {
                builder.Append($"{userName:uri}");
            }
            else
            {
                builder.AppendLiteral(DefaultUserName);
            }

            builder.Append($":{password:uri}@");
        }

        builder.Append($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");
        builder.AppendLiteral("/");
        builder.AppendLiteral(databaseName ?? "");
        if (PasswordParameter is not null)
        {
            builder.AppendLiteral($"?authSource={AuthenticationDatabase}&authMechanism={AuthenticationMechanism}");
        }

        return builder.Build();
    }

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties()
    {
        yield return new("Host", ReferenceExpression.Create($"{Host}"));
        yield return new("Port", ReferenceExpression.Create($"{Port}"));
        if (PasswordParameter is { } password)
        {
            yield return new("Username", UserNameReference);
            yield return new("Password", ReferenceExpression.Create($"{password}"));
            yield return new("AuthenticationDatabase", ReferenceExpression.Create($"{AuthenticationDatabase}"));
            yield return new("AuthenticationMechanism", ReferenceExpression.Create($"{AuthenticationMechanism}"));
        }

        yield return new("Uri", UriExpression);
    }
}
