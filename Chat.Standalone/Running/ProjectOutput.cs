namespace Chat.Standalone.Running;

/// <summary>Finds the built assembly of a project that was added by its path and not through a project reference.</summary>
internal static class ProjectOutput
{
    public static string Find(string projectPath)
    {
        var name = Path.GetFileNameWithoutExtension(projectPath) + ".dll";
        var bin = Path.Combine(Path.GetDirectoryName(projectPath)!, "bin");
        return Directory.Exists(bin)
            ? Directory.EnumerateFiles(bin, name, SearchOption.AllDirectories)
                .Where(f => !f.Split(Path.DirectorySeparatorChar).Contains("publish"))
                .MaxBy(File.GetLastWriteTimeUtc) ?? Path.Combine(bin, name)
            : Path.Combine(bin, name);
    }
}
