namespace Aspire.Hosting.ApplicationModel;

/// <summary>A database of a MongoDB server, in the shape of the resource of the same name in Aspire.Hosting.MongoDB 13.6.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="databaseName">The name of the database on the server.</param>
/// <param name="parent">The server.</param>
public class MongoDBDatabaseResource(string name, string databaseName, MongoDBServerResource parent)
    : Resource(name), IResourceWithParent<MongoDBServerResource>, IResourceWithConnectionString
{
    /// <summary><c>mongodb://USER:PASSWORD@HOST:PORT/DATABASE?authSource=admin&amp;authMechanism=SCRAM-SHA-256</c></summary>
    public ReferenceExpression ConnectionStringExpression => Parent.BuildConnectionString(DatabaseName);

    /// <inheritdoc cref="ConnectionStringExpression"/>
    public ReferenceExpression UriExpression => ConnectionStringExpression;

    public MongoDBServerResource Parent { get; } = parent ?? throw new ArgumentNullException(nameof(parent));

    public string DatabaseName { get; } = databaseName ?? throw new ArgumentNullException(nameof(databaseName));

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        Parent.CombineProperties(
        [
            new("Uri", UriExpression),
            new("DatabaseName", ReferenceExpression.Create($"{DatabaseName}")),
        ]);
}
