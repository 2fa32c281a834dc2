namespace Chat.Backends.Availability;

/// <summary>
/// What an error of a backing service means. Each driver has one table from error to verdict: <see cref="RedisErrors"/>,
/// <see cref="MongoErrors"/>, <see cref="RabbitErrors"/>, <see cref="SqliteErrors"/>.
/// </summary>
public enum Verdict
{
    /// <summary>
    /// The service cannot be reached, or serves nobody at present. Only this opens a circuit, and <see cref="Busy"/> where most calls
    /// end so.
    /// </summary>
    Unavailable,

    /// <summary>The call took too long or was turned away because of the load. The next may succeed.</summary>
    Busy,

    /// <summary>Others changed the same data at the same moment. Repeating helps.</summary>
    Contended,

    /// <summary>
    /// The service answers but does not do it: no permission, a quota, a full disk. It concerns many calls and lasts until somebody
    /// mends it.
    /// </summary>
    Refused,

    /// <summary>This data, given or stored, cannot be worked with. It concerns one room or one message.</summary>
    WrongData,

    /// <summary>A fault of ours, or an error that nobody expected.</summary>
    Bug,
}
