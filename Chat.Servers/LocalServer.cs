using System.Runtime.Versioning;

namespace Chat.Servers;

/// <summary>Where a server of ours lives. Without a folder it gets one in the temporary folder, which goes when it is disposed.</summary>
public sealed record LocalServerOptions
{
    public string? Directory { get; init; }

    /// <summary>0: a free one.</summary>
    public int Port { get; init; }

    public string? Password { get; init; }

    /// <summary>Keeps its data over a restart.</summary>
    public bool Persistent { get; init; }

    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public Action<ChildLine>? OnLine { get; init; }

    /// <summary>See <see cref="ChildStart.OwnGroup"/>.</summary>
    public bool OwnGroup { get; init; }
}

/// <summary>
/// A server as a private child: loopback only, own port, own folder. It is ready when its own protocol answers, not when a
/// port is open. Stopped or killed it can be started again on the same port with the data that it kept.
/// </summary>
public abstract class LocalServer : IAsyncDisposable
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);
    private readonly bool _ownsDirectory;
    private ChildProcess? _child;

    protected LocalServer(string name, LocalServerOptions options)
    {
        Name = name;
        Options = options;
        Port = options.Port == 0 ? FreePort.Next() : options.Port;
        _ownsDirectory = options.Directory is null;
        Directory = options.Directory is { } given
            ? Path.GetFullPath(given)
            : System.IO.Directory.CreateTempSubdirectory($"chat-{name}-").FullName;
    }

    public string Name { get; }

    public string Directory { get; }

    public int Port { get; private set; }

    public abstract string ConnectionString { get; }

    /// <summary>Null before the start.</summary>
    public ChildProcess? Process => _child;

    public bool IsRunning => _child is { HasExited: false };

    protected LocalServerOptions Options { get; }

    /// <summary>Done when it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended or was not ready in time; the message has its last lines.</exception>
    public virtual async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (IsRunning)
        {
            return;
        }

        System.IO.Directory.CreateDirectory(Directory);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Options.StartTimeout);
        for (var attempt = 1; ; attempt++)
        {
            await BeforeStartAsync(timeout.Token);
            var child = ChildProcess.Start(Command() with { OnLine = Options.OnLine, OwnGroup = Options.OwnGroup });
            _child = child;
            if (await IsReadyAsync(child, timeout.Token))
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            await child.KillAsync();
            // Somebody may have taken the free port meanwhile; a given one is not exchanged.
            if (Options.Port != 0 || attempt == 3 || timeout.IsCancellationRequested || !child.Tail.Contains("use", StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"{Name} did not become ready on port {Port}:{Environment.NewLine}{child.Tail}");
            }

            Port = FreePort.Next();
        }
    }

    public Task StopAsync() => StopAsync(TimeSpan.FromSeconds(10));

    public virtual Task StopAsync(TimeSpan grace) => _child?.StopAsync(grace) ?? Task.CompletedTask;

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _child?.KillAsync() ?? Task.CompletedTask;

    /// <summary>Stops, and starts on the same port with what data it kept.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync();
        await StartAsync(cancellationToken);
    }

    /// <summary>SIGSTOP: connections stay, nothing answers.</summary>
    [UnsupportedOSPlatform("windows")]
    public void Pause() => _child?.Pause();

    /// <summary>SIGCONT.</summary>
    [UnsupportedOSPlatform("windows")]
    public void Resume() => _child?.Resume();

    /// <summary>Removes what it stored; only while it does not run.</summary>
    public void EraseData()
    {
        if (IsRunning)
        {
            throw new InvalidOperationException($"{Name} is running.");
        }

        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_child is not null)
        {
            await _child.DisposeAsync();
        }

        if (_ownsDirectory && System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>The port of one of the server's endpoints, by the name that the endpoint has in the topology.</summary>
    /// <param name="endpoint">The name. Only a server with several ports looks at it.</param>
    public virtual int PortOf(string endpoint) => Port;

    /// <summary>Whether the server answers in its protocol within two seconds.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken) => await ReadVersionAsync(cancellationToken) is not null;

    /// <summary>Asks the server for its version. Null: it does not run, or does not answer within two seconds.</summary>
    public async Task<string?> ReadVersionAsync(CancellationToken cancellationToken)
    {
        using var probe = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        probe.CancelAfter(ProbeTimeout);
        try
        {
            return IsRunning ? await ProbeAsync(probe.Token).WaitAsync(probe.Token) : null;
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            // Each client has its own exceptions for a server that is not there, or not yet.
            return null;
        }
    }

    protected virtual Task BeforeStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected abstract ChildStart Command();

    /// <summary>Asks the server for its version. Throws while the server does not answer.</summary>
    protected abstract Task<string> ProbeAsync(CancellationToken cancellationToken);

    private async Task<bool> IsReadyAsync(ChildProcess child, CancellationToken cancellationToken)
    {
        while (!child.HasExited && !cancellationToken.IsCancellationRequested)
        {
            // A stranger on the port of a dead child must not make the child look ready.
            if (await ReadVersionAsync(cancellationToken) is not null && !child.HasExited)
            {
                return true;
            }

            await Task.WhenAny(child.Exited, Task.Delay(50, CancellationToken.None));
        }

        return false;
    }
}
