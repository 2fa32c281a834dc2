namespace Chat.Backends.Files;

/// <summary>A stored file as a stream that can seek; it holds one chunk at a time.</summary>
internal abstract class ChunkedStream(long length) : Stream
{
    private long _at = -1;
    private byte[] _chunk = [];

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || Position >= length)
        {
            return 0;
        }

        var number = Position / FileLife.ChunkBytes;
        if (number != _at)
        {
            _chunk = await ReadChunkAsync(number, cancellationToken);
            _at = number;
        }

        var offset = (int)(Position % FileLife.ChunkBytes);
        var count = Math.Min(buffer.Length, _chunk.Length - offset);
        if (count <= 0)
        {
            throw new EndOfStreamException($"Chunk {number} of a file is too short.");
        }

        _chunk.AsMemory(offset, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>The whole chunk of this number; each but the last has <see cref="FileLife.ChunkBytes"/>.</summary>
    protected abstract Task<byte[]> ReadChunkAsync(long number, CancellationToken cancellationToken);
}
