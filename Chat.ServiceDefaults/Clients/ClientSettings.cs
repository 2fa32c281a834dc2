using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.Hosting;

/// <summary>Reads a client's settings in Aspire's order: the section, the section of the name, the connection string, the code.</summary>
internal static class ClientSettings
{
    public static T Read<T>(
        IConfiguration configuration, string section, string name, Action<T, string> connectionString, Action<T>? configure)
        where T : class, new()
    {
        var settings = new T();
        configuration.GetSection(section).Bind(settings);
        configuration.GetSection($"{section}:{name}").Bind(settings);
        if (configuration.GetConnectionString(name) is { } given)
        {
            connectionString(settings, given);
        }

        configure?.Invoke(settings);
        return settings;
    }

    public static InvalidOperationException Missing(string name, string section) => new(
        $"ConnectionString is missing. It should be provided in 'ConnectionStrings:{name}' or under the 'ConnectionString' key in '{section}' or '{section}:{name}' configuration section.");
}
