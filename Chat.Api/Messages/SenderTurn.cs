namespace Chat.Api.Messages;

/// <summary>One sender's turn to get a time and a number; passed on as soon as the append is under way, at the latest at the end.</summary>
internal sealed class SenderTurn(SemaphoreSlim semaphore) : IDisposable
{
    private int _held;

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken);
        _held = 1;
    }

    public void Pass()
    {
        if (Interlocked.Exchange(ref _held, 0) == 1)
        {
            semaphore.Release();
        }
    }

    public void Dispose() => Pass();
}
