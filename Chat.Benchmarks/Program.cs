using Chat.Benchmarks.Archive;

return args switch
{
    ["archive", .. var rest] => await ArchivePaging.RunAsync(rest),
    _ => Explain(),
};

static int Explain()
{
    Console.Error.WriteLine("archive [MESSAGES] [FILE]   pages through a room of a SQLite archive");
    return 2;
}
