using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Chat.Backends.Messaging;
using Chat.Contracts;
using Microsoft.Data.Sqlite;
using RabbitMQ.Client;

namespace Chat.Benchmarks.Load;

/// <summary>
/// How fast the worker empties a queue that was filled while it was away: the messages are published to <c>message_save</c> as any
/// producer would, then the worker starts. Measured from the first saved row to the last, so that its start does not count.
/// </summary>
internal static class WorkerBacklog
{
    private const string Queue = "message_save";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <param name="name">What the worker's settings are called in the report.</param>
    /// <param name="settings">The worker's settings besides the connections.</param>
    /// <param name="count">Messages in the queue.</param>
    /// <param name="cancellationToken">Ends the measuring.</param>
    public static async Task<IReadOnlyList<LoadFigure>> MeasureAsync(
        string name, IReadOnlyDictionary<string, string?> settings, int count, CancellationToken cancellationToken)
    {
        await using var target = await ServiceTarget.StartAsync(startWorker: false, cancellationToken);
        await PublishAsync(target.Messaging, count, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        await target.StartWorkerAsync(settings, limit.Token);

        var first = 0;
        var clock = new Stopwatch();
        var processor = TimeSpan.Zero;
        int saved;
        while ((saved = await CountAsync(target.ArchiveFile, limit.Token)) < count)
        {
            if (saved > 0 && !clock.IsRunning)
            {
                first = saved;
                processor = ProcessTree.ProcessorTime(target.Processes["worker"]);
                clock.Start();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }

        var seconds = clock.Elapsed.TotalSeconds;
        var scenario = $"backlog of {count:N0} messages, {name}";
        return
        [
            new(scenario, "messages saved", "1/s", (count - first) / seconds),
            new(scenario, "processor time a message, worker", "µs",
                (ProcessTree.ProcessorTime(target.Processes["worker"]) - processor).TotalMicroseconds / (count - first)),
        ];
    }

    private static async Task PublishAsync(string messaging, int count, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(messaging) };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        await RabbitTopology.DeclareAsync(channel, cancellationToken);
        var begin = DateTimeOffset.UtcNow.AddHours(-1);
        foreach (var chunk in Enumerable.Range(0, count).Chunk(500))
        {
            await Task.WhenAll(chunk.Select(n => channel.BasicPublishAsync(
                "", Queue, mandatory: true, Properties(n), Body(n, begin), cancellationToken).AsTask()));
        }
    }

    private static BasicProperties Properties(int n) => new()
    {
        Persistent = true,
        ContentType = "application/json",
        Type = "message",
        MessageId = MessageId.For("load0", ClientId(n)),
    };

    private static string ClientId(int n) => n.ToString("x32", CultureInfo.InvariantCulture);

    private static byte[] Body(int n, DateTimeOffset begin) => JsonSerializer.SerializeToUtf8Bytes(
        new Message
        {
            Id = MessageId.For("load0", ClientId(n)),
            Sender = "load0",
            RoomId = $"backlog-{n % 16}",
            Content = $"message {n}: the quick brown fox jumps over the lazy dog, and nobody in the room minds",
            Timestamp = begin.AddMilliseconds(n),
            Seq = (n / 16) + 1,
            Epoch = "0",
            ClientId = ClientId(n),
        },
        ChatJson.Default.Message);

    private static async Task<int> CountAsync(string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            return 0;
        }

        await using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly }.ToString());
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM messages WHERE room_id LIKE 'backlog-%'";
        return Convert.ToInt32(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }
}
