using Chat.Hosting.Backing;

namespace Chat.Tests.Hosting;

public sealed class DataFolderTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("chat-folder-").FullName, "data");

    [Fact]
    public void A_folder_that_is_in_use_is_refused_with_its_owner_and_can_be_used_afterwards()
    {
        var first = new DataFolder(_path);
        first.Lock();
        using var second = new DataFolder(_path);

        var refusal = Assert.Throws<BackingUnavailableException>(second.Lock);
        Assert.Equal(
            $"Another AppHost (process {Environment.ProcessId}) uses the data folder '{_path}'. "
            + "Stop it, or give this one a folder of its own: --Chat:Data FOLDER",
            refusal.Message);

        first.Dispose();
        second.Lock();
    }

    [Fact]
    public void Two_folders_do_not_disturb_each_other()
    {
        using var first = new DataFolder(Path.Combine(_path, "one"));
        using var second = new DataFolder(Path.Combine(_path, "two"));

        first.Lock();
        second.Lock();
    }

    [Fact]
    public void A_path_that_is_a_file_is_refused_with_a_sentence()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        File.WriteAllText(_path, "");
        using var folder = new DataFolder(_path);

        var refusal = Assert.Throws<BackingUnavailableException>(folder.Lock);

        Assert.StartsWith($"The data folder '{_path}' cannot be written", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
}
