using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>
/// One run: people chat at a steady rate, something breaks and is mended, everything becomes quiet, the oracle judges.
/// Every wait is bounded; the same seed names the same people and rooms, sends the same messages and breaks the same things.
/// </summary>
internal sealed class FailureRun(IRunningChat system, int seed) : IAsyncDisposable
{
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(3);
    private readonly DeliveryLog _log = new(TimeProvider.System);
    private readonly List<Participant> _people = [];
    private readonly List<string> _rooms = [];

    public IReadOnlyList<Participant> People => _people;

    public IReadOnlyList<string> Rooms => _rooms;

    /// <summary>Screens beside those of the people, which must show the same.</summary>
    public Func<IEnumerable<ShownRoom>>? OtherScreens { get; init; }

    public async Task GatherAsync(int people, int rooms, CancellationToken cancellationToken)
    {
        for (var i = 0; i < people; i++)
        {
            var person = new Participant($"p{i}-{seed}", system.Addresses, i, _log, seed);
            _people.Add(person);
            await person.SignUpAsync(cancellationToken);
        }

        for (var i = 0; i < rooms; i++)
        {
            _rooms.Add(await _people[0].CreateRoomAsync($"Room {i} {seed}", cancellationToken));
            foreach (var person in _people.Skip(1))
            {
                await person.JoinAsync(_rooms[i], cancellationToken);
            }
        }

        foreach (var person in _people)
        {
            person.StayConnected(_rooms);
        }

        await UntilAsync(() => _people.TrueForAll(p => p.IsConnected), "everybody is connected", cancellationToken);
    }

    /// <summary>Chats, breaks after the first while, mends after the second, and judges.</summary>
    public async Task<FaultResult> RunAsync(
        string name, TimeSpan before, TimeSpan during, TimeSpan after, Func<CancellationToken, Task> breakIt, Func<CancellationToken, Task> mendIt,
        CancellationToken cancellationToken)
    {
        using var workload = new Workload(_people, _rooms, seed);
        workload.Start(cancellationToken);
        await Task.Delay(before, cancellationToken);
        var from = _log.Now;
        await breakIt(cancellationToken);
        await Task.Delay(during, cancellationToken);
        var until = _log.Now;
        await mendIt(cancellationToken);
        await Task.Delay(after, cancellationToken);
        await workload.FinishAsync(cancellationToken);
        var verdict = await JudgeAsync(cancellationToken);
        var took = _log.DeliveriesBetween(from, until);
        return new FaultResult(
            name, seed, verdict, _log.AcceptedBetween(from, until), Quantile(took, .5), Quantile(took, .99), took.Count == 0 ? TimeSpan.Zero : took[^1]);
    }

    /// <summary>What people complained of, for the report of a failure.</summary>
    public IEnumerable<string> Trouble => _people.SelectMany(p => p.Trouble.Select(t => $"{p.Username}: {t}"));

    /// <summary>Waits until stores and screens agree, for as long as they come closer; then says what does not.</summary>
    public async Task<Verdict> JudgeAsync(CancellationToken cancellationToken)
    {
        var verdict = await LookAsync(cancellationToken);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!verdict.Kept && clock.Elapsed < QuietLimit)
        {
            await Task.Delay(500, cancellationToken);
            var now = await LookAsync(cancellationToken);
            if (now.Findings.Count < verdict.Findings.Count)
            {
                clock.Restart();
            }

            verdict = now;
        }

        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var person in _people)
        {
            await person.DisposeAsync();
        }
    }

    private async Task<Verdict> LookAsync(CancellationToken cancellationToken)
    {
        var stored = new Dictionary<string, IReadOnlyList<Message>>();
        var histories = new Dictionary<(string, string), IReadOnlyList<Message>>();
        var trouble = new List<string>();
        foreach (var room in _rooms)
        {
            stored[room] = await system.ReadStoredAsync(room, cancellationToken);
            for (var api = 0; api < system.Addresses.Count; api++)
            {
                if (await _people[api % _people.Count].ReadHistoryAsync(api, room, cancellationToken) is { } history)
                {
                    histories[($"api-{api}", room)] = history;
                }
                else
                {
                    trouble.Add($"api-{api} has no complete history of {room}");
                }
            }
        }

        var verdict = Oracle.Judge(_people, _rooms, stored, histories, OtherScreens?.Invoke());
        return verdict with { Findings = [.. verdict.Findings, .. trouble] };
    }

    private static TimeSpan Quantile(IReadOnlyList<TimeSpan> sorted, double q) =>
        sorted.Count == 0 ? TimeSpan.Zero : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * q))];

    private static async Task UntilAsync(Func<bool> condition, string what, CancellationToken cancellationToken)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"Not within a minute: {what}.");
            await Task.Delay(50, cancellationToken);
        }
    }
}
