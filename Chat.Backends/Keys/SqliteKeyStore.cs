using System.Xml.Linq;
using Chat.Backends.Sqlite;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Chat.Backends.Keys;

/// <summary>The Data Protection key ring in the archive's file, so that every process reads every other's cookies.</summary>
public sealed class SqliteKeyStore(SqliteDatabase database) : IXmlRepository
{
    private const string Backend = "chatdb";

    // Data Protection calls these seldom, off the request path, and only synchronously.
    public IReadOnlyCollection<XElement> GetAllElements() =>
        database.ReadAsync(
            Backend, session => session.Query("SELECT xml FROM data_protection_keys", r => XElement.Parse(r.GetString(0))), CancellationToken.None)
            .GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName)
    {
        ArgumentNullException.ThrowIfNull(element);
        database.WriteAsync(
            Backend,
            session => session.Execute(
                "INSERT INTO data_protection_keys (name, xml) VALUES ($1, $2) ON CONFLICT DO UPDATE SET xml = excluded.xml",
                string.IsNullOrEmpty(friendlyName) ? Guid.NewGuid().ToString("N") : friendlyName, element.ToString(SaveOptions.DisableFormatting)),
            CancellationToken.None).GetAwaiter().GetResult();
    }
}
