using Chat.Contracts;

namespace Chat.Benchmarks.Web;

/// <summary>People and rooms with something to look at.</summary>
internal static class Workspace
{
    private static readonly (string Username, string Name)[] People =
        [("maria", "Maria Lindgren"), ("jonas", "Jonas Weber"), ("amina", "Amina Yusuf"), ("tomas", "Tomás Ferreira")];

    private static readonly string[] Maria = ["maria"];

    private static readonly (int Who, string Text)[] Talk =
    [
        (1, "Good morning! The **release candidate** is built; notes are in the usual place."),
        (1, "Please try it before noon, especially the import."),
        (2, "Trying it now."),
        (2, "Import of the large file: 41 seconds, it was 3 minutes before :tada:"),
        (3, "The settings page keeps its place when I resize. One small thing in `ReaderOptions`:\n\n```csharp\n// The limit was in characters, the input is in bytes.\nvar limit = options.MaxBytes ?? 64 * 1024;\nif (input.Length > limit)\n{\n    return Refuse.TooLarge;\n}\n```"),
        (0, "Good catch, I will take that one."),
        (1, "@maria can you also look at the release notes? Two links are old."),
        (0, "Done. What is left for today:\n\n- the import's progress bar\n- a word about the new limit in the notes\n- tell support"),
        (2, "I tell support. See also https://example.org/notes/limits"),
        (3, "> Two links are old\n\nThe third one, too. Fixed."),
        (0, "Then we are ready for the release."),
        (1, "Ship it at 14:00?"),
        (2, "Yes!"),
        (0, "Shipping at two. Thank you all."),
    ];

    /// <summary>The id of the room that has most to show; <c>maria</c> looks at it.</summary>
    public static async Task<string> SetUpAsync(WebSystem system)
    {
        var people = new List<Visitor>();
        foreach (var (username, name) in People)
        {
            people.Add(await Visitor.SignUpAsync(await system.OpenAsync(), username, name));
        }

        var room = await people[0].CreateRoomAsync("Release", "Everything about the next version – notes, tests, dates");
        string[] others = [await people[1].CreateRoomAsync("Design"), await people[1].CreateRoomAsync("Lunch", "Where, when, what"), await people[2].CreateRoomAsync("A room with a name that is much longer than the list is wide")];
        foreach (var person in people)
        {
            foreach (var id in others.Append(room))
            {
                await person.Page.Context.APIRequest.PostAsync($"/api/rooms/{id}/members", new() { DataObject = new { } });
            }
        }

        await people[0].CreateRoomAsync("Hiring", "Only for those who interview", "private");
        foreach (var (who, text) in Talk)
        {
            await people[who].SayAsync(room, EmojiSent(text));
        }

        await ReactAsync(people[2], room, 0, "👍");
        await ReactAsync(people[3], room, 0, "👍");
        await ReactAsync(people[3], room, 3, "🎉");
        await people[1].SayAsync(others[0], "The new icons are in the shared folder.");
        await people[2].SayAsync(others[0], "@maria which blue did we agree on?");
        await people[3].SayAsync(others[1], "Thai at 12:30?");
        var direct = await people[3].Page.Context.APIRequest.PostAsync("/api/direct", new() { DataObject = new { usernames = Maria } });
        await people[3].SayAsync((await direct.JsonAsync())!.Value.GetProperty("id").GetString()!, "Do you have a minute?");
        return room;
    }

    private static string EmojiSent(string text) => text.Replace(":tada:", "🎉", StringComparison.Ordinal);

    private static async Task ReactAsync(Visitor person, string room, int message, string emoji)
    {
        var page = await person.Page.Context.APIRequest.GetAsync($"/api/rooms/{room}/messages?limit={Limits.PageDefault}");
        var id = (await page.JsonAsync())!.Value.GetProperty("messages")[message].GetProperty("id").GetString();
        await person.Page.Context.APIRequest.PutAsync($"/api/rooms/{room}/messages/{id}/reactions/{Uri.EscapeDataString(emoji)}");
    }
}
