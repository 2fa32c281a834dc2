using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Logging;

public sealed class EventIdTests
{
    [Fact]
    public void Every_log_event_of_the_solution_has_an_id_of_its_own()
    {
        var events = Directory.EnumerateFiles(AppContext.BaseDirectory, "Chat.*.dll")
            .Where(file => !Path.GetFileName(file).StartsWith("Chat.Tests.", StringComparison.Ordinal))
            .Select(Assembly.LoadFrom)
            .SelectMany(Types)
            .SelectMany(type => type.GetMethods(
                BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Select(method => (Name: $"{method.DeclaringType}.{method.Name}", method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(e => e.EventId is not null)
            .ToList();

        Assert.True(events.Count > 50, $"Only {events.Count} log events were found.");
        Assert.Empty(events.GroupBy(e => e.EventId).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(", ", g.Select(e => e.Name))}"));
    }

    private static IEnumerable<Type> Types(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();
        }
    }
}
