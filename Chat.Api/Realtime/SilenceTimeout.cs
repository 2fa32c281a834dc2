using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Chat.Api.Realtime;

/// <summary>
/// Closes connections whose client sends nothing. SignalR's own <c>ClientTimeoutInterval</c> begins with a client's first ping, so that
/// a client that never pings would stay connected for as long as its TCP connection does.
/// </summary>
internal static class SilenceTimeout
{
    /// <summary>
    /// Aborts a connection that was read from for <paramref name="timeout"/> without a byte; null: never. The time that the hub
    /// spends on a message does not count. Long polling is left alone: each poll shows that the client is there.
    /// </summary>
    public static IConnectionBuilder UseSilenceTimeout(this IConnectionBuilder builder, TimeSpan? timeout) => timeout is not { } longest
        ? builder
        : builder.Use(next => connection =>
        {
            var input = new WatchedReader(connection.Transport.Input, TimeProvider.System);
            connection.Transport = new Pipes(input, connection.Transport.Output);
            connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(
                _ =>
                {
                    // As SignalR's own timeout, not while somebody looks at a breakpoint.
                    if (input.Silence > longest
                        && !Debugger.IsAttached
                        && connection.Features.Get<IConnectionInherentKeepAliveFeature>() is not { HasInherentKeepAlive: true })
                    {
                        connection.Abort();
                    }
                },
                connection);
            return next(connection);
        });

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Knows for how long the present read has waited.</summary>
    private sealed class WatchedReader(PipeReader inner, TimeProvider time) : PipeReader
    {
        private const long NotWaiting = -1;
        private long _waitingSince = NotWaiting;

        public TimeSpan Silence =>
            Volatile.Read(ref _waitingSince) is var since and not NotWaiting ? time.GetElapsedTime(since) : TimeSpan.Zero;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(cancellationToken);
            return read.IsCompletedSuccessfully ? read : WaitAsync(read);
        }

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read)
        {
            Volatile.Write(ref _waitingSince, time.GetTimestamp());
            try
            {
                return await read;
            }
            finally
            {
                Volatile.Write(ref _waitingSince, NotWaiting);
            }
        }
    }
}
