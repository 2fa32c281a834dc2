using Chat.Worker.Saving;
using Chat.Worker.Sweeping;

namespace Chat.Worker.Consuming;

public static class WorkerExtensions
{
    /// <summary>The loop that saves, the one that sweeps, and whether it does as the health check <c>saving</c>.</summary>
    public static IHostApplicationBuilder AddSaving(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SavingState>();
        builder.Services.AddSingleton<ArchiveProbe>();
        builder.Services.AddSingleton<MessageSaver>();
        builder.Services.AddHostedService<SavingService>();
        builder.Services.AddSingleton<FileSweeper>();
        builder.Services.AddHostedService<SweepingService>();
        builder.Services.AddHealthChecks().AddCheck<SavingHealth>("saving");
        return builder;
    }
}
