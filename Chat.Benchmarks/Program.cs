using BenchmarkDotNet.Running;
using Chat.Benchmarks.Archive;
using Chat.Benchmarks.HotPath;
using Chat.Benchmarks.Load;
using Chat.Benchmarks.Web;

return args switch
{
    ["load", .. var rest] => await LoadBenchmark.RunAsync(rest),
    ["bare-signalr", var url] => await BareHub.RunAsync(url),
    ["hot-path", .. var rest] => RunHotPath(rest),
    ["archive", .. var rest] => await ArchivePaging.RunAsync(rest),
    ["web", .. var rest] => await WebPerformance.RunAsync(rest),
    ["screenshots", .. var rest] => await Screenshots.RunAsync(rest),
    _ => Explain(),
};

static int RunHotPath(string[] arguments)
{
    BenchmarkSwitcher.FromTypes([typeof(MessageBenchmarks), typeof(AppendBenchmarks)]).Run(arguments is [] ? ["--filter", "*"] : arguments);
    return 0;
}

static int Explain()
{
    Console.Error.WriteLine("load [--runs N] [--seconds N] [--only WORD] [--report FILE]");
    Console.Error.WriteLine("                            puts load on the service and on bare SignalR, writes docs/performance.md");
    Console.Error.WriteLine("hot-path [ARGUMENTS]        measures the parts of a message's path with BenchmarkDotNet");
    Console.Error.WriteLine("archive [MESSAGES] [FILE]   pages through a room of a SQLite archive");
    Console.Error.WriteLine("web [RUNS]                  measures the pages in Chromium, writes docs/web-performance.md");
    Console.Error.WriteLine("screenshots FOLDER          takes a picture of every screen");
    return 2;
}
