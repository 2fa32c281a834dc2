using System.Reflection;
using Chat.Api.Messages;
using Chat.Backends.Archive;
using Chat.Backends.Saving;
using Chat.Contracts;
using Chat.Tests.Backends;
using Chat.Tests.Backends.Pods;
using Microsoft.Extensions.Time.Testing;

namespace Chat.Tests.Api;

/// <summary>A crowd that needs the same proof and the same page of a slow archive.</summary>
public sealed class SavedPagesTests : IDisposable
{
    private const string Room = "general";
    private const int Crowd = 200;
    private readonly FakeTimeProvider _time = new(
        DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
    private readonly HeldProofs _queue = new();
    private readonly ArchiveCalls _archive;
    private readonly SaveWatermark _watermark;
    private readonly SavedPages _pages;

    public SavedPagesTests()
    {
        var archive = DispatchProxy.Create<IMessageArchive, ArchiveCalls>();
        _archive = (ArchiveCalls)archive;
        _watermark = new SaveWatermark(_queue, _time);
        _pages = new SavedPages(archive, _watermark, _time);
    }

    public void Dispose() => _pages.Dispose();

    [Fact]
    public async Task Everybody_who_needs_a_proof_shares_the_one_that_runs()
    {
        var until = _time.GetUtcNow();
        var asking = Enumerable.Range(0, Crowd).Select(_ => _watermark.ReachesAsync(until, default).AsTask()).ToList();
        _queue.Answer(true);

        Assert.All(await Task.WhenAll(asking), Assert.True);
        Assert.Equal(1, _queue.Asked);
    }

    [Fact]
    public async Task Who_needs_a_later_time_than_the_running_proof_shares_the_next_one()
    {
        var first = _watermark.ReachesNowAsync(default).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        var later = Enumerable.Range(0, Crowd).Select(_ => _watermark.ReachesNowAsync(default).AsTask()).ToList();
        _queue.Answer(true);
        Assert.True(await first);

        await Eventually.IsTrueAsync(() => _queue.Asked == 2, "another proof begins");
        _queue.Answer(true);
        Assert.All(await Task.WhenAll(later), Assert.True);
        Assert.Equal(2, _queue.Asked);
    }

    [Fact]
    public async Task A_proof_that_fails_is_the_answer_of_all_who_waited_and_the_next_one_begins_anew()
    {
        var asking = Enumerable.Range(0, Crowd).Select(_ => _watermark.ReachesNowAsync(default).AsTask()).ToList();
        _queue.Answer(false);
        Assert.All(await Task.WhenAll(asking), Assert.False);
        Assert.Equal(1, _queue.Asked);

        var again = _watermark.ReachesNowAsync(default).AsTask();
        _queue.Answer(true);
        Assert.True(await again);
    }

    [Fact]
    public async Task A_proof_that_takes_longer_than_anybody_waits_serves_who_asks_again()
    {
        var until = _time.GetUtcNow();
        var waiting = _watermark.ReachesAsync(until, default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await waiting);

        var again = _watermark.ReachesAsync(until, default).AsTask();
        _queue.Answer(true);
        Assert.True(await again);
        Assert.Equal(1, _queue.Asked);
    }

    [Fact]
    public async Task A_page_that_a_crowd_missed_is_read_once()
    {
        var until = _time.GetUtcNow();
        var reading = Enumerable.Range(0, Crowd).Select(_ => ReadAsync(until)).ToList();
        _queue.Answer(true);
        await Eventually.IsTrueAsync(() => _archive.Asked == 1, "the archive is asked");
        _archive.Answer(1);

        Assert.All(await Task.WhenAll(reading), read => Assert.True(read is { Complete: true, Messages.Count: 1 }));
        Assert.True((await ReadAsync(until)).Complete);
        Assert.Equal(1, _archive.Asked);
    }

    [Fact]
    public async Task A_page_is_read_again_for_who_needs_what_was_not_proved_when_it_was_read()
    {
        await FirstPageAsync();
        _time.Advance(TimeSpan.FromMilliseconds(100));

        var later = ReadAsync(_time.GetUtcNow());
        _queue.Answer(true);
        await Eventually.IsTrueAsync(() => _archive.Asked == 2, "the archive is asked again");
        _archive.Answer(2);
        Assert.True(await later is { Complete: true, Messages.Count: 2 });
    }

    [Fact]
    public async Task While_nothing_can_be_proved_a_page_is_read_once_a_second_and_called_incomplete()
    {
        await FirstPageAsync();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            var reading = ReadAsync(_time.GetUtcNow());
            _queue.Answer(false);
            Assert.True(await reading is { Complete: false, Messages.Count: 1 });
        }

        Assert.Equal(1, _archive.Asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        var old = ReadAsync(_time.GetUtcNow());
        _queue.Answer(false);
        await Eventually.IsTrueAsync(() => _archive.Asked == 2, "the archive is asked again");
        _archive.Answer(2);
        Assert.True(await old is { Complete: false, Messages.Count: 2 });
    }

    [Fact]
    public async Task What_was_accepted_late_is_in_the_page_that_is_read_after_all_are_told_to_look_again()
    {
        var until = _time.GetUtcNow();
        await FirstPageAsync();
        _pages.Forget();

        var reading = ReadAsync(until);
        await Eventually.IsTrueAsync(() => _archive.Asked == 2, "the archive is asked again");

        // Also where it was read before they were told, and the answer came after.
        _pages.Forget();
        _archive.Answer(1);
        await reading;
        var after = ReadAsync(until);
        await Eventually.IsTrueAsync(() => _archive.Asked == 3, "the archive is asked once more");
        _archive.Answer(2);
        Assert.True(await after is { Complete: true, Messages.Count: 2 });
    }

    [Fact]
    public async Task A_slow_archive_reads_a_few_pages_at_once_and_the_others_after_them()
    {
        var reading = Enumerable.Range(0, SavedPages.AtOnce + 1)
            .Select(i => _pages.ReadAsync($"room-{i}", null, null, 50, DateTimeOffset.MinValue, default)).ToList();
        Assert.Equal(SavedPages.AtOnce, _archive.Asked);

        _archive.Answer(1);
        await Eventually.IsTrueAsync(() => _archive.Asked == SavedPages.AtOnce + 1, "the last one has its turn");
        _archive.Answer(1);
        await Task.WhenAll(reading);
    }

    [Fact]
    public async Task The_page_of_a_slow_archive_is_kept_for_longer()
    {
        var reading = ReadAsync(DateTimeOffset.MinValue);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _archive.Answer(1);
        await reading;

        _time.Advance(TimeSpan.FromSeconds(4.9));
        await ReadAsync(DateTimeOffset.MinValue);
        Assert.Equal(1, _archive.Asked);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        var again = ReadAsync(DateTimeOffset.MinValue);
        Assert.Equal(2, _archive.Asked);
        _archive.Answer(1);
        await again;
    }

    [Fact]
    public async Task Those_whose_cursors_are_of_the_same_ten_seconds_share_a_page()
    {
        var messages = Enumerable.Range(1, 60).Select(i => PodMessages.New(Room, i)).ToList();
        var reading = messages
            .Select(m => _pages.ReadAsync(Room, null, MessageCursor.Of(m), 21, DateTimeOffset.MinValue, default)).ToList();
        _archive.Answer(messages.Count);

        var pages = await Task.WhenAll(reading);
        Assert.All(pages.Index(), p => Assert.Equal(
            messages.Skip(p.Index + 1).Take(21).Select(m => m.Id), p.Item.Messages.Select(m => m.Id)));
        Assert.Equal(1, _archive.Asked);
    }

    [Fact]
    public async Task Who_is_behind_more_than_the_common_page_has_gets_a_page_of_their_own()
    {
        var messages = Enumerable.Range(1, 121).Select(i => PodMessages.New(Room, i)).ToList();
        var reading = _pages.ReadAsync(Room, null, MessageCursor.Of(messages[^1]), 21, DateTimeOffset.MinValue, default);
        _archive.Answer(121);
        await Eventually.IsTrueAsync(() => _archive.Asked == 2, "the archive is asked for the rest");
        _archive.Answer(3);
        Assert.Equal(3, (await reading).Messages.Count);
    }

    [Fact]
    public async Task Who_waits_for_an_archive_that_hangs_is_told_so_in_time()
    {
        var reading = ReadAsync(DateTimeOffset.MinValue);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<TimeoutException>(() => reading);
    }

    private async Task FirstPageAsync()
    {
        var reading = ReadAsync(_time.GetUtcNow());
        _queue.Answer(true);
        await Eventually.IsTrueAsync(() => _archive.Asked == 1, "the archive is asked");
        _archive.Answer(1);
        Assert.True(await reading is { Complete: true, Messages.Count: 1 });
    }

    private Task<(IReadOnlyList<Message> Messages, bool Complete)> ReadAsync(DateTimeOffset until) =>
        _pages.ReadAsync(Room, null, null, 50, until, default);

    /// <summary>Answers when the test says so, one after the other.</summary>
    private sealed class HeldProofs : ISaveQueue
    {
        private readonly HeldAnswers<bool> _answers = new();

        public int Asked => _answers.Asked;

        public void Answer(bool saved) => _answers.Answer(saved);

        public Task<bool> WaitUntilSavedAsync(TimeSpan patience, CancellationToken cancellationToken) => _answers.AskAsync();

        public Task EnqueueAsync(SaveItem item, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<long?> CountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    /// <summary>Answers a page of so many messages when the test says so, one after the other.</summary>
    public class ArchiveCalls : DispatchProxy
    {
        private readonly HeldAnswers<IReadOnlyList<Message>> _answers = new();

        public int Asked => _answers.Asked;

        public void Answer(int messages) => _answers.Answer([.. Enumerable.Range(1, messages).Select(i => PodMessages.New(Room, i))]);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal(nameof(IMessageArchive.ReadAsync), targetMethod?.Name);
            return _answers.AskAsync();
        }
    }
}
