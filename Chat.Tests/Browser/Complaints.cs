using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Playwright;
using Xunit.v3;

namespace Chat.Tests.Browser;

/// <summary>
/// What the browsers of the running test complained of: errors in the console, scripts that failed, requests that were refused or
/// not answered. The tests of the browser run one after the other.
/// </summary>
internal static class Complaints
{
    /// <summary>A page that went away while it was loading, and a network that the test itself took away.</summary>
    private static readonly string[] Ours = ["net::ERR_ABORTED", "net::ERR_INTERNET_DISCONNECTED", "WebSocket is closed before the connection is established"];

    /// <summary>Said of every response and every failed request, which are heard of by themselves.</summary>
    private const string Repeated = "Failed to load resource";

    private static readonly ConcurrentQueue<string> Heard = new();
    private static readonly ConcurrentQueue<string> Expected = new();

    public static void Watch(IBrowserContext context)
    {
        context.Console += (_, said) => Note(said.Type == "error" && !said.Text.StartsWith(Repeated, StringComparison.Ordinal), $"console: {said.Text} ({said.Location})");
        context.WebError += (_, error) => Note(true, $"script: {error.Error}");
        context.Response += async (_, answer) =>
        {
            Note(answer.Status >= 400, $"{answer.Status} {answer.Request.Method} {answer.Url}");
            if (answer.Status >= 500)
            {
                await ExplainAsync(answer);
            }
        };
        context.RequestFailed += (_, request) => Note(true, $"{request.Failure} {request.Method} {request.Url}");
    }

    /// <summary>What the test provokes: the status, the method and how the address ends, as in <c>401 POST /sign-in</c>.</summary>
    public static void Expect(string complaint) => Expected.Enqueue(complaint);

    /// <summary>All so far, for the report of a failure.</summary>
    public static IEnumerable<string> All => Heard;

    public static void Begin()
    {
        Heard.Clear();
        Expected.Clear();
    }

    public static void End()
    {
        var unexpected = Heard.Where(h => !Expected.Any(e => IsSame(h, e))).Distinct().ToList();
        Assert.True(unexpected.Count == 0, string.Join(Environment.NewLine, unexpected));
    }

    /// <summary>What the server's page about the error says first.</summary>
    private static async Task ExplainAsync(IResponse answer)
    {
        try
        {
            var text = await answer.TextAsync();
            var start = Math.Max(0, text.IndexOf("titleerror", StringComparison.Ordinal));
            Note(true, $"it said: {text.Substring(start, Math.Min(600, text.Length - start))}");
        }
        catch (PlaywrightException)
        {
            // The page is gone.
        }
    }

    private static bool IsSame(string heard, string expected)
    {
        var start = expected[..(expected.LastIndexOf(' ') + 1)];
        return heard.StartsWith(start, StringComparison.Ordinal) && heard.EndsWith(expected[start.Length..], StringComparison.Ordinal);
    }

    private static void Note(bool bad, string what)
    {
        if (bad && !Ours.Any(o => what.Contains(o, StringComparison.Ordinal)))
        {
            Heard.Enqueue(what);
        }
    }
}

/// <summary>Each test of the class fails when a browser complained of something that the test did not expect.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NoComplaintsAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => Complaints.Begin();

    public override void After(MethodInfo methodUnderTest, IXunitTest test) => Complaints.End();
}
