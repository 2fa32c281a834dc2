using System.Globalization;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;

namespace Chat.Worker.Saving;

/// <summary>
/// Finds out whether the archive takes writes, by saving one: an edit of a message that does not exist, in a room that cannot exist. It
/// goes the way of every saved item, is stored as a change that waits for its message, and nobody reads it. Each probe is later than the
/// one before and takes its place, so that there is one such record in all.
/// </summary>
public sealed class ArchiveProbe(IMessageArchive archive, TimeProvider time)
{
    /// <summary>No name that a user or a room can have.</summary>
    public const string Name = "$probe";

    private static readonly string Id = MessageId.For(Name, Name);

    /// <summary>Completes when the archive stored the probe; throws what saving throws.</summary>
    /// <exception cref="InvalidOperationException">The archive refused this very item.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var edit = new MessageEdited
        {
            Id = Id,
            RoomId = Name,
            Username = Name,
            Content = Name,
            EditId = now.UtcTicks.ToString(CultureInfo.InvariantCulture),
            At = now,
        };
        var results = await archive.SaveAsync([new SaveChange(edit)], cancellationToken);
        if (results[0] is { Kind: SaveResultKind.Refused } refused)
        {
            throw new InvalidOperationException($"The archive refuses the probe: {refused.Reason}");
        }
    }
}
