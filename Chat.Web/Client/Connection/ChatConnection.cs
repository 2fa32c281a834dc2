using Chat.Contracts;
using Chat.Web.Client.Outbox;
using Chat.Web.Client.State;
using Chat.Web.Client.Storage;

namespace Chat.Web.Client.Connection;

/// <summary>
/// Keeps the client connected for as long as the page lives: connects, catches up, and when the connection is gone tries
/// again for ever, with jitter, at once when the network or the reader comes back. Says honestly how it stands.
/// </summary>
public sealed partial class ChatConnection(
    ChatStore store, IChatApi api, IHubLinkFactory links, LiveLink live, IBrowser browser, HistorySync history, OutboxQueue outbox,
    ReadMarks reads, MissingNames names, LocalCopy copy, IKeyValueStore storage, TimeProvider time, Random random, ILogger<ChatConnection> logger) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StorageWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TypingEvery = TimeSpan.FromSeconds(3);

    /// <summary>A connection that lived so long is a success; one that is dropped before is waited for longer and longer.</summary>
    private static readonly TimeSpan LivedAfter = TimeSpan.FromSeconds(10);
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), random);
    private readonly Signal _wake = new(time);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, DateTimeOffset> _typed = new(StringComparer.Ordinal);
    private ConnectionPhase _phase = ConnectionPhase.Connecting;
    private DateTimeOffset? _nextAttempt;
    private CancellationTokenSource _user = new();
    private CancellationTokenSource _asking = new();
    private Task _running = Task.CompletedTask;

    /// <summary>
    /// Starts; answers when the local copy is on screen. With the signed-in user's name, which the page knows from the
    /// server that rendered it, that is before the network answers.
    /// </summary>
    public async Task StartAsync(Me? me = null, CancellationToken cancellationToken = default)
    {
        await browser.StartAsync(cancellationToken);
        browser.OnlineChanged += OnlineChanged;
        browser.Returned += Wake;
        history.Changed += Publish;
        outbox.Changed += Publish;
        store.RoomAdded += outbox.ShowIn;
        store.People.Wanted += names.Want;
        store.ConfirmedUntold += history.Verify;
        if (me is not null)
        {
            await BecomeAsync(me, cancellationToken);
        }

        _running = RunAsync(_stopping.Token);
    }

    /// <summary>Tries now instead of after the wait; after signing in again, starts anew.</summary>
    public void Wake()
    {
        _wake.Set();
        outbox.Wake();
    }

    public void Typing(string roomId)
    {
        var now = time.GetUtcNow();
        if (live.Current is { } link && (!_typed.TryGetValue(roomId, out var last) || now - last >= TypingEvery))
        {
            _typed[roomId] = now;
            _ = QuietlyAsync(() => link.TypingAsync(roomId, _stopping.Token));
        }
    }

    /// <summary>A call was refused: where that means that the session is over, the whole client hears of it.</summary>
    internal void Refused(ApiException e)
    {
        if (e.Code == ErrorCodes.NotSignedIn)
        {
            EndSession();
        }
    }

    /// <summary>
    /// The user signs out: from here on nothing is asked in their name, for it would be refused. When it succeeds nothing of them
    /// stays in this browser; when it does not, all goes on as before.
    /// </summary>
    /// <exception cref="ApiException">The server did not take it.</exception>
    internal async Task LeaveAsync(Func<Task> leave, CancellationToken cancellationToken)
    {
        await reads.FinishAsync(cancellationToken);
        EndSession();
        _asking.Cancel();
        try
        {
            await leave();
        }
        catch (ApiException)
        {
            _asking.Dispose();
            _asking = new CancellationTokenSource();
            SetPhase(ConnectionPhase.Reconnecting);
            _wake.Set();
            throw;
        }

        await ForgetUserAsync(cancellationToken);
    }

    /// <summary>The user is no more, or not here: nothing of them stays in this browser.</summary>
    internal async Task ForgetUserAsync(CancellationToken cancellationToken)
    {
        var username = store.Me?.Username;
        EndSession();
        _user.Cancel();
        outbox.Forget();
        reads.Forget();
        store.Clear();
        if (username is not null)
        {
            try
            {
                await storage.ClearAsync(Stores.Key(username, ""), cancellationToken);
            }
            catch (StorageException e)
            {
                LogNotCleared(e);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        browser.OnlineChanged -= OnlineChanged;
        browser.Returned -= Wake;
        history.Changed -= Publish;
        outbox.Changed -= Publish;
        store.RoomAdded -= outbox.ShowIn;
        store.People.Wanted -= names.Want;
        store.ConfirmedUntold -= history.Verify;
        _stopping.Cancel();
        _user.Cancel();
        await CloseAsync();
        await _running;
        _stopping.Dispose();
        _user.Dispose();
        _asking.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                if (await ConnectAsync(cancellationToken) is { } link)
                {
                    var since = time.GetTimestamp();
                    await link.Closed;
                    cancellationToken.ThrowIfCancellationRequested();
                    if (time.GetElapsedTime(since) >= LivedAfter)
                    {
                        attempt = 0;
                    }

                    await CloseAsync();
                }

                await PauseAsync(attempt, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The page goes away.
        }
    }

    /// <summary>Null when it did not succeed.</summary>
    private async Task<IHubLink?> ConnectAsync(CancellationToken cancellationToken)
    {
        if (!browser.IsOnline && _phase != ConnectionPhase.Connecting)
        {
            return null;
        }

        var link = links.Create(_events ??= new HubEvents(this));
        try
        {
            using var late = new CancellationTokenSource(ConnectWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken, _asking.Token);
            var me = await api.MeAsync(either.Token);
            await BecomeAsync(me, either.Token);
            if (!store.RoomsLoaded)
            {
                RefreshRooms(TimeSpan.Zero);
            }

            _toldEarly = null;
            await link.StartAsync(either.Token);
            if (_phase == ConnectionPhase.SignedOut || !browser.IsOnline)
            {
                // The session or the network went away meanwhile.
                await link.DisposeAsync();
                return null;
            }

            live.Current = link;
            SetPhase(ConnectionPhase.Live);
            Connected();
            return link;
        }
        catch (Exception e) when (e is ApiException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await link.DisposeAsync();
            LogNotConnected((e as ApiException)?.Code ?? "timeout");
            if (e is ApiException { Code: ErrorCodes.NotSignedIn })
            {
                SetPhase(ConnectionPhase.SignedOut);
            }

            return null;
        }
    }

    private async Task PauseAsync(int attempt, CancellationToken cancellationToken)
    {
        if (_phase == ConnectionPhase.SignedOut)
        {
            // Until the user signs in again and the page says so; what woke it before does not count.
            _wake.Reset();
            await _wake.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            SetPhase(ConnectionPhase.Reconnecting);
            return;
        }

        var wait = _backoff.After(attempt);
        _nextAttempt = browser.IsOnline ? time.GetUtcNow() + wait : null;
        SetPhase(browser.IsOnline ? ConnectionPhase.Reconnecting : ConnectionPhase.Offline);
        await _wake.WaitAsync(wait, cancellationToken);
        _nextAttempt = null;
        SetPhase(browser.IsOnline ? ConnectionPhase.Reconnecting : ConnectionPhase.Offline);
    }

    /// <summary>The user is known: the local copy and the outbox are theirs.</summary>
    private async Task BecomeAsync(Me me, CancellationToken cancellationToken)
    {
        if (store.Me?.Username == me.Username && !_user.IsCancellationRequested && _become)
        {
            store.SetMe(me);
            return;
        }

        _user.Cancel();
        _user.Dispose();
        _user = new CancellationTokenSource();
        if (store.Me is not null)
        {
            store.Clear();
        }

        outbox.Forget();
        _become = true;
        store.SetMe(me);
        await PatientlyAsync(copy.StartAsync(_user.Token));
        await PatientlyAsync(outbox.StartAsync(me.Username, _user.Token));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>The browser's store may take its time, or hang: what it keeps then comes later, and the network does not wait.</summary>
    private async Task PatientlyAsync(Task reading)
    {
        if (!reading.IsCompleted)
        {
            using var enough = new CancellationTokenSource();
            await Task.WhenAny(reading, Task.Delay(StorageWithin, time, enough.Token));
            enough.Cancel();
        }

        if (reading.IsCompleted)
        {
            await reading;
        }
    }

    private bool _become;

    private async Task CloseAsync()
    {
        if (live.Current is { } link)
        {
            live.Current = null;
            _connected.Cancel();
            await link.DisposeAsync();
        }
    }

    private void EndSession()
    {
        SetPhase(ConnectionPhase.SignedOut);
        _ = CloseAsync();
    }

    private void OnlineChanged()
    {
        if (browser.IsOnline)
        {
            Wake();
        }
        else
        {
            // A socket may look alive for a long time without a network; the new one catches up.
            SetPhase(_phase == ConnectionPhase.SignedOut ? _phase : ConnectionPhase.Offline);
            _ = CloseAsync();
        }
    }

    private void SetPhase(ConnectionPhase phase)
    {
        _phase = phase;
        Publish();
    }

    private void Publish() => store.SetConnection(new ConnectionStatus(_phase)
    {
        NextAttemptAt = _nextAttempt,
        CatchingUp = _phase == ConnectionPhase.Live && (history.Running > 0 || _refreshing || _resyncs.Count > 0),
        SavingDelayed = outbox.SavingDelayed,
        HistoryIncomplete = history.Incomplete,
        Unsent = outbox.Items.Count,
    });

    private async Task QuietlyAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            LogDropped((e as ApiException)?.Code ?? "cancelled");
        }
    }

    [LoggerMessage(7103, LogLevel.Information, "Not connected: {Code}")]
    private partial void LogNotConnected(string code);

    [LoggerMessage(7104, LogLevel.Debug, "A hint was not delivered: {Code}")]
    private partial void LogDropped(string code);

    [LoggerMessage(7105, LogLevel.Warning, "The local copy could not be removed")]
    private partial void LogNotCleared(Exception e);

    [LoggerMessage(7106, LogLevel.Information, "The list of rooms could not be read and is asked for again: {Code}")]
    private partial void LogRoomsNotRead(string code);
}
