using Aspire.Hosting.ApplicationModel;

namespace Chat.Hosting.Backing;

/// <summary>What the dashboard shows of a backing service besides what Aspire shows itself.</summary>
internal static class BackingProperties
{
    /// <summary>The column "Source": what runs, and why.</summary>
    public static ResourcePropertySnapshot Source(string what, string reason) =>
        new(CustomResourceKnownProperties.Source, $"{what} – {reason}");

    /// <summary>Why it runs this way.</summary>
    public static ResourcePropertySnapshot Reason(string reason) => new("chat.backing.reason", reason) { DisplayName = "Why" };
}
