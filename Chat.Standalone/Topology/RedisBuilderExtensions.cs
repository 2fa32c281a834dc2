using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class RedisBuilderExtensions
{
    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, string name, int? port = null)
    {
        var redis = new RedisResource(name, builder.CreateGeneratedPassword($"{name}-password")) { Entrypoint = "/bin/sh" };
        return builder.AddResource(redis)
            .WithEndpoint(port, 6379, "redis", "tcp")
            .WithImage("library/redis", "8.6")
            .WithEnvironment(context => context.EnvironmentVariables["REDIS_PASSWORD"] = redis.PasswordParameter!)
            .WithAnnotation(new CommandLineArgsCallbackAnnotation(context =>
            {
                context.Args.Add("-c");
                context.Args.Add("redis-server --requirepass $REDIS_PASSWORD" + redis.PersistenceArguments);
                return Task.CompletedTask;
            }));
    }

    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder, string? name = null,
        bool isReadOnly = false)
    {
        builder.WithVolume(name ?? builder.VolumeName("data"), "/data", isReadOnly);
        return isReadOnly ? builder : builder.WithPersistence();
    }

    public static IResourceBuilder<RedisResource> WithPersistence(this IResourceBuilder<RedisResource> builder, TimeSpan? interval = null,
        long keysChangedThreshold = 1)
    {
        builder.Resource.PersistenceArguments = $" --save {(interval ?? TimeSpan.FromSeconds(60)).TotalSeconds} {keysChangedThreshold}";
        return builder;
    }
}
