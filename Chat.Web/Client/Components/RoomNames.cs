using Chat.Contracts;
using Chat.Web.Client.Resources;
using Chat.Web.Client.State;

namespace Chat.Web.Client.Components;

/// <summary>What a room is called: its name, or its people.</summary>
internal static class RoomNames
{
    public static string Of(RoomSummary room, People people) => room.Kind != RoomKind.Direct
        ? room.Name
        : room.DirectWith is { Count: > 0 } others ? string.Join(", ", others.Select(people.DisplayName)) : Texts.NotesToSelf;

    public static string Mark(RoomSummary room) => room.Kind switch
    {
        RoomKind.Public => "#",
        RoomKind.Private => "◆",
        _ => "@",
    };
}
