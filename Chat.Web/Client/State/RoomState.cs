using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>What the client knows of one room.</summary>
public sealed partial class RoomState
{
    internal RoomState(RoomSummary summary, Func<string?> me, TimeProvider time)
    {
        Summary = summary;
        _me = me;
        _time = time;
        Timeline = new Timeline(summary.Id, me, time);
    }

    public string Id => Summary.Id;

    /// <summary>As last told by the server; for the counts use <see cref="Unread"/> and <see cref="Mentions"/>.</summary>
    public RoomSummary Summary { get; private set; }

    public Timeline Timeline { get; }

    /// <summary>Who is typing just now, the signed-in user left out.</summary>
    public IReadOnlyList<string> Typing { get; private set; } = [];

    /// <summary>Null until <see cref="ChatActions.LoadMembersAsync"/> answered.</summary>
    public IReadOnlyList<RoomMember>? Members { get; private set; }

    /// <summary>Time of the newest message known; for order in lists.</summary>
    public DateTimeOffset LastActivity { get; private set; }

    /// <summary>The newest message known.</summary>
    public Message? LastMessage { get; private set; }

    /// <summary>Name, topic, counts, typing, members or read marks changed. Messages have <see cref="Timeline.Changed"/>.</summary>
    public event Action? Changed;

    /// <summary>Whether the member has read up to the message, for receipts.</summary>
    public bool HasRead(string username, Message message) =>
        _reads.TryGetValue(username, out var mark) && HistoryKey.Of(message) <= mark;
}
