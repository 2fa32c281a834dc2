namespace Chat.Backends.Database;

/// <summary>BSON dates are UTC milliseconds; the driver gives them as <see cref="DateTime"/>.</summary>
internal static class MongoTime
{
    public static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    public static DateTimeOffset? Utc(DateTime? time) => time is { } t ? Utc(t) : null;
}
