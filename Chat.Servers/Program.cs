using Chat.Servers;

// The library's own process: see ReaperProcess.
if (args is ["reap"])
{
    return await ReaperProcess.RunAsync(Console.OpenStandardInput());
}

Console.Error.WriteLine("usage: Chat.Servers reap   (started by the library; reads process ids from its parent)");
return 2;
