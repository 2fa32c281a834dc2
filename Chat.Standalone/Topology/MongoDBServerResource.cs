namespace Aspire.Hosting.ApplicationModel;

public class MongoDBServerResource(string name, ParameterResource? userNameParameter, ParameterResource? passwordParameter)
    : ContainerResource(name), IResourceWithConnectionString
{
    private const string AuthenticationDatabase = "admin";
    private const string AuthenticationMechanism = "SCRAM-SHA-256";

    public EndpointReference PrimaryEndpoint => new(this, "tcp");

    public EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);

    public EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    public ParameterResource? PasswordParameter { get; } = passwordParameter;

    public ParameterResource? UserNameParameter { get; } = userNameParameter;

    public ReferenceExpression UserNameReference =>
        UserNameParameter is null ? ReferenceExpression.Create($"admin") : ReferenceExpression.Create($"{UserNameParameter}");

    public ReferenceExpression ConnectionStringExpression => UriFor("");

    public ReferenceExpression UriExpression => ConnectionStringExpression;

    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{Host}")),
        new("Port", ReferenceExpression.Create($"{Port}")),
        new("Username", UserNameReference),
        new("Password", ReferenceExpression.Create($"{PasswordParameter!}")),
        new("AuthenticationDatabase", ReferenceExpression.Create($"{AuthenticationDatabase}")),
        new("AuthenticationMechanism", ReferenceExpression.Create($"{AuthenticationMechanism}")),
        new("Uri", UriExpression),
    ];

    internal ReferenceExpression UriFor(string database) => ReferenceExpression.Create(
        $"mongodb://{UserNameReference}:{PasswordParameter!:uri}@{Host}:{Port}/{database}?authSource={AuthenticationDatabase}&authMechanism={AuthenticationMechanism}");
}

public class MongoDBDatabaseResource(string name, string databaseName, MongoDBServerResource parent)
    : Resource(name), IResourceWithParent<MongoDBServerResource>, IResourceWithConnectionString
{
    public MongoDBServerResource Parent { get; } = parent;

    public string DatabaseName { get; } = databaseName;

    public ReferenceExpression ConnectionStringExpression => Parent.UriFor(DatabaseName);

    public ReferenceExpression UriExpression => ConnectionStringExpression;

    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
    [
        .. Parent.GetConnectionProperties().Where(p => p.Key != "Uri"),
        new("Uri", UriExpression),
        new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}")),
    ];
}
