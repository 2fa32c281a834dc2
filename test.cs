// Runs every test, after installing what they need where this machine's package manager can: dotnet run test.cs
// Options: --ci (skipped tests, warnings and format differences fail), --filter EXPRESSION (as dotnet test's).
// A C# file rather than a shell script, so that one command is the same on Linux, macOS and Windows.
#:property PublishAot=false
#:property GenerateDocumentationFile=false
#:property EnforceCodeStyleInBuild=false

using System.ComponentModel;
using System.Diagnostics;
using System.Xml.Linq;

var ci = args.Contains("--ci");
var filter = args.SkipWhile(a => a != "--filter").Skip(1).FirstOrDefault();
var root = Directory.GetCurrentDirectory();
if (!File.Exists(Path.Combine(root, "Chat.sln")))
{
    Console.Error.WriteLine("Run this in the folder that holds Chat.sln.");
    return 2;
}

InstallServers();

// Release, because the images are published from it, and because browsers and services start faster.
if (Run("dotnet", "restore", "Chat.sln") != 0 ||
    Run("dotnet", "build", "Chat.sln", "-c", "Release", "--no-restore", "--nologo", "-v", "quiet", "-clp:NoSummary") != 0)
{
    return Close(0, 1, 0, "the build failed");
}

// Whitespace alone: the build has the style rules and the analyzers, as errors.
var formatted = !ci || Run("dotnet", "format", "whitespace", "Chat.sln", "--no-restore", "--verify-no-changes") == 0;

var results = Path.Combine(root, "TestResults");
if (Directory.Exists(results))
{
    Directory.Delete(results, recursive: true);
}

// Every test system is a few processes that live for seconds: collecting profiles for the compiler would not pay off in them.
Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");

var begin = DateTime.Now;
var exit = Run(
[
    "dotnet", "test", Path.Combine("Chat.Tests", "Chat.Tests.csproj"), "-c", "Release", "--no-build", "--nologo", "--results-directory", results,
    "--logger", "trx;LogFileName=all.trx", "--logger", "console;verbosity=normal", "--blame-hang-timeout", "10m", "--blame-hang-dump-type", "none",
    .. filter is null ? Array.Empty<string>() : ["--filter", filter],
]);

EndTestsLeftBehind(begin);

var trx = Path.Combine(results, "all.trx");
if (!File.Exists(trx))
{
    return Close(0, 1, 0, "the test run ended without results");
}

XNamespace ns = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
var tests = XDocument.Load(trx).Descendants(ns + "UnitTestResult")
    .Select(t => (Name: (string)t.Attribute("testName")!, Outcome: (string)t.Attribute("outcome")!)).ToList();
var passed = tests.Count(t => t.Outcome == "Passed");
var skipped = tests.Where(t => t.Outcome == "NotExecuted").ToList();
var failed = tests.Count - passed - skipped.Count;

foreach (var test in tests.Where(t => t.Outcome is not ("Passed" or "NotExecuted")))
{
    Console.WriteLine($"failed: {test.Name}");
}

foreach (var test in skipped)
{
    Console.WriteLine($"skipped: {test.Name}");
}

return Close(passed, failed, skipped.Count,
    failed > 0 || exit != 0 ? "tests failed" :
    passed == 0 ? "no test ran" :
    ci && skipped.Count > 0 ? "a test was skipped, which CI does not take" :
    !formatted ? "dotnet format would change files" : null);

int Close(int passed, int failed, int skipped, string? trouble)
{
    if (trouble is not null)
    {
        Console.WriteLine($"not good: {trouble}");
    }

    Console.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
    return trouble is null ? 0 : 1;
}

// The real servers that the tests break: Redis, RabbitMQ, and a browser. Where they cannot be installed, their tests are skipped.
void InstallServers()
{
    (string Program, string Package)[] wanted = [("redis-server", "redis-server"), ("rabbitmq-server", "rabbitmq-server"), ("chromium", "chromium")];
    var missing = wanted.Where(w => !OnPath(w.Program)).Select(w => w.Package).ToArray();
    if (missing.Length == 0)
    {
        return;
    }

    if (OperatingSystem.IsLinux() && OnPath("apt-get"))
    {
        string[] sudo = Environment.UserName == "root" ? [] : ["sudo", "-n"];
        Environment.SetEnvironmentVariable("DEBIAN_FRONTEND", "noninteractive");
        // Installing must not start the machine's own servers: the tests run private ones.
        Environment.SetEnvironmentVariable("RUNLEVEL", "1");
        Run([.. sudo, "apt-get", "update", "-qq"]);
        Run([.. sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", .. missing]);
    }
    else if (OperatingSystem.IsMacOS() && OnPath("brew"))
    {
        Run(["brew", "install", .. missing.Select(m => m switch { "redis-server" => "redis", "rabbitmq-server" => "rabbitmq", _ => m })]);
    }
    else
    {
        Console.WriteLine($"Not found and not installed: {string.Join(", ", missing)}. Their tests will be skipped.");
    }
}

// The tests run in a process of their own, which outlives a run that the hang timeout ended.
void EndTestsLeftBehind(DateTime begin)
{
    foreach (var process in Process.GetProcessesByName("Chat.Tests"))
    {
        using (process)
        {
            try
            {
                var ours = process.MainModule!.FileName.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
                if (ours && process.StartTime >= begin)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception)
            {
                // It ended meanwhile, or is somebody else's.
            }
        }
    }
}

static bool OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
    .Where(d => d.Length > 0)
    .Any(d => File.Exists(Path.Combine(d, program)) || File.Exists(Path.Combine(d, program + ".exe")) || File.Exists(Path.Combine("/usr/sbin", program)));

static int Run(params string[] command)
{
    Console.WriteLine($"> {string.Join(' ', command)}");
    using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false })
        ?? throw new InvalidOperationException($"{command[0]} did not start.");
    process.WaitForExit();
    return process.ExitCode;
}
