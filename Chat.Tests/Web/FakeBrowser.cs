using Chat.Web.Client.Connection;
using Chat.Web.Client.Storage;

namespace Chat.Tests.Web;

/// <summary>One browser: what it keeps, and its tabs. Values survive a closed tab; locks do not.</summary>
internal sealed class FakeBrowser : IKeyValueStore
{
    private readonly SortedDictionary<string, string> _kept = new(StringComparer.Ordinal);
    private readonly List<FakeTab> _tabs = [];

    public bool Broken { get; set; }

    /// <summary>Files whose bytes are here, by id.</summary>
    public HashSet<string> Files { get; } = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Kept => _kept;

    public FakeTab Open()
    {
        var tab = new FakeTab(this);
        _tabs.Add(tab);
        return tab;
    }

    public ValueTask PutAsync(string store, string key, string value, CancellationToken cancellationToken)
    {
        Check();
        _kept[$"{store}|{key}"] = value;
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> GetAsync(string store, string key, CancellationToken cancellationToken)
    {
        Check();
        return ValueTask.FromResult(_kept.GetValueOrDefault($"{store}|{key}"));
    }

    public ValueTask<IReadOnlyList<KeyValuePair<string, string>>> ListAsync(string store, string prefix, CancellationToken cancellationToken)
    {
        Check();
        return ValueTask.FromResult<IReadOnlyList<KeyValuePair<string, string>>>([.. _kept
            .Where(k => k.Key.StartsWith($"{store}|{prefix}", StringComparison.Ordinal))
            .Select(k => KeyValuePair.Create(k.Key[(store.Length + 1)..], k.Value))]);
    }

    public ValueTask DeleteAsync(string store, string key, CancellationToken cancellationToken)
    {
        Check();
        _kept.Remove($"{store}|{key}");
        return ValueTask.CompletedTask;
    }

    public ValueTask ClearAsync(string prefix, CancellationToken cancellationToken)
    {
        Check();
        foreach (var key in _kept.Keys.Where(k => k[(k.IndexOf('|') + 1)..].StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            _kept.Remove(key);
        }

        return ValueTask.CompletedTask;
    }

    private void Check()
    {
        if (Broken)
        {
            throw new StorageException("private window");
        }
    }

    internal sealed class FakeTab(FakeBrowser browser) : IBrowser, ITabs
    {
        private readonly List<TaskCompletionSource> _waiting = [];

        public bool IsOnline { get; private set; } = true;

        /// <summary>Hears nothing and does nothing, but keeps its locks: what a browser does to a tab in the background.</summary>
        public bool Frozen { get; set; }

        public bool IsLeading { get; private set; }

        public event Action? OnlineChanged;

        public event Action? Returned;

        public event Action<string>? Announced;

        public ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void SetOnline(bool online)
        {
            IsOnline = online;
            OnlineChanged?.Invoke();
        }

        public void Look() => Returned?.Invoke();

        public async Task LeadAsync(string name, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
        {
            while (browser._tabs.Exists(t => t.IsLeading))
            {
                var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add(wait);
                await using var cancelled = cancellationToken.Register(() => wait.TrySetCanceled(cancellationToken));
                await wait.Task;
            }

            IsLeading = true;
            try
            {
                await work(cancellationToken);
            }
            finally
            {
                Release();
            }
        }

        public ValueTask AnnounceAsync(string message, CancellationToken cancellationToken)
        {
            foreach (var tab in browser._tabs.Where(t => t != this && !t.Frozen))
            {
                SynchronizationContext.Current!.Post(_ => tab.Announced?.Invoke(message), null);
            }

            return ValueTask.CompletedTask;
        }

        /// <summary>The tab is gone; its locks go to another.</summary>
        public void Close()
        {
            browser._tabs.Remove(this);
            Announced = null;
            Release();
        }

        private void Release()
        {
            IsLeading = false;
            foreach (var wait in browser._tabs.SelectMany(t => t._waiting).ToList())
            {
                wait.TrySetResult();
            }
        }
    }
}
