using MongoDB.Driver;

namespace Chat.Backends.Database;

internal static class MongoInsert
{
    /// <summary>False when the id is taken.</summary>
    public static async Task<bool> TryAsync<T>(IMongoCollection<T> collection, T document, CancellationToken cancellationToken)
    {
        try
        {
            await collection.InsertOneAsync(document, options: null, cancellationToken);
            return true;
        }
        catch (MongoWriteException e) when (IsDuplicate(e))
        {
            return false;
        }
    }

    public static bool IsDuplicate(MongoWriteException e) => e.WriteError?.Category == ServerErrorCategory.DuplicateKey;
}
