using System.Diagnostics;

namespace Chat.ServiceDefaults.Tracing;

/// <summary>
/// Takes from a caller nothing but a well-formed W3C <c>traceparent</c>. ASP.NET Core and SignalR would otherwise also take
/// a <c>tracestate</c>, baggage and malformed IDs, which are free text of a stranger in our logs and traces.
/// </summary>
internal sealed class TraceParentPropagator : DistributedContextPropagator
{
    private const string TraceParent = "traceparent";
    private const int TraceParentLength = 55;
    private readonly DistributedContextPropagator _outgoing = Current;

    public override IReadOnlyCollection<string> Fields { get; } = [TraceParent];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
        _outgoing.Inject(activity, carrier, setter);

    public override void ExtractTraceIdAndState(
        object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        (traceId, traceState) = (null, null);
        string? value = null;
        getter?.Invoke(carrier, TraceParent, out value, out _);
        if (value is { Length: TraceParentLength } && ActivityContext.TryParse(value, null, out _))
        {
            traceId = value;
        }
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
