namespace Chat.Servers;

/// <summary>Where a program is: what the environment variable names, then the PATH, then where package managers put servers.</summary>
public static class ProgramFinder
{
    private static readonly string[] ServerFolders =
        ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/sbin"];

    /// <summary>The full path, or null when it is nowhere.</summary>
    public static string? Find(string program, string? environmentVariable = null, params string[] moreFolders)
    {
        if (environmentVariable is not null
            && Environment.GetEnvironmentVariable(environmentVariable) is { Length: > 0 } named
            && File.Exists(named))
        {
            return Path.GetFullPath(named);
        }

        string[] names = OperatingSystem.IsWindows() ? [program + ".exe", program + ".bat", program + ".cmd"] : [program];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return path.Concat(OperatingSystem.IsWindows() ? [] : ServerFolders).Concat(moreFolders)
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Chromium or a browser made of it, first what <c>CHAT_CHROMIUM</c> names; null when there is none.</summary>
    public static string? Chromium() =>
        Find("chromium", "CHAT_CHROMIUM", "/usr/bin") ?? Find("chromium-browser", null, "/usr/bin") ?? Find("google-chrome", null, "/usr/bin");

    /// <summary>The <c>dotnet</c> that runs this process, else the one on the PATH.</summary>
    public static string Dotnet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string?[] candidates =
        [
            Environment.ProcessPath,
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH"),
            Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? Path.Combine(root, name) : null,
        ];
        return candidates.FirstOrDefault(c => Path.GetFileName(c) == name && File.Exists(c)) ?? "dotnet";
    }
}
