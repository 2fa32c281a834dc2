using Chat.Contracts;
using Chat.Web.Client.Connection;
using Chat.Web.Client.Files;

namespace Chat.Tests.Web;

/// <summary>The files of a browser, which all its tabs share, and the way from there to the fake server.</summary>
internal sealed class FakeShelf(FakeServer server, FakeBrowser browser) : IFileShelf
{
    public ValueTask KeepAsync(string handle, string fileId, CancellationToken cancellationToken)
    {
        browser.Files.Add(fileId);
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> AddressAsync(string fileId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(browser.Files.Contains(fileId) ? "blob:" + fileId : null);

    public ValueTask ForgetAsync(string fileId, CancellationToken cancellationToken)
    {
        browser.Files.Remove(fileId);
        return ValueTask.CompletedTask;
    }

    public async Task<Attachment> UploadAsync(string roomId, OutboxFile file, Action<int> progress, CancellationToken cancellationToken)
    {
        progress(50);
        await Task.Delay(TimeSpan.FromSeconds(20), server.Sim.Time, cancellationToken);
        if (!browser.Files.Contains(file.Id))
        {
            throw new ApiException(FileUploads.Lost, 0);
        }

        if (server.Unreachable)
        {
            throw new ApiException(ApiException.Unreachable, 0);
        }

        if (server.RefuseFiles is { } code)
        {
            throw new ApiException(code, 0);
        }

        server.Uploads.Add(file.Id);
        server.Files[file.Id] = file.File;
        return file.File;
    }
}
