using System.Diagnostics.CodeAnalysis;

namespace Chat.Backends;

/// <summary>What is known of the newest so many keys; the oldest are forgotten. For use by many threads.</summary>
/// <param name="capacity">How many keys; at least 1.</param>
public sealed class Remembered<TValue>(int capacity)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, TValue> _values = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>False when nothing is known of the key, or no more.</summary>
    public bool TryGet(string key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_sync)
        {
            return _values.TryGetValue(key, out value);
        }
    }

    /// <summary>False when the key was known before: then <paramref name="merge"/> says what is kept, without it the known value.</summary>
    public bool Add(string key, TValue value, Func<TValue, TValue, TValue>? merge = null)
    {
        lock (_sync)
        {
            if (_values.TryGetValue(key, out var known))
            {
                _values[key] = merge is null ? known : merge(known, value);
                return false;
            }

            _values[key] = value;
            _order.Enqueue(key);
            if (_order.Count > capacity)
            {
                _values.Remove(_order.Dequeue());
            }

            return true;
        }
    }
}
