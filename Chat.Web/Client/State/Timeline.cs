using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>
/// A room's messages as far as they are known: runs of history without holes (after a jump to an old message there are
/// several, with a gap between), one's own unsent messages, and how far everything is known for sure. One run is on
/// screen: <see cref="View"/>. Everything that comes in, however often and in whatever order, is merged by id.
/// </summary>
public sealed partial class Timeline(string roomId, Func<string?> me, TimeProvider time)
{
    /// <summary>Messages kept in memory; what is far from the screen beyond it is dropped and loaded again on scroll.</summary>
    public const int MaxMessages = 3_000;

    private const int TrimAt = MaxMessages + 500;
    private const int KeptAtEnd = 100;
    private const int QuotedMax = 500;
    private const int ArrivedMax = 500;
    private readonly List<Segment> _segments = [];
    private readonly Dictionary<string, Message> _byId = new(StringComparer.Ordinal);
    private readonly EarlyChanges _early = new();
    private readonly Dictionary<string, Message> _arrived = new(StringComparer.Ordinal);

    // Changes that came while the newest page was on its way, for their numbers. Bounded, and emptied when the page is here.
    private readonly List<MessageChange> _changesArrived = [];
    private readonly Dictionary<string, TimelineItem> _quoted = new(StringComparer.Ordinal);
    private Segment? _shown;
    private string? _anchor;
    private int? _awaiting;

    public string RoomId => roomId;

    /// <summary>
    /// The divider's place: the first message that was unread when the room was opened. Does not move while it is open.
    /// </summary>
    public string? FirstUnreadId { get; private set; }

    /// <summary>A page came back incomplete; it is being asked for again.</summary>
    public bool Incomplete { get; private set; }

    /// <summary>Pages are being fetched, for skeletons at the ends of the list.</summary>
    public bool LoadingOlder { get; internal set; }

    public bool LoadingNewer { get; internal set; }

    /// <summary>Messages, their state, or what is on screen changed. Rebuilds nothing by itself: read <see cref="View"/>.</summary>
    public event Action? Changed;

    /// <summary>What is on screen. The same reference until something of it changes.</summary>
    public TimelineView View => _view ??= BuildView();

    /// <summary>How far everything is known for sure.</summary>
    internal ContiguousCursor Cursor { get; } = new();

    /// <summary>The live end is known, so pushes have a place.</summary>
    internal bool HasLiveEnd => Live is not null;

    /// <summary>What is known of older messages may be out of date: changes may have been missed while away.</summary>
    internal bool Stale
    {
        get;
        set
        {
            field = value;
            if (value)
            {
                _quoted.Clear();
            }
            else
            {
                MustReread = false;
            }
        }
    }

    /// <summary>A page that was read may lack something that no number shows. While this is stale, only reading it again helps.</summary>
    internal bool MustReread { get; set; }

    /// <summary>
    /// The oldest message that was taken from the local copy and not read from the server since; null when there is none. No number says
    /// which changes the copy has.
    /// </summary>
    internal HistoryKey? CopiedFrom { get; set; }

    private Segment? Live => _segments.Count > 0 && _segments[^1].IsLive ? _segments[^1] : null;

    private Segment? Shown => _shown ?? (_segments.Count > 0 ? _segments[^1] : null);

    /// <summary>The message where it is known; own unsent ones, and those that others answered, included.</summary>
    public TimelineItem? Find(string messageId) =>
        _byId.TryGetValue(messageId, out var message) ? ItemOf(message)
        : _echoes.TryGetValue(messageId, out var echo) ? ItemOf(echo)
        : _arrived.TryGetValue(messageId, out var arrived) ? ItemOf(arrived)
        : _quoted.TryGetValue(messageId, out var quoted) ? quoted
        : null;

    /// <summary>
    /// The list tells the topmost message on screen, so that what is far from it can be dropped; null when at the bottom.
    /// </summary>
    public void Anchor(string? messageId) => _anchor = messageId;

    /// <summary>A page of history: everything of the room between the two places, both included.</summary>
    internal void Merge(IReadOnlyList<Message> messages, HistoryKey low, HistoryKey high)
    {
        var into = Cover(low, high);
        foreach (var message in messages)
        {
            if (message.RoomId == roomId)
            {
                Put(message, into);
                // The page has what the server confirmed; its event may have been lost, and something later be said.
                DropChange(message.Id, c => _confirmed.Contains(c.Id));
                _items.Remove(message.Id);
            }
        }

        Trim();
        Touch();
    }

    /// <summary>
    /// A message that came alone: pushed, or acknowledged. False when it was known. Without a place – its surroundings are
    /// not loaded – it is not kept; it comes with its page. While the newest page is on its way it is kept for it: the page may have been
    /// read before the message came.
    /// </summary>
    internal bool Receive(Message message)
    {
        Cursor.Received(message);
        var known = _byId.ContainsKey(message.Id) || _arrived.ContainsKey(message.Id);
        Put(message, home: null);
        if (!HasLiveEnd && _awaiting is { } pages && (pages > 0 || message.Sender == me()) && _arrived.Count < ArrivedMax)
        {
            _arrived[message.Id] = message;
        }

        Trim();
        Touch(message.Id);
        return !known;
    }

