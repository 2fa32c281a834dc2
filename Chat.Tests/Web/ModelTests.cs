using Chat.Contracts;
using Chat.Web.Client.State;

namespace Chat.Tests.Web;

/// <summary>
/// Everything at once, at random: pushes lost, doubled and overtaken, sockets and networks that come and go, new epochs,
/// stores that are away, readers who scroll and jump, writers who edit and react. Afterwards every client shows exactly
/// what the server has. The seed in a failing test's name repeats it.
/// </summary>
public sealed class ModelTests
{
    private static readonly string[] Emoji = ["👍", "🎉", "❤️"];

    public static TheoryData<int> Seeds(int count) => [.. Enumerable.Range(1, count)];

    [Theory]
    [MemberData(nameof(Seeds), 60)]
    public void Whatever_happens_every_client_ends_with_what_the_server_has(int seed)
    {
        var sim = new Simulation(seed);
        var server = new FakeServer(sim) { Loss = 0.2, Duplication = 0.2, Jitter = TimeSpan.FromMilliseconds(600), PagesTake = TimeSpan.FromMilliseconds(300) };
        server.Add("general", "alice", "bob", "carol");
        for (var i = 0; i < 130; i++)
        {
            server.Says("carol", "general", $"old{i}");
        }

        var browser = new FakeBrowser();
        TestClient[] clients =
        [
            new TestClient(server, "alice", browser).Start("general"),
            new TestClient(server, "alice", browser).Start("general"),
            new TestClient(server, "bob").Start("general"),
        ];
        var written = new List<string>();
        for (var step = 0; step < 250; step++)
        {
            var client = clients[sim.Random.Next(clients.Length)];
            Act(sim, server, client, written);
            sim.Run(TimeSpan.FromMilliseconds(sim.Random.Next(300)));
        }

        sim.Do(() => (server.Unreachable, server.NoSockets, server.Incomplete, server.Unnumbered) = (false, false, false, false));
        (server.Loss, server.Duplication, server.Refuse, server.LostAcknowledgements) = (0, 0, default, 0);
        foreach (var client in clients)
        {
            sim.Do(() => client.Tab.SetOnline(true));
        }

        sim.RunSeconds(1);
        sim.Do(() => server.DropLinks());
        foreach (var client in clients)
        {
            sim.Until(() => client.Outbox.Items.Count == 0, "the outbox is empty");
            client.Settle();
            sim.Until(() => !client.Store.Connection.HistoryIncomplete, "the history is whole");
        }

        var truth = server["general"].Messages;
        Assert.Equal(written.Count, truth.Count(m => written.Contains(m.Id)));
        sim.RunSeconds(10);
        foreach (var client in clients)
        {
            client.ScrollThroughAll("general");
            sim.RunSeconds(5);
            Assert.Equal(truth.Select(Line), client.Shown("general").Select(i => Line(i.Message)));
            Assert.All(client.Shown("general"), i => Assert.Equal((SendState.Sent, false), (i.State, i.Pending)));
            Assert.Equal(server["general"].SummaryFor(client.Username).Unread, client.Room("general").Unread);
            Assert.Equal(ConnectionPhase.Live, client.Phase);
        }
    }

