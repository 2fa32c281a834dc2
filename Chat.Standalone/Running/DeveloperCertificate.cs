using System.Security.Cryptography.X509Certificates;

namespace Chat.Standalone.Running;

/// <summary>Whether this machine has ASP.NET Core's development certificate and trusts it (<c>dotnet dev-certs https --trust</c>).</summary>
internal static class DeveloperCertificate
{
    private const string Marker = "1.3.6.1.4.1.311.84.1.1";
    private static readonly Lazy<bool> Trusted = new(Check);

    public static bool IsTrusted => Trusted.Value;

    private static bool Check()
    {
        try
        {
            using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            return store.Certificates.Any(c => c.HasPrivateKey && c.NotAfter > DateTime.Now &&
                c.Extensions.Any(e => e.Oid?.Value == Marker) && IsTrustedHere(c));
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            // No store: no certificate.
            return false;
        }
    }

    private static bool IsTrustedHere(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
