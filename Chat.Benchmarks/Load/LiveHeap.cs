using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;

namespace Chat.Benchmarks.Load;

/// <summary>The managed heap of another process after a full collection.</summary>
internal static class LiveHeap
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Asks the runtime of the process for a full, blocking collection and reads the size that it reports at its end.</summary>
    /// <returns>Bytes.</returns>
    /// <exception cref="TimeoutException">The process did not report a collection within half a minute.</exception>
    public static async Task<long> MeasureAsync(int processId, CancellationToken cancellationToken)
    {
        // With this keyword the runtime collects as soon as the session begins.
        const ClrTraceEventParser.Keywords Keywords = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;
        using var session = await new DiagnosticsClient(processId).StartEventPipeSessionAsync(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Informational, (long)Keywords)],
            requestRundown: false, token: cancellationToken);
        var size = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var source = new EventPipeEventSource(session.EventStream);
        source.Clr.GCHeapStats += heap => size.TrySetResult(
            heap.GenerationSize0 + heap.GenerationSize1 + heap.GenerationSize2 + heap.GenerationSize3 + heap.GenerationSize4);
        var reading = Task.Run(() => { source.Process(); }, cancellationToken);
        try
        {
            return await size.Task.WaitAsync(Limit, cancellationToken);
        }
        finally
        {
            await session.StopAsync(cancellationToken);
            await reading;
        }
    }
}
