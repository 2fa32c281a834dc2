using Chat.Manifests.Topology;
using k8s.Models;

namespace Chat.Manifests.Base;

/// <summary>
/// What the topology cannot say about an image: where it writes besides its data, how it shows that it lives. Each startup
/// probe allows the time that recovery from a crash may take; liveness begins after it, so a node that replays its journal is
/// starting, not dead.
/// </summary>
public sealed record ServerProfile(
    IReadOnlyList<DataVolume> Scratch,
    IReadOnlyList<V1EnvVar> Environment,
    V1Probe Startup,
    V1Probe Liveness,
    V1Probe Readiness,
    int GraceSeconds)
{
    public static ServerProfile Of(BackingService backing) => backing.Kind switch
    {
        BackingKind.Redis => Redis(backing),
        BackingKind.RabbitMq => RabbitMq(),
        BackingKind.MongoDb => MongoDb(),
        _ => throw new ManifestException($"'{backing.Name}' is of no known kind."),
    };

    public static V1Probe Exec(int period, int failures, int timeout, params string[] command) => new()
    {
        Exec = new V1ExecAction { Command = command },
        PeriodSeconds = period,
        FailureThreshold = failures,
        TimeoutSeconds = timeout,
    };

    public static V1Probe Tcp(string port, int period, int failures) => new()
    {
        TcpSocket = new V1TCPSocketAction { Port = port },
        PeriodSeconds = period,
        FailureThreshold = failures,
        TimeoutSeconds = 3,
    };

    private static ServerProfile Redis(BackingService backing)
    {
        var password = backing.Environment.SelectMany(e => e.Value.Secrets).FirstOrDefault()
            ?? throw new ManifestException($"'{backing.Name}' has no password; Redis must not answer everybody.");
        return new(
            [new DataVolume("tmp", "/tmp")],
            // redis-cli's own variable: the password is on no command line.
            [Pods.FromSecret("REDISCLI_AUTH", password.Secret, password.Key)],
            // LOADING answers too: it lives, and is not ready.
            Startup: Exec(5, 60, 3, "/bin/sh", "-c", "redis-cli ping | grep -qE 'PONG|LOADING'"),
            Liveness: Exec(10, 3, 5, "/bin/sh", "-c", "redis-cli ping | grep -qE 'PONG|LOADING|MASTERDOWN'"),
            Readiness: Exec(5, 2, 3, "/bin/sh", "-c", "redis-cli ping | grep -q PONG"),
            GraceSeconds: 30);
    }

    private static ServerProfile RabbitMq() => new(
        [new DataVolume("tmp", "/tmp"), new DataVolume("log", "/var/log/rabbitmq")],
        [],
        // Ten minutes: a node may wait for its peers and replay its queues.
        Startup: Exec(10, 60, 15, "rabbitmq-diagnostics", "-q", "check_running"),
        Liveness: Exec(60, 3, 30, "rabbitmq-diagnostics", "-q", "ping"),
        // The listener opens last, and starting no second Erlang machine every few seconds leaves the processor to messages.
        Readiness: Tcp("tcp", 5, 3),
        GraceSeconds: 120);

    private static ServerProfile MongoDb() => new(
        [new DataVolume("tmp", "/tmp"), new DataVolume("config", "/data/configdb")],
        // mongosh wants to write its settings into the home folder.
        [new V1EnvVar { Name = "HOME", Value = "/tmp" }],
        Startup: Tcp("tcp", 5, 120),
        Liveness: Tcp("tcp", 10, 6),
        Readiness: Exec(10, 3, 10, "mongosh", "--quiet", "--norc", "--eval",
            "const h = db.hello(); if (!h.isWritablePrimary && !h.secondary) quit(1)"),
        GraceSeconds: 60);
}
