using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Chat.Tests.Failures;

/// <summary>Queries a second over one span: on average, and in its busiest second.</summary>
internal sealed record QueryRate(double Average, double Peak);

/// <summary>
/// What Redis and MongoDB are asked, by their own counters, read once a second: of Redis every command that it ran, those inside scripts
/// included (<c>INFO commandstats</c>), of MongoDB every command that reads or writes documents (<c>serverStatus</c>). What the meter
/// asks itself is not counted.
/// </summary>
internal sealed class QueryMeter : IAsyncDisposable
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly string[] Queries =
        ["find", "getMore", "aggregate", "count", "distinct", "insert", "update", "delete", "findAndModify", "findandmodify"];

    private readonly CancellationTokenSource _stop = new();
    private readonly MongoClient _mongo;
    private readonly Task _sampling;

    public QueryMeter(int redisPort, string mongo)
    {
        _mongo = new MongoClient(mongo);
        _sampling = Task.WhenAll(
            SampleAsync(Redis, t => ReadRedisAsync(redisPort, t)),
            SampleAsync(Mongo, ReadMongoAsync));
    }

    public Samples Redis { get; } = new();

    public Samples Mongo { get; } = new();

    /// <summary>Every command that Redis ran since its start, except INFO.</summary>
    public static long CountRedis(string commandStats) => commandStats.Split("\r\n")
        .Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal)
            && !line.StartsWith("cmdstat_info:", StringComparison.Ordinal) && !line.StartsWith("cmdstat_quit:", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sampling;
        _mongo.Dispose();
        _stop.Dispose();
    }

    private async Task SampleAsync(Samples samples, Func<CancellationToken, Task<long>> read)
    {
        while (!_stop.IsCancellationRequested)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            patience.CancelAfter(Patience);
            try
            {
                samples.Add(await read(patience.Token));
            }
            catch (Exception e) when (
                e is SocketException or IOException or MongoException or TimeoutException or OperationCanceledException)
            {
                // A server that is away is asked nothing.
            }

            await Task.Delay(SampleEvery, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<long> ReadRedisAsync(int port, CancellationToken cancellationToken) =>
        CountRedis(await TellRedisAsync(port, "INFO commandstats", cancellationToken));

    /// <summary>Redis' answer to one command, on a connection of its own.</summary>
    public static async Task<string> TellRedisAsync(int port, string command, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, cancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{command}\r\nQUIT\r\n"), cancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    private async Task<long> ReadMongoAsync(CancellationToken cancellationToken)
    {
        var status = await _mongo.GetDatabase("admin")
            .RunCommandAsync<BsonDocument>(new BsonDocument("serverStatus", 1), cancellationToken: cancellationToken);
        return status["metrics"]["commands"].AsBsonDocument
            .Where(c => Queries.Contains(c.Name)).Sum(c => c.Value["total"].ToInt64());
    }

    /// <summary>The counter of one server over time. It begins again at zero when the server does.</summary>
    internal sealed class Samples
    {
        private readonly Lock _gate = new();
        private readonly List<(long At, long Total)> _samples = [];

        public void Add(long total)
        {
            lock (_gate)
            {
                _samples.Add((Stopwatch.GetTimestamp(), total));
            }
        }

        /// <summary>Between two timestamps of <see cref="Stopwatch"/>; nothing where nobody answered.</summary>
        public QueryRate Between(long from, long until)
        {
            List<(double Seconds, long Count)> steps;
            lock (_gate)
            {
                steps = [.. _samples.Zip(_samples.Skip(1))
                    .Where(s => s.Second.At > from && s.Second.At <= until)
                    .Select(s => (
                        Stopwatch.GetElapsedTime(s.First.At, s.Second.At).TotalSeconds,
                        s.Second.Total >= s.First.Total ? s.Second.Total - s.First.Total : s.Second.Total))];
            }

            return steps.Count == 0
                ? new QueryRate(0, 0)
                : new QueryRate(steps.Sum(s => s.Count) / steps.Sum(s => s.Seconds), steps.Max(s => s.Count / Math.Max(1, s.Seconds)));
        }
    }
}
