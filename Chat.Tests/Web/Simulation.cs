using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Web;

/// <summary>
/// The browser's one thread and its clock, both under the test's control: everything a client does runs here, in order,
/// and time passes only when a test says so. The same seed gives the same run.
/// </summary>
internal sealed class Simulation : SynchronizationContext
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(25);
    private readonly Queue<(SendOrPostCallback Work, object? State)> _work = new();

    private int _ids;

    public Simulation(int seed = 1)
    {
        Random = new Random(seed);
        Time.SetUtcNow(new DateTimeOffset(2026, 2, 8, 12, 0, 0, TimeSpan.Zero));
    }

    public FakeTimeProvider Time { get; } = new();

    public Random Random { get; }

    /// <summary>For clients and changes that no simulated client made.</summary>
    public string NewId() => $"id-{++_ids}";

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_work)
        {
            _work.Enqueue((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Does something on the thread, and all that follows at once.</summary>
    public void Do(Action action) => On(() =>
    {
        action();
        Drain();
    });

    /// <summary>Lets time pass.</summary>
    public void Run(TimeSpan duration) => On(() =>
    {
        Drain();
        for (var passed = TimeSpan.Zero; passed < duration; passed += Step)
        {
            Time.Advance(Step);
            Drain();
        }
    });

    public void RunSeconds(double seconds) => Run(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass until the condition holds; fails after ten minutes of it.</summary>
    public void Until(Func<bool> condition, string what)
    {
        for (var passed = TimeSpan.Zero; !condition(); passed += Step)
        {
            Assert.True(passed < TimeSpan.FromMinutes(10), $"Never: {what}");
            Run(Step);
        }
    }

    public T Await<T>(Func<Task<T>> ask)
    {
        Task<T>? task = null;
        Do(() => task = ask());
        Until(() => task!.IsCompleted, "an answer");
        return task!.GetAwaiter().GetResult();
    }

    public void Await(Func<Task> ask) => Await(async () =>
    {
        await ask();
        return true;
    });

    private void On(Action action)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private void Drain()
    {
        while (true)
        {
            (SendOrPostCallback Work, object? State) next;
            lock (_work)
            {
                if (!_work.TryDequeue(out next))
                {
                    return;
                }
            }

            next.Work(next.State);
        }
    }
}
