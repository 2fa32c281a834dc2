using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class RabbitMQBuilderExtensions
{
    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(this IDistributedApplicationBuilder builder, string name,
        IResourceBuilder<ParameterResource>? userName = null, IResourceBuilder<ParameterResource>? password = null, int? port = null)
    {
        var rabbit = new RabbitMQServerResource(name, userName?.Resource,
            password?.Resource ?? builder.CreateGeneratedPassword($"{name}-password"));
        return builder.AddResource(rabbit)
            .WithEndpoint(port, 5672, name: "tcp")
            .WithImage("library/rabbitmq", "4.3")
            .WithEnvironment(context =>
            {
                context.EnvironmentVariables["RABBITMQ_DEFAULT_USER"] = rabbit.UserNameReference;
                context.EnvironmentVariables["RABBITMQ_DEFAULT_PASS"] = rabbit.PasswordParameter;
            });
    }

    public static IResourceBuilder<RabbitMQServerResource> WithDataVolume(this IResourceBuilder<RabbitMQServerResource> builder,
        string? name = null, bool isReadOnly = false) =>
        builder.WithVolume(name ?? builder.VolumeName("data"), "/var/lib/rabbitmq", isReadOnly);

    public static IResourceBuilder<RabbitMQServerResource> WithManagementPlugin(this IResourceBuilder<RabbitMQServerResource> builder)
    {
        builder.Resource.Annotations.OfType<ContainerImageAnnotation>().Last().Tag += "-management";
        return builder.WithHttpEndpoint(targetPort: 15672, name: "management");
    }
}
