using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>Makes a public room when there is none, so that newcomers find each other. Every pod tries; one succeeds.</summary>
internal sealed class GeneralRoom(IRoomStore rooms, TimeProvider time, ILogger<GeneralRoom> logger) : BackgroundService
{
    public const string Id = "general";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        ResilientLoop.RunAsync(nameof(GeneralRoom), EnsureAsync, time, logger, stoppingToken);

    private async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (await rooms.FindAsync(Id, cancellationToken) is not null)
        {
            return;
        }

        var room = new Room
        {
            Id = Id,
            Name = "General",
            Kind = RoomKind.Public,
            Topic = "Everybody is welcome",
            CreatedBy = "system",
            CreatedAt = time.GetUtcNow(),
        };
        await rooms.CreateAsync(room, [], cancellationToken);
    }
}
