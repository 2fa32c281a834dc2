using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>How runs are joined, filled and cut.</summary>
public sealed partial class Timeline
{
    /// <summary>The run that covers the places, joined from all that touch them.</summary>
    private Segment Cover(HistoryKey low, HistoryKey high)
    {
        Segment? into = null;
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var segment = _segments[i];
            if (!segment.Touches(low, high))
            {
                continue;
            }

            if (into is null)
            {
                into = segment;
                continue;
            }

            into.Absorb(segment);
            _segments.RemoveAt(i);
            if (_shown == segment)
            {
                _shown = into;
            }
        }

        if (into is null)
        {
            into = new Segment(low, high);
            _segments.Add(into);
        }

        into.Low = HistoryKey.Min(into.Low, low);
        into.High = HistoryKey.Max(into.High, high);
        _segments.Sort((a, b) => a.Low.CompareTo(b.Low));
        if (_shown is { IsLive: true })
        {
            _shown = null;
        }

        return into;
    }

    private void Put(Message message, Segment? home)
    {
        message = _early.ApplyTo(message);
        if (_byId.TryGetValue(message.Id, out var known))
        {
            Store(MessageMerge.Merge(known, message));
            return;
        }

        var key = HistoryKey.Of(message);
        home = home is not null && home.Covers(key) ? home : _segments.Find(s => s.Covers(key));
        if (home is not null)
        {
            home.Insert(message);
            _byId[message.Id] = message;
            _items.Remove(message.Id);
        }
    }

    /// <summary>Replaces a known message, which may have moved: what was refused and sent again has another time.</summary>
    private void Store(Message message)
    {
        var known = _byId[message.Id];
        var from = _segments.Find(s => s.Covers(HistoryKey.Of(known)))!;
        _items.Remove(message.Id);
        if (known.Timestamp == message.Timestamp)
        {
            from.Replace(message);
            _byId[message.Id] = message;
            return;
        }

        from.Remove(known);
        _byId.Remove(message.Id);
        var key = HistoryKey.Of(message);
        if (_segments.Find(s => s.Covers(key)) is { } to)
        {
            to.Insert(message);
            _byId[message.Id] = message;
        }
    }

    private void Forget(Message message)
    {
        _byId.Remove(message.Id);
        _items.Remove(message.Id);
    }

    private void Trim()
    {
        if (_byId.Count > TrimAt)
        {
            KeepNear(MaxMessages);
        }
    }

    /// <summary>Keeps what is on screen, up to so many messages around the anchor, and the live end; drops the rest.</summary>
    internal void KeepNear(int count)
    {
        var (shown, live) = (Shown, Live);
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            if (_segments[i] != shown && _segments[i] != live)
            {
                _segments[i].Messages.ForEach(Forget);
                _segments.RemoveAt(i);
            }
        }

        if (live is not null && shown != live)
        {
            Cut(live, Math.Max(0, live.Messages.Count - KeptAtEnd), KeptAtEnd);
        }

        if (shown is not null && shown.Messages.Count > count)
        {
            var anchor = _anchor is not null && KeyOf(_anchor) is { } key && shown.Covers(key) ? shown.IndexOf(key) : shown.Messages.Count;
            var from = Math.Clamp(anchor - (count / 2), 0, shown.Messages.Count - count);
            var newest = shown == live && from + count < shown.Messages.Count - KeptAtEnd ? Newest(KeptAtEnd) : null;
            if (newest is null && shown == live)
            {
                count = shown.Messages.Count - from;
            }

            Cut(shown, from, count);
            if (newest is not null)
            {
                // The reader is far up: the live end goes on as a run of its own.
                _shown = shown;
                Merge(newest, HistoryKey.Of(newest[0]), HistoryKey.End);
            }
        }

        Touch();
    }

    private void Cut(Segment segment, int from, int count)
    {
        foreach (var message in segment.Keep(from, Math.Min(count, segment.Messages.Count - from)))
        {
            Forget(message);
        }
    }
}
