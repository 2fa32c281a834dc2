using Chat.Backends.Saving;
using Chat.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Chat.Backends.Messaging;

/// <summary><c>message_save</c> on RabbitMQ. Nothing connects before the first use, and never on the caller's thread.</summary>
internal static class RabbitRegistration
{
    public static void AddRabbitSaving(this IHostApplicationBuilder builder, string connectionName)
    {
        // Aspire would connect at the start, and fail it while the broker is away.
        builder.AddRabbitMQClient(connectionName, settings =>
        {
            settings.DisableAutoActivation = true;
            settings.DisableTracing = !Telemetry.IsExported(builder.Configuration);
        });
        builder.Services.AddOptions<RabbitOptions>().BindConfiguration(RabbitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<SaveConsumerOptions>().BindConfiguration(SaveConsumerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<RabbitPublisher>();
        builder.Services.AddSingleton<ISaveQueue, RabbitSaveQueue>();
        builder.Services.AddSingleton<ISaveConsumer, RabbitSaveConsumer>();
        builder.Services.AddSingleton<IDeadLetters, RabbitDeadLetters>();
    }
}
