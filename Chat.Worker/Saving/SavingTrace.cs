using System.Diagnostics;
using Chat.Backends.Saving;
using Chat.ServiceDefaults;

namespace Chat.Worker.Saving;

/// <summary>
/// Saving in the trace of each message: a single delivery's span continues its trace; a batch has a span of its own, linked to every
/// delivery's trace, and each of these gets a span that lasts as long and links to the batch's. (OpenTelemetry's conventions for
/// messaging.)
/// </summary>
internal sealed class SavingTrace : IDisposable
{
    private const string Name = "message_save process";
    private readonly IReadOnlyList<SaveDelivery> _batch;
    private readonly DateTimeOffset _began = DateTimeOffset.UtcNow;
    private readonly Activity? _span;

    private SavingTrace(IReadOnlyList<SaveDelivery> batch)
    {
        _batch = batch;
        _span = batch.Count == 1
            ? Telemetry.Source.StartActivity(Name, ActivityKind.Consumer, Parent(batch[0]))
            : Telemetry.Source.StartActivity(
                Name, ActivityKind.Consumer, default(ActivityContext),
                links: batch.Select(Parent).Where(p => p != default).Select(p => new ActivityLink(p)));
        _span?.SetTag("messaging.batch.message_count", batch.Count);
    }

    public static SavingTrace Begin(IReadOnlyList<SaveDelivery> batch) => new(batch);

    public void End(IReadOnlyList<SaveOutcome> outcomes)
    {
        if (_batch.Count == 1)
        {
            _span?.SetTag("chat.outcome", SavingMetrics.Name(outcomes[0]));
            return;
        }

        ActivityLink[]? links = _span is null ? null : [new ActivityLink(_span.Context)];
        for (var i = 0; i < _batch.Count; i++)
        {
            if (Parent(_batch[i]) is var parent && parent != default)
            {
                using var own = Telemetry.Source.StartActivity(Name, ActivityKind.Consumer, parent, links: links, startTime: _began);
                own?.SetTag("chat.outcome", SavingMetrics.Name(outcomes[i]));
            }
        }
    }

    public void Dispose() => _span?.Dispose();

    private static ActivityContext Parent(SaveDelivery delivery) =>
        ActivityContext.TryParse(delivery.TraceParent, null, isRemote: true, out var context) ? context : default;
}
