using System.Diagnostics.CodeAnalysis;

namespace Chat.Backends.Recent;

/// <summary>Messages and changes in their order; when too many the oldest go.</summary>
internal sealed class MissedItems(int max)
{
    private readonly LinkedList<object> _items = new();

    public bool IsEmpty
    {
        get
        {
            lock (_items)
            {
                return _items.Count == 0;
            }
        }
    }

    public void Add(object item)
    {
        lock (_items)
        {
            _items.AddLast(item);
            while (_items.Count > max)
            {
                _items.RemoveFirst();
                RedisMetrics.Dropped.Add(1);
            }
        }
    }

    public bool TryPeek([NotNullWhen(true)] out object? item)
    {
        lock (_items)
        {
            item = _items.First?.Value;
            return item is not null;
        }
    }

    /// <summary>Unless it was dropped meanwhile.</summary>
    public void Remove(object item)
    {
        lock (_items)
        {
            if (ReferenceEquals(_items.First?.Value, item))
            {
                _items.RemoveFirst();
            }
        }
    }
}