    /// <summary>The newest page is asked for. Before it is for the first time nobody sees the room, and nothing is kept for it.</summary>
    internal void Await() => _awaiting = (_awaiting ?? 0) + 1;

    /// <summary>The newest page is here, or did not come: what came meanwhile gets its place, or waits for the next.</summary>
    internal void Awaited()
    {
        _awaiting--;
        if (HasLiveEnd)
        {
            foreach (var message in _arrived.Values)
            {
                Cursor.Received(message);
                Put(message, home: null);
            }

            _arrived.Clear();
            _changesArrived.ForEach(Cursor.Received);
            _changesArrived.Clear();
        }
        else if (_awaiting == 0)
        {
            // What others wrote is on the next page; what one wrote oneself stays in sight until then.
            foreach (var message in _arrived.Values.Where(m => m.Sender != me()).ToList())
            {
                _arrived.Remove(message.Id);
            }

            _changesArrived.Clear();
        }

        Touch();
    }

    internal void Apply(MessageChange change)
    {
        Cursor.Received(change);
        if (!HasLiveEnd && _awaiting > 0 && _changesArrived.Count < ArrivedMax)
        {
            _changesArrived.Add(change);
        }

        if (_quoted.TryGetValue(change.Id, out var quoted))
        {
            _quoted[change.Id] = quoted with { Message = MessageMerge.Apply(quoted.Message, change) };
        }

        if (_byId.TryGetValue(change.Id, out var message))
        {
            var changed = MessageMerge.Apply(message, change);
            if (!ReferenceEquals(changed, message))
            {
                Store(changed);
            }
        }
        else
        {
            _early.Add(change);
        }

        SettleConfirmed(change);
        Touch(change.Id);
    }

    /// <summary>
    /// Too much was missed to fetch it all: what is known ends at the last contiguous message, and the newest page begins
    /// a run of its own after the gap.
    /// </summary>
    internal void StartAnew(HistoryKey knownUpTo, IReadOnlyList<Message> newest, HistoryKey low)
    {
        if (Live is { } live && low > knownUpTo)
        {
            var from = live.IndexOf(knownUpTo);
            while (from < live.Messages.Count && HistoryKey.Of(live.Messages[from]) <= knownUpTo)
            {
                from++;
            }

            var later = live.Keep(0, from);
            foreach (var message in later)
            {
                Forget(message);
            }

            live.High = HistoryKey.Max(live.Low, knownUpTo);
            var follows = _anchor is null && Shown == live;
            _shown ??= live;
            // The page may have been read before the newest of them came.
            Merge([.. newest, .. later.Where(m => HistoryKey.Of(m) >= low)], low, HistoryKey.End);
            if (follows)
            {
                _shown = null;
            }

            Touch();
            return;
        }

        Merge(newest, low, HistoryKey.End);
    }

    /// <summary>A message that an answer refers to, and that lies outside what is loaded.</summary>
    internal void Quote(Message message)
    {
        if (_quoted.Count >= QuotedMax)
        {
            _quoted.Clear();
        }

        _quoted[message.Id] = new TimelineItem(message);
        Touch();
    }

    /// <summary>Shows the run that holds the message; false when no run does.</summary>
    internal bool Show(HistoryKey key)
    {
        var segment = _segments.Find(s => s.Covers(key));
        if (segment is null)
        {
            return false;
        }

        _shown = segment.IsLive ? null : segment;
        Touch();
        return true;
    }

    internal void ShowNewest()
    {
        _shown = null;
        _anchor = null;
        Touch();
    }

    /// <summary>The places at the two ends of what is on screen; null where nothing is loaded.</summary>
    internal (HistoryKey Low, HistoryKey High)? ShownRange => Shown is { } shown ? (shown.Low, shown.High) : null;

    /// <summary>The two ends of every run, the newest first.</summary>
    internal IReadOnlyList<(HistoryKey Low, HistoryKey High)> Ranges => [.. _segments.Select(s => (s.Low, s.High)).Reverse()];

    internal HistoryKey? KeyOf(string messageId) => _byId.TryGetValue(messageId, out var message) ? HistoryKey.Of(message) : null;

    /// <summary>Whether everything between the places is here.</summary>
    internal bool Covers(HistoryKey low, HistoryKey high) => _segments.Exists(s => s.Low <= low && high <= s.High);

    /// <summary>The known messages after the place, of the run that holds it.</summary>
    internal IEnumerable<Message> After(HistoryKey key) =>
        _segments.Find(s => s.Covers(key)) is { } segment
            ? segment.Messages.Skip(segment.IndexOf(key)).SkipWhile(m => HistoryKey.Of(m) <= key)
            : [];

    /// <summary>The newest messages for the local copy, with the place from which they are whole.</summary>
    internal IReadOnlyList<Message> Newest(int count) =>
        Live is { } live ? live.Messages.GetRange(Math.Max(0, live.Messages.Count - count), Math.Min(count, live.Messages.Count)) : [];

    internal void MarkFirstUnread(string? messageId)
    {
        if (FirstUnreadId != messageId)
        {
            FirstUnreadId = messageId;
            Touch();
        }
    }

    internal void SetIncomplete(bool incomplete)
    {
        if (Incomplete != incomplete)
        {
            Incomplete = incomplete;
            Touch();
        }
    }
}
