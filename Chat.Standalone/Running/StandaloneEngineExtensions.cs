using Aspire.Hosting;
using Chat.Standalone.Backing;
using Chat.Standalone.Dashboard;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Chat.Standalone.Running;

internal static class StandaloneEngineExtensions
{
    public static void AddStandaloneEngine(this IServiceCollection services, IDistributedApplicationBuilder builder, bool disableDashboard)
    {
        if (disableDashboard)
        {
            builder.Configuration.AddInMemoryCollection([KeyValuePair.Create(DashboardServer.EnabledKey, (string?)"false")]);
        }

        services.AddSingleton(DataFolder.Of(builder));
        services.AddSingleton<DashboardServer>();
        services.AddSingleton<Engine>();
        services.AddHostedService(s => s.GetRequiredService<Engine>());
        services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMinutes(1));
    }
}
