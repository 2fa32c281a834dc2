using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Chat.ServiceDefaults.Tracing;

/// <summary>
/// Starts a trace for a request, a delivery or a step of our own, never for a client call that nobody asked for:
/// pings, polls and renewals in the background would each be a trace of one span.
/// </summary>
internal sealed class ForegroundSampler : Sampler
{
    /// <summary>A span that has a parent is recorded exactly when its parent is.</summary>
    public static Sampler Create() => new ParentBasedSampler(new ForegroundSampler());

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind is ActivityKind.Client or ActivityKind.Producer
            ? SamplingDecision.Drop
            : SamplingDecision.RecordAndSample);
}
