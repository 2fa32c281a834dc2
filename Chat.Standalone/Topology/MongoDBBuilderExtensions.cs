using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class MongoDBBuilderExtensions
{
    public static IResourceBuilder<MongoDBServerResource> AddMongoDB(this IDistributedApplicationBuilder builder, string name, int? port = null,
        IResourceBuilder<ParameterResource>? userName = null, IResourceBuilder<ParameterResource>? password = null)
    {
        var mongo = new MongoDBServerResource(name, userName?.Resource,
            password?.Resource ?? builder.CreateGeneratedPassword($"{name}-password"));
        return builder.AddResource(mongo)
            .WithEndpoint(port, 27017, name: "tcp")
            .WithImage("library/mongo", "8.3")
            .WithEnvironment(context =>
            {
                context.EnvironmentVariables["MONGO_INITDB_ROOT_USERNAME"] = mongo.UserNameReference;
                context.EnvironmentVariables["MONGO_INITDB_ROOT_PASSWORD"] = mongo.PasswordParameter!;
            });
    }

    public static IResourceBuilder<MongoDBDatabaseResource> AddDatabase(this IResourceBuilder<MongoDBServerResource> builder, string name,
        string? databaseName = null) =>
        builder.ApplicationBuilder.AddResource(new MongoDBDatabaseResource(name, databaseName ?? name, builder.Resource));

    public static IResourceBuilder<MongoDBServerResource> WithDataVolume(this IResourceBuilder<MongoDBServerResource> builder,
        string? name = null, bool isReadOnly = false) =>
        builder.WithVolume(name ?? builder.VolumeName("data"), "/data/db", isReadOnly);
}
