using System.Collections.Concurrent;
using Chat.Backends.Saving;

namespace Chat.Tests.Backends.Saving;

/// <summary>A consumer at work: what it was handed, and waiting for it with a bound.</summary>
internal sealed class Consumption : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<SaveDelivery> _handed = new();
    private readonly ConcurrentQueue<SaveDelivery> _handled = new();
    private readonly Task _running;

    public Consumption(ISaveConsumer consumer, Func<IReadOnlyList<SaveDelivery>, Task<IReadOnlyList<SaveOutcome>>> handler)
    {
        _running = Task.Run(() => consumer.RunAsync(
            async (batch, _) =>
            {
                foreach (var delivery in batch)
                {
                    _handed.Enqueue(delivery);
                }

                try
                {
                    return await handler(batch);
                }
                finally
                {
                    foreach (var delivery in batch)
                    {
                        _handled.Enqueue(delivery);
                    }
                }
            },
            _stop.Token));
    }

    /// <summary>Deliveries that the handler has answered.</summary>
    public IReadOnlyCollection<SaveDelivery> Handled => _handled;

    public int HandedCount => _handed.Count;

    public Task HandedAsync(int count) => Eventually.IsTrueAsync(() => _handed.Count >= count, $"{count} are in hand");

    public Task HandledAsync(int count) => Eventually.IsTrueAsync(() => _handled.Count >= count, $"{count} are handled");

    public Task HandledKeysAsync(int count) =>
        Eventually.IsTrueAsync(() => _handled.Select(d => d.Key).Distinct().Count() >= count, $"{count} different ones are handled");

    public void Cancel() => _stop.Cancel();

    public async Task EndedAsync()
    {
        try
        {
            await _running.WaitAsync(Eventually.Patience);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Ending by its own token is an end.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await EndedAsync();
        _stop.Dispose();
    }
}
