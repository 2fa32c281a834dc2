using System.Reflection;
using Chat.Standalone.Backing;
using Chat.Standalone.Dashboard;
using Chat.Standalone.Running;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Testing;

/// <summary>
/// Runs an AppHost's own <c>Main</c> up to <c>Build()</c>, where it waits for the test, and then through <c>Run()</c>, which waits for
/// the test to end. It finds the test that called it by an AsyncLocal, so tests may do this side by side.
/// </summary>
internal sealed class TestingEntryPoint
{
    private static readonly AsyncLocal<TestingEntryPoint?> Current = new();

    private readonly TaskCompletionSource<TestingBuilder> _configured = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _buildAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _assemblyName;
    private Task _main = Task.CompletedTask;

    public static DistributedApplicationBuilder? TryTake(DistributedApplicationOptions options) =>
        Current.Value is { } testing ? testing.CreateBuilder(options) : null;

    /// <summary>What a test gets unless its arguments say otherwise: an own folder, free ports, no dashboard, embedded stand-ins.</summary>
    public static string[] WithDefaults(string[] args)
    {
        List<(string Key, Func<string> Value)> defaults =
        [
            (DataFolder.Key, () => Directory.CreateTempSubdirectory("chat-test-").FullName),
            (Engine.RandomPortsKey, () => "true"),
            (DashboardServer.EnabledKey, () => "false"),
            ("Chat:Backing", () => "embedded"),
        ];
        return
        [
            .. args,
            .. defaults.Where(d => !args.Any(a => a.Contains(d.Key, StringComparison.OrdinalIgnoreCase)))
                .Select(d => $"--{d.Key}={d.Value()}"),
        ];
    }

    public async Task<IDistributedApplicationTestingBuilder> StartAsync(Type entryPoint, string[] args, CancellationToken cancellationToken)
    {
        var assembly = entryPoint.Assembly;
        var main = assembly.EntryPoint ?? throw new InvalidOperationException($"{assembly.GetName().Name} is not a program.");
        _assemblyName = assembly.GetName().Name;
        Current.Value = this;
        try
        {
            // Its own thread: the AppHost's Main blocks.
            _main = Task.Factory.StartNew(() => Run(main, args), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            Current.Value = null;
        }

        await Task.WhenAny(_configured.Task, _main).WaitAsync(cancellationToken);
        return await _configured.Task;
    }

    /// <summary>Called in the AppHost's <c>Build()</c>.</summary>
    public void WaitForTest(TestingBuilder builder)
    {
        _configured.TrySetResult(builder);
        _buildAsked.Task.GetAwaiter().GetResult();
    }

    public Task<DistributedApplication> BuildAsync()
    {
        _buildAsked.TrySetResult();
        return _running.Task;
    }

    /// <summary>Called in the AppHost's <c>Run()</c>.</summary>
    public Task RunAsync(DistributedApplication application)
    {
        _running.TrySetResult(application);
        return _over.Task;
    }

    public async Task EndAsync()
    {
        _buildAsked.TrySetResult();
        _over.TrySetResult();
        await _main;
    }

    private void Run(MethodInfo main, string[] args)
    {
        try
        {
            var result = main.Invoke(null, main.GetParameters().Length == 0 ? [] : [args]);
            (result as Task)?.GetAwaiter().GetResult();
            var end = new InvalidOperationException("The AppHost ended without running an application.");
            _configured.TrySetException(end);
            _running.TrySetException(end);
        }
        catch (TargetInvocationException e)
        {
            _configured.TrySetException(e.InnerException!);
            _running.TrySetException(e.InnerException!);
        }
    }

    private TestingBuilder CreateBuilder(DistributedApplicationOptions options)
    {
        options.AssemblyName ??= _assemblyName;
        var builder = new TestingBuilder(options, this);
        builder.Services.AddSingleton(this);
        return builder;
    }
}
