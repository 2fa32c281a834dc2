using System.Security.Cryptography;
using Chat.Backends.Archive;
using Chat.Backends.Files;
using Chat.Contracts;
using Microsoft.Extensions.Time.Testing;
using static Chat.Tests.Backends.Said;

namespace Chat.Tests.Backends.Files;

/// <summary>What <see cref="IFiles"/> promises, on any store. A subclass says how to open one.</summary>
public abstract partial class FilesContract : IAsyncLifetime
{
    protected static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Not a whole number of chunks.</summary>
    private static readonly byte[] Bytes = RandomNumberGenerator.GetBytes(700_000);

    protected FakeTimeProvider Time { get; } = new(Noon);

    protected IFiles Files { get; private set; } = null!;

    protected IMessageArchive Archive { get; private set; } = null!;

    /// <summary>Each call: an independent instance on the one store of this test, which is empty at first.</summary>
    protected abstract (IFiles Files, IMessageArchive Archive) Open();

    /// <summary>Chunks in the store, of whichever file.</summary>
    protected abstract Task<long> CountChunksAsync();

    public virtual ValueTask InitializeAsync()
    {
        (Files, Archive) = Open();
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static NewFile File(string clientId = "f", string room = "general", string uploader = "alice") =>
        new(FileId.For(uploader, clientId), room, uploader, "Ärger & \"Co\".png", "image/png", 640, 480);

    private static async Task<byte[]> ReadAsync(IFiles files, StoredFile file)
    {
        await using var stream = await files.OpenAsync(file, None);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    [Fact]
    public async Task What_was_stored_is_read_byte_for_byte_by_every_process_and_from_any_place()
    {
        var stored = await Files.SaveAsync(File(), new MemoryStream(Bytes), None);

        var (others, _) = Open();
        var found = await others.FindAsync(stored.Id, None);
        Assert.Equal(stored, found);
        Assert.Equal(new Attachment(File().Id, "Ärger & \"Co\".png", "image/png", Bytes.Length, 640, 480), found!.ToAttachment());
        Assert.Equal(Bytes, await ReadAsync(others, found));
        await using var stream = await others.OpenAsync(found, None);
        var piece = new byte[1000];
        foreach (var from in (int[])[0, FileLife.ChunkBytes - 500, 2 * FileLife.ChunkBytes, 10, Bytes.Length - 1000])
        {
            stream.Seek(from, SeekOrigin.Begin);
            await stream.ReadExactlyAsync(piece);
            Assert.Equal(Bytes[from..(from + 1000)], piece);
        }

        Assert.Equal(0, await stream.ReadAsync(piece));
        Assert.Null(await Files.FindAsync(FileId.For("alice", "another"), None));
    }

    [Fact]
    public async Task The_same_id_again_and_several_times_at_once_is_one_file()
    {
        var (others, _) = Open();
        var stored = await Task.WhenAll(
            Files.SaveAsync(File(), new MemoryStream(Bytes), None),
            others.SaveAsync(File(), new MemoryStream(Bytes), None),
            Files.SaveAsync(File(), new MemoryStream(Bytes), None));
        var again = await others.SaveAsync(File(), new Unreadable(), None);

        Assert.All(stored, s => Assert.Equal(again, s));
        Assert.Equal(Bytes, await ReadAsync(Files, again));

        // Once its message is there, it is settled, and what the slower ones stored goes.
        await Files.AttachAsync(new FileOwner("general", "alice", "m"), [again.Id], None);
        await Files.SettleAsync((await Files.FindAsync(again.Id, None))!, None);
        Assert.Equal(3, await CountChunksAsync());
        Assert.Equal(Bytes, await ReadAsync(others, again));
    }

    [Fact]
    public async Task A_file_whose_upload_broke_off_is_not_there_and_can_be_uploaded_again()
    {
        await Assert.ThrowsAsync<IOException>(() => Files.SaveAsync(File(), new Breaking(Bytes[..400_000]), None));

        Assert.Null(await Files.FindAsync(File().Id, None));
        Assert.Null(await Files.AttachAsync(new FileOwner("general", "alice", "m"), [File().Id], None));
        var stored = await Files.SaveAsync(File(), new MemoryStream(Bytes), None);
        Assert.Equal(Bytes, await ReadAsync(Files, stored));
    }

    [Fact]
    public async Task A_file_is_attached_once_by_its_uploader_in_its_room()
    {
        var first = await Files.SaveAsync(File("1"), new MemoryStream(Bytes), None);
        var second = await Files.SaveAsync(File("2"), new MemoryStream(Bytes[..10]), None);
        string[] both = [second.Id, first.Id];

        Assert.Null(await Files.AttachAsync(new FileOwner("other", "alice", "m"), both, None));
        Assert.Null(await Files.AttachAsync(new FileOwner("general", "bob", "m"), both, None));
        Assert.Null(await Files.AttachAsync(new FileOwner("general", "alice", "x"), [FileId.For("alice", "3")], None));
        var owner = new FileOwner("general", "alice", "m");
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(both, (await Files.AttachAsync(owner, both, None))?.Select(f => f.Id));
        }

        Assert.Null(await Files.AttachAsync(owner with { MessageId = "another" }, [first.Id], None));
        Assert.Equal("m", (await Files.FindAsync(first.Id, None))!.MessageId);
    }

    [Fact]
    public async Task A_saved_message_keeps_its_attachments_and_a_deleted_one_has_none()
    {
        var message = Message("alice", "") with { Attachments = [new Attachment(FileId.For("alice", "1"), "a.png", "image/png", 5, 3, 2), new Attachment(FileId.For("alice", "2"), "b", "application/octet-stream", 7)] };
        await Archive.SaveAsync([Save(message)], None);
        Assert.Equal(SaveResultKind.Duplicate, (await Archive.SaveAsync([Save(message)], None))[0].Kind);
        Assert.Equal(Shown(message), Shown(await Archive.FindAsync(message.Id, None)));

        await Archive.SaveAsync([Edit(message, "caption", 1)], None);
        Assert.Equal(message.Attachments, (await Archive.FindAsync(message.Id, None))!.Attachments);
        await Archive.SaveAsync([Delete(message, 2)], None);
        Assert.Null((await Archive.FindAsync(message.Id, None))!.Attachments);
    }

    private sealed class Unreadable : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("Nobody should read this.");
    }

    private sealed class Breaking(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is var read and > 0 ? read : throw new IOException("The line is cut.");
    }
}
