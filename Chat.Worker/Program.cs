using Chat.Backends;
using Chat.Backends.Saving;
using Chat.Worker.Consuming;
using Chat.Worker.DeadLetters;

if (DeadLetterCommand.IsMeantBy(args))
{
    var commands = Host.CreateApplicationBuilder();
    commands.Logging.SetMinimumLevel(LogLevel.Warning);
    commands.AddSavingBackends();
    using var host = commands.Build();
    return await DeadLetterCommand.RunAsync(args, host.Services.GetRequiredService<IDeadLetters>(), Console.Out, CancellationToken.None);
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddSavingBackends();
builder.AddSaving();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
return 0;
