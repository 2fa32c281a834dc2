using Chat.Servers;

// The library's own processes. The reaper: see ReaperProcess.
if (args is ["reap"])
{
    return await ReaperProcess.RunAsync(Console.OpenStandardInput());
}

// Starts a program as the leader of a process group of its own: see ChildStart.OwnGroup.
if (args is ["lead", var program, .. var arguments] && !OperatingSystem.IsWindows())
{
    return GroupLeader.Become(program, arguments);
}

Console.Error.WriteLine("usage: Chat.Servers reap   (started by the library; reads process ids from its parent)");
return 2;