    /// <summary>Nothing is lost and nobody reconnects, so nothing heals by accident what was overlooked.</summary>
    [Theory]
    [MemberData(nameof(Seeds), 20)]
    public void Who_goes_from_room_to_room_while_people_write_misses_nothing(int seed)
    {
        var sim = new Simulation(seed);
        var server = new FakeServer(sim) { Duplication = 0.1, Jitter = TimeSpan.FromMilliseconds(300), PagesTake = TimeSpan.FromMilliseconds(500) };
        string[] rooms = [.. Enumerable.Range(0, 12).Select(i => $"room{i}")];
        foreach (var room in rooms)
        {
            server.Add(room, "alice", "bob");
        }

        TestClient[] clients = [new TestClient(server, "alice").Start(), new TestClient(server, "alice").Start(), new TestClient(server, "bob").Start()];
        foreach (var opened in rooms)
        {
            foreach (var client in clients)
            {
                sim.Do(() => _ = client.Actions.OpenRoomAsync(opened));
            }

            for (var step = 0; step < 6; step++)
            {
                sim.Run(TimeSpan.FromMilliseconds(sim.Random.Next(250)));
                var client = clients[sim.Random.Next(clients.Length)];
                sim.Do(() => client.Actions.Send(opened, $"c{step}"));
                Assert.Contains(client.Shown(opened), i => i.Message.Content == $"c{step}");
                if (sim.Random.Next(2) == 0)
                {
                    sim.Do(() => server.Says("bob", opened, $"s{step}"));
                }
            }

            sim.RunSeconds(5);
            foreach (var client in clients)
            {
                Assert.Equal(server[opened].Messages.Select(Line), client.Shown(opened).Select(i => Line(i.Message)));
                Assert.All(client.Shown(opened), i => Assert.Equal(SendState.Sent, i.State));
            }
        }
    }

    private static void Act(Simulation sim, FakeServer server, TestClient client, List<string> written)
    {
        var shown = client.Room("general") is { } room ? room.Timeline.View.Items : [];
        var own = shown.LastOrDefault(i => i.Message.Sender == client.Username && i.State == SendState.Sent);
        var any = shown.Count > 0 ? shown[sim.Random.Next(shown.Count)] : null;
        switch (sim.Random.Next(22))
        {
            case < 5:
                sim.Do(() => written.Add(client.Actions.Send("general", $"c{written.Count} @carol")));
                break;
            case < 9:
                sim.Do(() => Enumerable.Range(0, sim.Random.Next(1, 30)).ToList().ForEach(_ => server.Says("carol", "general", $"s{server["general"].Messages.Count}")));
                break;
            case 9 when own is not null:
                sim.Do(() => client.Actions.Edit("general", own.Id, $"edited {sim.Random.Next(100)}"));
                break;
            case 10 when own is not null && sim.Random.Next(3) == 0:
                sim.Do(() => client.Actions.Delete("general", own.Id));
                break;
            case 11 or 12 when any is { State: SendState.Sent }:
                sim.Do(() => client.Actions.React("general", any.Id, Emoji[sim.Random.Next(3)], sim.Random.Next(3) > 0));
                break;
            case 13:
                sim.Do(() => server.DropLinks(client.Username));
                break;
            case 14:
                sim.Do(() => client.Tab.SetOnline(!client.Tab.IsOnline));
                break;
            case 15:
                sim.Do(() => server.Unreachable = sim.Random.Next(3) == 0);
                break;
            case 16:
                sim.Do(() => server.Incomplete = sim.Random.Next(3) == 0);
                break;
            case 17:
                sim.Do(() => server["general"].NewEpoch());
                break;
            case 18:
                sim.Do(() => server.Unnumbered = sim.Random.Next(2) == 0);
                break;
            case 19:
                sim.Do(() => _ = client.Actions.LoadOlderAsync("general"));
                break;
            case 20 when any is not null:
                sim.Do(() => server.LostAcknowledgements += sim.Random.Next(2));
                sim.Do(() => client.Actions.MarkRead("general", any.Id));
                break;
            case 21:
                sim.Do(() => server.Refuse = (ErrorCodes.NotAccepted, sim.Random.Next(3)));
                break;
        }
    }

    private static string Line(Message m) =>
        $"{m.Timestamp.ToUnixTimeMilliseconds()} {m.Sender}: {m.Content}{(m.DeletedAt is null ? "" : " (deleted)")} " +
        string.Join(' ', m.Reactions.Select(r => $"{r.Emoji}{string.Join(',', r.Users)}").Order(StringComparer.Ordinal));
}
