using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Tests.Api;

/// <summary>A client sends a message again, because the answer to the first time did not come.</summary>
[Collection(ApiGroup.Name)]
public sealed class SentAgainTests(ApiFixture api)
{
    [Fact]
    public async Task A_message_that_was_accepted_but_never_shown_is_shown_when_it_is_sent_again_and_once()
    {
        await using var alice = await TestUser.SignedUpAsync(api.First);
        await using var bob = await TestUser.SignedUpAsync(api.Second);
        var room = await alice.RoomAsync(members: bob);
        var events = new Events();
        await bob.ConnectAsync(events);
        var accepted = new Message
        {
            Id = MessageId.For(alice.Name, "c-1"),
            Sender = alice.Name,
            RoomId = room.Id,
            Content = "accepted",
            Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()),
            ClientId = "c-1",
        };
        // As an instance does that ends after a store confirmed and before Redis has the message.
        await api.First.Services.GetRequiredService<IMessageArchive>().SaveAsync([new SaveMessage(accepted)], default);

        var sent = await alice.SayAsync(room.Id, "accepted", "c-1");
        var again = await alice.SayAsync(room.Id, "accepted", "c-1");
        await alice.SayAsync(room.Id, "next");

        Assert.Equal((accepted.Id, accepted.Timestamp, 1), (sent.Id, sent.Timestamp, sent.Seq));
        Assert.Equal((sent.Id, sent.Seq), (again.Id, again.Seq));
        Assert.Equal(["accepted", "next"], [(await events.NextAsync<Message>()).Content, (await events.NextAsync<Message>()).Content]);
    }
}
