using Chat.Manifests.Topology;
using Chat.Manifests.Yaml;
using k8s.Models;

namespace Chat.Manifests.Overlays;

/// <summary>
/// Who decides how many run. The API's autoscaler exists in every tier, also where its bounds are equal: the Deployment then
/// never names a number, so an apply – an upgrade under load, a switch of tiers – never undoes what the scaler did.
/// </summary>
public static class Autoscaling
{
    /// <summary>The queue that the workers consume; Chat.Backends' own constant is held equal by a test.</summary>
    public const string Queue = "message_save";

    /// <summary>Messages waiting or in work for which one more worker is worth it: a tenth of a second of one worker's batches.</summary>
    private const string MessagesPerWorker = "200";

    public static IEnumerable<object> All(ChatTopology topology, Tier tier, GeneratorOptions options)
    {
        yield return Api(topology.Project("api").Name, tier.Api);
        if (tier.Worker.Min != tier.Worker.Max)
        {
            var rabbit = topology.Backing(BackingKind.RabbitMq);
            yield return Authentication(topology, rabbit);
            yield return Worker(topology.Project("worker").Name, rabbit, tier.Worker, options);
        }
    }

    private static V2HorizontalPodAutoscaler Api(string name, Replicas bounds) => new()
    {
        ApiVersion = "autoscaling/v2",
        Kind = "HorizontalPodAutoscaler",
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V2HorizontalPodAutoscalerSpec
        {
            ScaleTargetRef = new V2CrossVersionObjectReference { ApiVersion = "apps/v1", Kind = "Deployment", Name = name },
            MinReplicas = bounds.Min,
            MaxReplicas = bounds.Max,
            Metrics = [Utilization("cpu", 65), Utilization("memory", 75)],
            Behavior = new V2HorizontalPodAutoscalerBehavior
            {
                ScaleUp = new V2HPAScalingRules
                {
                    StabilizationWindowSeconds = 0,
                    SelectPolicy = "Max",
                    Policies = [Policy("Percent", 100, 30), Policy("Pods", 4, 30)],
                },
                // Every pod that goes makes its people reconnect: wait, and go one by one.
                ScaleDown = new V2HPAScalingRules { StabilizationWindowSeconds = 600, Policies = [Policy("Pods", 1, 120)] },
            },
        },
    };

    private static ScaledObject Worker(string name, BackingService rabbit, Replicas bounds, GeneratorOptions options) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new ScaledObjectSpec
        {
            ScaleTargetRef = new ScaleTarget { Name = name },
            PollingInterval = 15,
            CooldownPeriod = 300,
            MinReplicaCount = bounds.Min,
            MaxReplicaCount = bounds.Max,
            // The broker cannot be asked: keep what runs, at least enough for the backlog that follows.
            Fallback = new ScaleFallback { FailureThreshold = 3, Replicas = bounds.Min, Behavior = "currentReplicasIfHigher" },
            Triggers =
            [
                new ScaleTrigger
                {
                    Type = "rabbitmq",
                    // Over HTTP the unacknowledged messages count too: over AMQP a prefetch hides them, and a busy queue looks empty.
                    Metadata = new Dictionary<string, string>
                    {
                        ["protocol"] = "http",
                        ["host"] = $"http://{rabbit.Name}.{options.Namespace}.svc:{rabbit.Port("management").Port}/",
                        ["vhostName"] = "/",
                        ["queueName"] = Queue,
                        ["mode"] = "QueueLength",
                        ["value"] = MessagesPerWorker,
                        ["excludeUnacknowledged"] = "false",
                        ["timeout"] = "5000",
                    },
                    AuthenticationRef = new ScaleAuthenticationRef { Name = rabbit.Name },
                },
            ],
        },
    };

    private static TriggerAuthentication Authentication(ChatTopology topology, BackingService rabbit)
    {
        var password = topology.Secrets.First(s => s.Secret == rabbit.Secret);
        return new TriggerAuthentication
        {
            Metadata = new V1ObjectMeta { Name = rabbit.Name },
            Spec = new TriggerAuthenticationSpec
            {
                SecretTargetRef =
                [
                    new TriggerSecret { Parameter = "username", Name = rabbit.Secret, Key = Secrets.SecretRules.UsernameKey },
                    new TriggerSecret { Parameter = "password", Name = rabbit.Secret, Key = password.Key },
                ],
            },
        };
    }

    private static V2MetricSpec Utilization(string resource, int percent) => new()
    {
        Type = "Resource",
        Resource = new V2ResourceMetricSource
        {
            Name = resource,
            Target = new V2MetricTarget { Type = "Utilization", AverageUtilization = percent },
        },
    };

    private static V2HPAScalingPolicy Policy(string type, int value, int seconds) => new() { Type = type, Value = value, PeriodSeconds = seconds };
}
