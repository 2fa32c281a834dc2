using System.Collections;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Chat.Tests.Hosting;

/// <summary>A service small enough to see the engine through it: this test assembly, started as a program of its own.</summary>
internal static class FakeService
{
    private static async Task<int> Main(string[] args)
    {
        if (args is not ["fake-service", ..])
        {
            await Console.Error.WriteLineAsync("This is a test assembly: dotnet test.");
            return 2;
        }

        var unhealthy = Environment.GetEnvironmentVariable("FAKE_UNHEALTHY_FILE");
        var app = WebApplication.Create();
        app.UseWebSockets();
        app.MapGet("/health", () => File.Exists($"{unhealthy}.{Environment.ProcessId}") ? Results.StatusCode(503) : Results.Ok());
        app.MapGet("/who", () => Environment.ProcessId);
        app.MapGet("/environment", () => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value));
        app.MapGet("/events", (CancellationToken gone) => TypedResults.ServerSentEvents(Events(gone)));
        app.Map("/socket", async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            var read = await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.SendAsync(buffer.AsMemory(0, read.Count), read.MessageType, true, context.RequestAborted);
            await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        // So that a test sees the end in the order of the lines.
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            if (Environment.GetEnvironmentVariable("FAKE_END_FILE") is { } file)
            {
                File.AppendAllLines(file, [Environment.GetEnvironmentVariable("FAKE_NAME")!]);
            }
        });
        await app.RunAsync();
        return 0;
    }

    public static IResourceBuilder<ProjectResource> AddFake(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddProject<FakeProject>(name).WithArgs("fake-service").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/health")
            .WithEnvironment("FAKE_NAME", name);

    private static async IAsyncEnumerable<int> Events([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken gone)
    {
        yield return 1;
        await Task.Delay(Timeout.Infinite, gone);
    }
}

internal sealed class FakeProject : IProjectMetadata, IProjectOutput
{
    public string ProjectPath => Path.ChangeExtension(TargetPath, ".csproj");

    public string TargetPath => typeof(FakeProject).Assembly.Location;
}
