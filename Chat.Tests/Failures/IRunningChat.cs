using Chat.Contracts;

namespace Chat.Tests.Failures;

/// <summary>What a run needs of the chat that it runs on.</summary>
internal interface IRunningChat
{
    /// <summary>Where clients reach the APIs, at least one.</summary>
    IReadOnlyList<Uri> Addresses { get; }

    /// <summary>Everything that the archive holds of the room, in room order.</summary>
    Task<IReadOnlyList<Message>> ReadStoredAsync(string roomId, CancellationToken cancellationToken);
}
