using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Benchmarks.Web;

/// <summary>Fills a room with history, straight into the archive: as if it had been written over the last weeks.</summary>
internal static class Filler
{
    private const int Batch = 1_000;
    private static readonly string[] People = ["alice", "bob", "carol", "dave", "erin", "frank"];

    private static readonly string[] Said =
    [
        "Morning! Did the nightly run go through?",
        "Yes, all green. Took 14 minutes, two less than yesterday.",
        "I moved the parser into its own project, see `Parsing/Reader.cs`. Reviews welcome.",
        "Could somebody look at the **timeout** in the import? It happens about once a day, always right after midnight.",
        "On it.",
        "```csharp\nvar page = await archive.ReadAsync(room, before, null, 100, token);\nreturn page.Count;\n```",
        "That reads well. One question: what happens when `before` points at a message that was deleted meanwhile?",
        "It keeps its place, only the text goes. There is a test for exactly that.",
        "Lunch at 12:30?",
        "- update the notes\n- tell the people in support\n- close the ticket",
    ];

    public static async Task FillAsync(IServiceProvider backends, string room, int count)
    {
        var archive = backends.GetRequiredService<IMessageArchive>();
        var start = DateTimeOffset.UtcNow.AddMinutes(-count - 5);
        for (var i = 0; i < count; i += Batch)
        {
            await archive.SaveAsync([.. Enumerable.Range(i, Math.Min(Batch, count - i)).Select(n => (SaveItem)new SaveMessage(At(room, start, n)))], default);
        }
    }

    private static Message At(string room, DateTimeOffset start, int n)
    {
        var (sender, client) = (People[n / 2 % People.Length], $"fill-{room}-{n}");
        return new Message
        {
            Id = MessageId.For(sender, client),
            Sender = sender,
            RoomId = room,
            Content = Said[n % Said.Length],
            Timestamp = start.AddMinutes(n),
            ClientId = client,
        };
    }
}
