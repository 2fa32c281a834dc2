using Chat.Backends.Archive;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Archive;

public sealed class MilestonesTests
{
    private const int Reach = 1_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whoever_counted_restarted_or_came_late_there_are_as_many_messages_as_said_and_not_many_more(int seed)
    {
        var random = new Random(seed);
        MilestoneCounter[] workers = [new(), new()];
        var milestones = Milestones.None;
        var times = new List<int>();
        for (var i = 0; i < 6_000; i++)
        {
            if (random.Next(1_000) == 0)
            {
                workers[random.Next(2)] = new MilestoneCounter();
            }

            var at = Math.Max(0, i - (random.Next(10) == 0 ? random.Next(50) : 0));
            times.Add(at);
            var due = workers[random.Next(2)].Add([Message("alice", "text", at)]);
            milestones = Milestones.Of(milestones.List.Concat(due.Select(d => d.Milestone)), Reach);
            Assert.InRange(milestones.List.Count, 1, 80);
        }

        var begin = milestones.Before(Reach)!.Value;
        Assert.InRange(times.Count(t => Noon.AddMilliseconds(t) >= begin), Reach, Reach * 3 / 2);
        Assert.InRange(times.Count(t => Noon.AddMilliseconds(t) >= milestones.Newest!.Value), 1, 200);
        Assert.All([1, 50, 500], n => Assert.True(times.Count(t => Noon.AddMilliseconds(t) >= milestones.Before(n)!.Value) >= n));
    }

    [Fact]
    public void A_room_has_its_first_milestone_with_its_first_message_and_mentions_theirs_with_many()
    {
        var counter = new MilestoneCounter();
        var messages = Enumerable.Range(0, Milestones.Step + 1).Select(i => Message("alice", "@bob", i, mentions: "bob")).ToList();

        var due = counter.Add(messages);

        Assert.Equal(
            [
                ("general", new Milestone(Noon.UtcDateTime, 1)),
                ("general@bob", new Milestone(Noon.UtcDateTime, Milestones.Step)),
                ("general", new Milestone(Noon.AddMilliseconds(1).UtcDateTime, Milestones.Step)),
            ],
            due.Select(d => (d.Key, d.Milestone)));
        Assert.Null(Milestones.None.Before(1));
        Assert.Null(Milestones.None.Newest);
    }
}
