using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Chat.Backends.Keys;

public static class SharedDataProtectionExtensions
{
    /// <summary>Cookies and tokens of one process are good in every other, whichever stores are away.</summary>
    public static IDataProtectionBuilder AddSharedDataProtection(this IServiceCollection services)
    {
        services.TryAddSingleton<SharedKeyRepository>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(s =>
            new ConfigureOptions<KeyManagementOptions>(o => o.XmlRepository = s.GetRequiredService<SharedKeyRepository>()));
        return services.AddDataProtection().SetApplicationName("Chat");
    }
}
