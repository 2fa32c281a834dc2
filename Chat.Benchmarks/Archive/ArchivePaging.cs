using System.Diagnostics;
using System.Globalization;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Backends.Sqlite;
using Chat.Contracts;

namespace Chat.Benchmarks.Archive;

/// <summary>
/// Fills one room of a SQLite archive with messages, pages through all of it, and measures pages where the room begins, in its middle
/// and where it ends: <c>dotnet run -c Release --project Chat.Benchmarks -- archive [MESSAGES] [FILE]</c>. A file that is given is kept,
/// and not filled again when it already holds as many.
/// </summary>
public static class ArchivePaging
{
    private const string Room = "general";
    private const int Batch = 1_000;
    private const int Samples = 200;
    private static readonly DateTimeOffset Start = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var count = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var folder = args.Count > 1 ? null : Directory.CreateTempSubdirectory("chat-archive-").FullName;
        var file = args.Count > 1 ? args[1] : Path.Combine(folder!, "archive.db");
        try
        {
            await using var database = new SqliteDatabase(file);
            var archive = new SqliteMessageArchive(database);
            await FillAsync(archive, count);
            await PageThroughAsync(archive, count);
            Say("place", "p50 ms", "p99 ms");
            await MeasureAsync("newest page", () => archive.ReadAsync(Room, null, null, Limits.PageMax, default));
            foreach (var (name, at) in new[] { ("start", Math.Min(count, 2_000) - 1), ("middle", count / 2), ("end", count - 1) })
            {
                await MeasureAsync($"before, {name}", () => archive.ReadAsync(Room, Near(at), null, Limits.PageMax, default));
                await MeasureAsync($"after, {name}", () => archive.ReadAsync(Room, null, Near(at), Limits.PageMax, default));
            }

            await MeasureAsync("unread, from start", () => archive.CountUnreadAsync("reader", [new UnreadRange(Room, Near(0))], default));
            await MeasureAsync("search, frequent word", () => archive.SearchAsync(new MessageSearch([Room], ["hello"], null, null, 50), default));
            await MeasureAsync("search, rare and frequent", () => archive.SearchAsync(new MessageSearch([Room], ["hello", "number77"], null, null, 50), default));
            return 0;
        }
        finally
        {
            if (folder is not null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task FillAsync(SqliteMessageArchive archive, int count)
    {
        var began = Stopwatch.StartNew();
        if (await archive.FindAsync(At(count - 1).Id, default) is not null)
        {
            return;
        }

        for (var i = 0; i < count; i += Batch)
        {
            await archive.SaveAsync([.. Enumerable.Range(i, Math.Min(Batch, count - i)).Select(n => (SaveItem)new SaveMessage(At(n)))], default);
        }

        Say($"filled with {count}", $"{began.Elapsed.TotalSeconds:F1} s", $"{count / began.Elapsed.TotalSeconds:F0} messages/s");
    }

    private static async Task PageThroughAsync(SqliteMessageArchive archive, int count)
    {
        var began = Stopwatch.StartNew();
        var seen = 0;
        MessageCursor? before = null;
        while (await archive.ReadAsync(Room, before, null, Limits.PageMax, default) is { Count: > 0 } page)
        {
            seen += page.Count;
            before = MessageCursor.Of(page[0]);
        }

        if (seen != count)
        {
            throw new InvalidOperationException($"Paging saw {seen} of {count} messages.");
        }

        Say($"paged through {seen}", $"{began.Elapsed.TotalSeconds:F1} s", $"{began.Elapsed.TotalMilliseconds / Math.Ceiling((double)seen / Limits.PageMax):F2} ms a page");
    }

    private static async Task MeasureAsync<T>(string what, Func<Task<T>> call)
    {
        var times = new List<double>(Samples);
        for (var i = 0; i < Samples + 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await call();
            if (i >= 20)
            {
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        times.Sort();
        Say(what, $"{times[Samples / 2]:F2}", $"{times[Samples * 99 / 100]:F2}");
    }

    private static Message At(int n)
    {
        var sender = $"user{n % 50}";
        return new Message
        {
            Id = MessageId.For(sender, $"c{n}"),
            Sender = sender,
            RoomId = Room,
            Content = $"hello everybody, this is message number{n % 1_000} of many ({n})",
            Timestamp = Start.AddSeconds(n),
            ClientId = $"c{n}",
        };
    }

    /// <summary>A different message near the place each time, so that no page is measured from the same rows only.</summary>
    private static MessageCursor Near(int n) => MessageCursor.Of(At(Math.Max(0, n - Random.Shared.Next(1_000))));

    private static void Say(string what, string first, string second) =>
        Console.WriteLine($"{what,-28} {first,10} {second,18}");
}
