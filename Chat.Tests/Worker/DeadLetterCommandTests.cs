using System.Text;
using Chat.Worker.DeadLetters;

namespace Chat.Tests.Worker;

public sealed class DeadLetterCommandTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly WorkerFixture _worker = new();

    public async ValueTask InitializeAsync()
    {
        foreach (var key in new[] { "first", "second", "third" })
        {
            await _worker.Queue.EnqueueRawAsync(key, "message", Encoding.UTF8.GetBytes("secret words"), traceParent: null, None);
        }

        await _worker.StartAsync();
        await _worker.QueueBecomesAsync(0);
        await _worker.StopAsync();
    }

    public async ValueTask DisposeAsync() => await _worker.DisposeAsync();

    [Fact]
    public async Task Letters_are_listed_oldest_first_with_reasons_and_without_what_people_wrote()
    {
        var (code, lines) = await RunAsync("list");

        Assert.Equal((0, 4, "3 in all."), (code, lines.Length, lines[^1]));
        Assert.Equal(["first", "second", "third"], lines[..3].Select(l => l.Split("  ")[1]));
        Assert.All(lines[..3], l => Assert.Contains("not the JSON that 'message' needs", l, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("secret words", StringComparison.Ordinal));
        Assert.Equal(2, (await RunAsync("list", "--limit", "1")).Lines.Length);
    }

    [Fact]
    public async Task One_is_put_back_by_its_key()
    {
        Assert.Equal(0, (await RunAsync("requeue", "second")).Code);
        Assert.Equal(1, (await RunAsync("requeue", "second")).Code);

        Assert.Equal(1, await _worker.Queue.CountAsync(None));
        Assert.Equal(["first", "third"], (await _worker.Dead.ListAsync(10, None)).Select(d => d.Key));
    }

    [Fact]
    public async Task All_are_put_back()
    {
        var (code, lines) = await RunAsync("requeue", "--all");

        Assert.Equal((0, "3 back in the queue."), (code, lines.Single()));
        Assert.Equal(3, await _worker.Queue.CountAsync(None));
        Assert.Empty(await _worker.Dead.ListAsync(10, None));
    }

    [Fact]
    public async Task What_is_no_command_is_explained_and_changes_nothing()
    {
        string[][] wrong = [[], ["requeue"], ["requeue", "--al"], ["list", "--limit", "0"], ["list", "x"], ["drop"]];
        foreach (var args in wrong)
        {
            Assert.Equal(2, (await RunAsync(args)).Code);
        }

        Assert.Equal(3, (await _worker.Dead.ListAsync(10, None)).Count);
    }

    private async Task<(int Code, string[] Lines)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        var code = await DeadLetterCommand.RunAsync(["dead-letters", .. args], _worker.Dead, output, None);
        return (code, output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }
}
