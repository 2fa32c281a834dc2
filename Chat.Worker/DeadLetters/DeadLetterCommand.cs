using System.Globalization;
using Chat.Backends;
using Chat.Backends.Saving;

namespace Chat.Worker.DeadLetters;

/// <summary>
/// <c>dead-letters list [--limit N]</c>, <c>dead-letters requeue KEY</c>, <c>dead-letters requeue --all</c> (docs/dead-letters.md).
/// Exit codes: 0 done, 1 no such letter or the queue is away, 2 not a command.
/// </summary>
public static class DeadLetterCommand
{
    private const int DefaultLimit = 100;

    public static bool IsMeantBy(IReadOnlyList<string> args) => args is ["dead-letters", ..];

    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, IDeadLetters letters, TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(letters);
        ArgumentNullException.ThrowIfNull(output);
        try
        {
            return args switch
            {
                ["dead-letters", "list"] => await ListAsync(letters, DefaultLimit, output, cancellationToken),
                ["dead-letters", "list", "--limit", var limit] when int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 =>
                    await ListAsync(letters, n, output, cancellationToken),
                ["dead-letters", "requeue", "--all"] => await RequeueAllAsync(letters, output, cancellationToken),
                ["dead-letters", "requeue", var key] when !key.StartsWith('-') => await RequeueAsync(letters, key, output, cancellationToken),
                _ => await ExplainAsync(output),
            };
        }
        catch (BackendUnavailableException e)
        {
            await output.WriteLineAsync(e.Message);
            return 1;
        }
    }

    /// <summary>The body is not shown: it holds what people wrote.</summary>
    private static async Task<int> ListAsync(IDeadLetters letters, int limit, TextWriter output, CancellationToken cancellationToken)
    {
        var found = await letters.ListAsync(limit, cancellationToken);
        foreach (var letter in found)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{letter.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}  {letter.Key}  {letter.Type}  {letter.Body.Length} bytes  {letter.Reason}"));
        }

        await output.WriteLineAsync(found.Count == limit ? $"The oldest {limit}; --limit N shows more." : $"{found.Count} in all.");
        return 0;
    }

    private static async Task<int> RequeueAsync(IDeadLetters letters, string key, TextWriter output, CancellationToken cancellationToken)
    {
        var done = await letters.RequeueAsync(key, cancellationToken);
        await output.WriteLineAsync(done ? "Back in the queue." : "No dead letter has this key.");
        return done ? 0 : 1;
    }

    private static async Task<int> RequeueAllAsync(IDeadLetters letters, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync($"{await letters.RequeueAllAsync(cancellationToken)} back in the queue.");
        return 0;
    }

    private static async Task<int> ExplainAsync(TextWriter output)
    {
        await output.WriteLineAsync("dead-letters list [--limit N] | dead-letters requeue KEY | dead-letters requeue --all");
        return 2;
    }
}
