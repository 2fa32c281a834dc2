using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>A steady rate of messages, edits and reactions from every participant, the same for the same seed.</summary>
/// <param name="people">Who sends.</param>
/// <param name="rooms">Where to.</param>
/// <param name="seed">Decides what is sent when.</param>
/// <param name="perSecond">Messages a second of each participant, at most 10.</param>
/// <param name="withChanges">Whether messages are edited and reacted to.</param>
internal sealed class Workload(
    IReadOnlyList<Participant> people, IReadOnlyList<string> rooms, int seed, int perSecond = Workload.PerSecond, bool withChanges = true)
    : IDisposable
{
    private static readonly string[] Emoji = ["👍", "🎉", "❤️", "👀"];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    /// <summary>Messages a second of each participant in the matrix, well under the limit that the contract sets.</summary>
    public const int PerSecond = 4;

    public void Start(CancellationToken lifetime)
    {
        for (var i = 0; i < people.Count; i++)
        {
            var person = people[i];
            var random = new Random(unchecked((seed * 31) + i));
            _running.Add(Task.Run(() => ChatAsync(person, random, lifetime), lifetime));
        }
    }

    /// <summary>Nobody begins anything new; what was begun is sent until it is acknowledged.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    private async Task ChatAsync(Participant person, Random random, CancellationToken lifetime)
    {
        var sending = new List<Task>();
        var own = new List<(string Room, string Id)>();
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            var room = rooms[random.Next(rooms.Count)];
            var clientId = $"{person.Username}-{seed}-{n}";
            sending.Add(person.SendAsync(room, clientId, $"{person.Username} says {n} ({seed})", lifetime));
            own.Add((room, MessageId.For(person.Username, clientId)));

            if (withChanges && n % 5 == 4)
            {
                // Each message is edited at most once, so that one accepted edit says what its content must be.
                var (editRoom, id) = own[n - 2];
                if (person.Accepted.ContainsKey(id))
                {
                    sending.Add(person.EditAsync(editRoom, id, $"{person.Username} meant {n} ({seed})", lifetime));
                }
            }

            if (withChanges && n % 3 == 2 && person.ScreenOf(room).Messages is { Count: > 0 } shown)
            {
                sending.Add(person.ReactAsync(room, shown[Math.Max(0, shown.Count - 1 - random.Next(10))].Id, Emoji[random.Next(Emoji.Length)], lifetime));
            }

            try
            {
                await Task.Delay((1000 / perSecond) + random.Next(-50, 50), _stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        await Task.WhenAll(sending);
    }
}
