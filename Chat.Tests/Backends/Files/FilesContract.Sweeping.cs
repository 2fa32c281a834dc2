using Chat.Backends.Files;
using Chat.Contracts;
using Chat.Worker.Sweeping;
using Microsoft.Extensions.Logging.Abstractions;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Files;

public abstract partial class FilesContract
{
    private Task SweepAsync() => new FileSweeper(Files, Archive, Time, NullLogger<FileSweeper>.Instance).SweepAsync(None);

    /// <summary>A file and the message that has it; the message is not saved.</summary>
    private async Task<(StoredFile File, Message Message)> AttachedAsync(string clientId)
    {
        var file = await Files.SaveAsync(File(clientId), new MemoryStream(Bytes), None);
        var message = Message("alice", "look", clientId: clientId) with { Attachments = [file.ToAttachment()] };
        Assert.NotNull(await Files.AttachAsync(new FileOwner("general", "alice", message.Id), [file.Id], None));
        return (file, message);
    }

    [Fact]
    public async Task What_was_never_attached_goes_after_a_day_and_what_a_saved_message_has_stays()
    {
        var loose = await Files.SaveAsync(File("loose"), new MemoryStream(Bytes), None);
        await Assert.ThrowsAsync<IOException>(() => Files.SaveAsync(File("broken"), new Breaking(Bytes), None));
        var (kept, message) = await AttachedAsync("kept");
        await Archive.SaveAsync([Save(message)], None);

        Time.Advance(FileLife.Unsettled - TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.NotNull(await Files.FindAsync(loose.Id, None));
        Time.Advance(TimeSpan.FromSeconds(2));
        await SweepAsync();

        Assert.Null(await Files.FindAsync(loose.Id, None));
        Assert.Equal(3, await CountChunksAsync());
        Time.Advance(TimeSpan.FromDays(1000));
        await SweepAsync();
        Assert.Equal(Bytes, await ReadAsync(Files, (await Files.FindAsync(kept.Id, None))!));

        // Gone is not for ever: who still wants to send it uploads it again.
        Assert.Equal(Bytes, await ReadAsync(Files, await Files.SaveAsync(File("loose"), new MemoryStream(Bytes), None)));
    }

    [Fact]
    public async Task A_file_waits_long_for_a_message_that_is_still_in_the_queue()
    {
        var (file, message) = await AttachedAsync("late");
        Time.Advance(FileLife.MessageMissing - TimeSpan.FromMinutes(1));
        await SweepAsync();
        Assert.NotNull(await Files.FindAsync(file.Id, None));

        await Archive.SaveAsync([Save(message)], None);
        Time.Advance(FileLife.Unsettled * 2);
        await SweepAsync();
        Assert.NotNull(await Files.FindAsync(file.Id, None));

        var (lost, _) = await AttachedAsync("lost");
        Time.Advance(FileLife.MessageMissing);
        await SweepAsync();
        Assert.Null(await Files.FindAsync(lost.Id, None));
    }

    [Fact]
    public async Task A_deleted_messages_files_cannot_be_read_from_then_on_and_their_bytes_go_with_the_next_sweep()
    {
        var (file, message) = await AttachedAsync("1");
        var (other, otherMessage) = await AttachedAsync("2");
        await Archive.SaveAsync([Save(message), Save(otherMessage)], None);

        // Somebody's word about a message of another room says nothing.
        await Archive.SaveAsync([Delete(message with { RoomId = "elsewhere" }, 1)], None);
        Assert.NotNull(await Files.FindAsync(file.Id, None));
        await Archive.SaveAsync([Delete(message, 2)], None);

        Assert.Null(await Files.FindAsync(file.Id, None));
        Assert.NotNull(await Files.FindAsync(other.Id, None));
        await SweepAsync();
        Assert.Equal(3, await CountChunksAsync());
        Assert.Null(await Files.AttachAsync(new FileOwner("general", "alice", message.Id), [file.Id], None));
    }

    [Fact]
    public async Task A_deletion_that_is_saved_before_its_message_removes_the_files_too()
    {
        var (file, message) = await AttachedAsync("1");
        await Archive.SaveAsync([Delete(message, 1)], None);
        await Archive.SaveAsync([Save(message)], None);

        Assert.Null(await Files.FindAsync(file.Id, None));
    }

    [Fact]
    public async Task Erasing_a_room_and_removing_an_account_take_their_files_along()
    {
        var inRoom = await Files.SaveAsync(File("1", room: "gone"), new MemoryStream(Bytes), None);
        var (alices, _) = await AttachedAsync("2");
        var bobs = await Files.SaveAsync(File("3", uploader: "bob"), new MemoryStream(Bytes), None);

        while (!await Archive.EraseRoomAsync("gone", None))
        {
        }

        Assert.Null(await Files.FindAsync(inRoom.Id, None));
        await Files.RemoveByUploaderAsync("alice", None);

        Assert.Null(await Files.FindAsync(alices.Id, None));
        Assert.NotNull(await Files.FindAsync(bobs.Id, None));
        await SweepAsync();
        Assert.Equal(3, await CountChunksAsync());
    }
}
