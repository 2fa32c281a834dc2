using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Chat.Api.Messages;

/// <summary>What is known of the newest so many message ids; the oldest are forgotten.</summary>
internal sealed class Remembered<TValue>(int capacity)
{
    private readonly ConcurrentDictionary<string, TValue> _values = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    public bool TryGet(string id, [MaybeNullWhen(false)] out TValue value) => _values.TryGetValue(id, out value);

    /// <summary>Keeps the value; <c>merge</c> says what is kept where there is one already.</summary>
    public void Add(string id, TValue value, Func<TValue, TValue, TValue> merge)
    {
        var isNew = false;
        _values.AddOrUpdate(
            id,
            _ =>
            {
                isNew = true;
                return value;
            },
            (_, known) =>
            {
                isNew = false;
                return merge(known, value);
            });
        if (isNew)
        {
            _order.Enqueue(id);
        }

        while (_order.Count > capacity && _order.TryDequeue(out var oldest))
        {
            _values.TryRemove(oldest, out _);
        }
    }
}
