using Chat.Backends;
using Chat.Backends.Rooms;
using Chat.Contracts;

namespace Chat.Api.Rooms;

/// <summary>There is a public room from the start, so that newcomers find each other. Every pod makes sure of it; one succeeds.</summary>
internal sealed partial class GeneralRoom(IRoomStore rooms, TimeProvider time, ILogger<GeneralRoom> logger) : BackgroundService
{
    public const string Id = "general";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var room = new Room
        {
            Id = Id,
            Name = "General",
            Kind = RoomKind.Public,
            Topic = "Everybody is welcome",
            CreatedBy = "system",
            CreatedAt = time.GetUtcNow(),
        };
        for (var pause = TimeSpan.FromSeconds(1); ; pause = pause * 2 < TimeSpan.FromMinutes(1) ? pause * 2 : TimeSpan.FromMinutes(1))
        {
            try
            {
                if (await rooms.FindAsync(Id, stoppingToken) is null)
                {
                    await rooms.CreateAsync(room, [], stoppingToken);
                }

                return;
            }
            catch (BackendUnavailableException away)
            {
                LogLater(away.Backend);
                await Task.Delay(pause, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(1210, LogLevel.Information, "The room for everybody is made later: {Backend} is away")]
    private partial void LogLater(string backend);
}
