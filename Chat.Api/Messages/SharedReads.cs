using Chat.Backends;
using Chat.Backends.Recent;

namespace Chat.Api.Messages;

/// <summary>
/// What many clients ask of Redis at the same moment, read once: after a restart everybody in a room wants its newest messages. While one
/// reading of a room runs, all others wait for the next one, so that an answer is never older than its question. Otherwise a thousand equal
/// readings would stand between a message and Redis.
/// </summary>
public sealed class SharedReads(IRecentMessages recent)
{
    private readonly SharedCalls<string, RecentWindow?> _windows = new();
    private readonly SharedCalls<(string RoomId, string Epoch, long Since), RecentChanges?> _changes = new();

    /// <summary>Like <see cref="IRecentMessages.ReadAsync"/>; the window is shared and must not be changed.</summary>
    public Task<RecentWindow?> ReadAsync(string roomId, CancellationToken cancellationToken) =>
        _windows.AskAsync(roomId, async () => await recent.ReadAsync(roomId, CancellationToken.None), cancellationToken);

    /// <summary>Like <see cref="IRecentMessages.ReadChangesAsync"/>.</summary>
    public Task<RecentChanges?> ReadChangesAsync(string roomId, string epoch, long since, CancellationToken cancellationToken) =>
        _changes.AskAsync(
            (roomId, epoch, since),
            async () => await recent.ReadChangesAsync(roomId, epoch, since, CancellationToken.None),
            cancellationToken);
}
