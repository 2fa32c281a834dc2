namespace Chat.Backends.Pods;

/// <summary>Remembers the newest so many keys.</summary>
internal sealed class RecentlySeen(int capacity)
{
    private readonly Lock _sync = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>False when it was seen before.</summary>
    public bool Add(string key)
    {
        lock (_sync)
        {
            if (!_keys.Add(key))
            {
                return false;
            }

            _order.Enqueue(key);
            if (_order.Count > capacity)
            {
                _keys.Remove(_order.Dequeue());
            }

            return true;
        }
    }
}
