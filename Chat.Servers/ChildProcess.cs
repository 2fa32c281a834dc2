using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace Chat.Servers;

/// <summary>What to start. <c>OnLine</c> gets every line of both outputs, from the first, on any thread.</summary>
public sealed record ChildStart(string FileName, IReadOnlyList<string> Arguments)
{
    public string? WorkingDirectory { get; init; }

    /// <summary>Added to this process's own environment; null removes.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public Action<ChildLine>? OnLine { get; init; }

    /// <summary>On Unix: a process group of its own, so that a Ctrl+C in the terminal reaches the parent alone, which then stops its
    /// children in the right order. On Windows every child has one.</summary>
    public bool OwnGroup { get; init; }
}

/// <summary>A line that a child wrote.</summary>
public readonly record struct ChildLine(string Text, bool IsError);

/// <summary>
/// A child that ends with this process at the latest (<see cref="Reaper"/>). On Unix a Ctrl+C in the terminal reaches it too, unless it has its own group.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int TailLines = 50;
    private readonly Process _process;
    private readonly Queue<string> _tail = new();
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process) => _process = process;

    public int Id { get; private set; }

    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>Completes with the exit code (negative signal numbers do not exist here: killed by 9 is 137).</summary>
    public Task<int> Exited => _exited.Task;

    public bool HasExited => _exited.Task.IsCompleted;

    /// <summary>The last lines it wrote, for error messages.</summary>
    public string Tail
    {
        get
        {
            lock (_tail)
            {
                return string.Join(Environment.NewLine, _tail);
            }
        }
    }

    /// <exception cref="Win32Exception">The program cannot be started.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        var (program, arguments) = start.OwnGroup && !OperatingSystem.IsWindows()
            ? (ProgramFinder.Dotnet(), [typeof(ChildProcess).Assembly.Location, "lead", start.FileName, .. start.Arguments])
            : (start.FileName, start.Arguments);
        var info = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = start.WorkingDirectory ?? "",
        };
        if (OperatingSystem.IsWindows())
        {
            // Ctrl+Break can only be sent to a group.
            info.CreateNewProcessGroup = true;
        }

        foreach (var (name, value) in start.Environment)
        {
            if (value is null)
            {
                info.Environment.Remove(name);
            }
            else
            {
                info.Environment[name] = value;
            }
        }

        var process = new Process { StartInfo = info, EnableRaisingEvents = true };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, e) => child.OnData(e.Data, isError: false, start.OnLine);
        process.ErrorDataReceived += (_, e) => child.OnData(e.Data, isError: true, start.OnLine);
        process.Exited += (_, _) => child.OnExited();
        process.Start();
        child.Id = process.Id;
        try
        {
            var started = process.StartTime;
            child.StartedAt = started.ToUniversalTime();
            Reaper.Watch(child.Id, started);
        }
        catch (InvalidOperationException)
        {
            // Ended already.
            child.StartedAt = DateTimeOffset.UtcNow;
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        return child;
    }

    /// <summary>Asks it to end, kills it with all below it after the grace period, and waits until it is gone.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (!HasExited && Signals.Terminate(Id))
        {
            try
            {
                await _exited.Task.WaitAsync(grace);
            }
            catch (TimeoutException)
            {
                // Killed below.
            }
        }

        await KillAsync();
    }

    /// <summary>kill -9, with all below it; done when it is gone.</summary>
    public async Task KillAsync()
    {
        if (!HasExited)
        {
            try
            {
                _process.Kill(entireProcessTree: true);
            }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
            {
                // Gone meanwhile.
            }
        }

        await _exited.Task;
    }

    /// <summary>SIGSTOP: alive and answering nothing.</summary>
    [UnsupportedOSPlatform("windows")]
    public void Pause() => Signals.Pause(Id);

    /// <summary>SIGCONT.</summary>
    [UnsupportedOSPlatform("windows")]
    public void Resume() => Signals.Resume(Id);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void OnData(string? text, bool isError, Action<ChildLine>? onLine)
    {
        if (text is null)
        {
            return;
        }

        lock (_tail)
        {
            _tail.Enqueue(text);
            if (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }
        }

        onLine?.Invoke(new ChildLine(text, isError));
    }

    private void OnExited()
    {
        Reaper.Forget(Id);
        _exited.TrySetResult(_process.ExitCode);
    }
}
