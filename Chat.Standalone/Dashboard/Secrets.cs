using System.Text.RegularExpressions;

namespace Chat.Standalone.Dashboard;

/// <summary>
/// Keeps passwords off the screen: variables whose names say that they are secret are masked whole, and in every other value what
/// stands where connection strings and URLs carry a password.
/// </summary>
internal static partial class Secrets
{
    private const string Mask8 = "••••••••";

    public static string Mask(string name, string value) =>
        value.Length == 0 ? value
        : SecretName().IsMatch(name) ? Mask8
        : InConnectionString().Replace(InUrl().Replace(value, $"$1{Mask8}@"), $"$1{Mask8}");

    [GeneratedRegex("(PASSWORD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|OTLP_HEADERS)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    // scheme://user:password@host, scheme://:password@host
    [GeneratedRegex("(://[^:/@\\s]*:)[^@\\s]+@", RegexOptions.CultureInvariant)]
    private static partial Regex InUrl();

    [GeneratedRegex("((?:password|pwd|api-?key|secret)\\s*=\\s*)[^,;\\s]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InConnectionString();
}
