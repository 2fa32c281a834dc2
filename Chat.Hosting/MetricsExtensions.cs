using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Chat.Hosting;

/// <summary>How often services report to the dashboard.</summary>
public static class MetricsExtensions
{
    // In milliseconds. OpenTelemetry Environment Variable Specification, "Periodic exporting MetricReader".
    private const string Interval = "OTEL_METRIC_EXPORT_INTERVAL";

    /// <summary>
    /// While running locally, reports metrics so often. Aspire's own default of one second costs an idle system more than all that it
    /// otherwise does. Published manifests are not changed.
    /// </summary>
    /// <param name="builder">The service.</param>
    /// <param name="interval">At least one second.</param>
    public static IResourceBuilder<ProjectResource> WithMetricsEvery(this IResourceBuilder<ProjectResource> builder, TimeSpan interval)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromSeconds(1));
        return builder.ApplicationBuilder.ExecutionContext.IsRunMode
            ? builder.WithEnvironment(Interval, interval.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture))
            : builder;
    }
}
