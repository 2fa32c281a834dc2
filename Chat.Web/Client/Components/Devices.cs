using Chat.Web.Client.Resources;

namespace Chat.Web.Client.Components;

/// <summary>A signed-in device, named as its owner would: not by the whole of what a browser says of itself.</summary>
internal static class Devices
{
    // In this order: an Edge also claims to be Chrome, a Chrome also Safari, an Android also Linux.
    private static readonly (string Sign, string Name)[] Browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("Chrome/", "Chrome"), ("CriOS", "Chrome"), ("Safari/", "Safari")];

    private static readonly (string Sign, string Name)[] Systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    public static string Name(string? agent)
    {
        if (string.IsNullOrWhiteSpace(agent))
        {
            return Texts.UnknownDevice;
        }

        var (browser, system) = (Find(Browsers, agent), Find(Systems, agent));
        return browser is null && system is null ? agent : string.Join(", ", new[] { browser, system }.OfType<string>());
    }

    private static string? Find((string Sign, string Name)[] signs, string agent) =>
        Array.Find(signs, s => agent.Contains(s.Sign, StringComparison.Ordinal)).Name;
}
