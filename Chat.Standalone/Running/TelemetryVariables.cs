using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Chat.Standalone.Running;

/// <summary>Tells a project where its traces and metrics go: to the dashboard, over OTLP as HTTP and protobuf.</summary>
internal static class TelemetryVariables
{
    public const string EndpointKey = "Chat:Otlp:Endpoint";
    public const string ApiKeyKey = "Chat:Otlp:ApiKey";

    public static void Add(EnvironmentCallbackContext context, IConfiguration configuration, bool isDevelopment)
    {
        if (configuration[EndpointKey] is { } endpoint)
        {
            context.EnvironmentVariables["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint;
            context.EnvironmentVariables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
            context.EnvironmentVariables["OTEL_RESOURCE_ATTRIBUTES"] = ReplicaVariable.ResourceAttributes;
            context.EnvironmentVariables["OTEL_SERVICE_NAME"] = ReplicaVariable.ServiceName;
            context.EnvironmentVariables["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={configuration[ApiKeyKey]}";
            if (isDevelopment)
            {
                // Who looks at the dashboard while developing wants to see it now, and all of it.
                context.EnvironmentVariables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
                context.EnvironmentVariables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
                context.EnvironmentVariables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
                context.EnvironmentVariables["OTEL_TRACES_SAMPLER"] = "always_on";
                context.EnvironmentVariables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
            }
        }

        context.EnvironmentVariables["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        context.EnvironmentVariables["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
    }
}
