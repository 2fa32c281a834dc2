using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>The signed-in user's own account.</summary>
public sealed partial class ChatActions
{
    /// <summary>Ends the session and removes what this browser keeps of the user; what was not sent yet is lost: ask first.</summary>
    public Task<Outcome> SignOutAsync(CancellationToken cancellationToken = default) => AskAsync(() =>
        connection.LeaveAsync(() => api.SignOutAsync(cancellationToken), cancellationToken));

    public Task<Outcome<IReadOnlyList<SessionInfo>>> SessionsAsync(CancellationToken cancellationToken = default) =>
        AskAsync(() => api.SessionsAsync(cancellationToken));

    public Task<Outcome> EndSessionAsync(string sessionId, CancellationToken cancellationToken = default) =>
        AskAsync(() => api.EndSessionAsync(sessionId, cancellationToken));

    /// <summary>Ends every session but this one.</summary>
    public Task<Outcome> EndOtherSessionsAsync(CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        foreach (var session in (await api.SessionsAsync(cancellationToken)).Where(s => !s.Current))
        {
            await api.EndSessionAsync(session.Id, cancellationToken);
        }
    });

    /// <summary>Every other session ends.</summary>
    public Task<Outcome> ChangePasswordAsync(string current, string next, CancellationToken cancellationToken = default) =>
        AskAsync(() => api.ChangePasswordAsync(new ChangePasswordRequest(current, next), cancellationToken));

    public Task<Outcome> SetDisplayNameAsync(string displayName, CancellationToken cancellationToken = default) =>
        AskAsync(async () => store.SetMe(await api.UpdateMeAsync(new UpdateMeRequest(displayName), cancellationToken)));

    /// <summary>Deletes the account and what this browser keeps of it. The export, before it, is the link <c>/api/auth/export</c>.</summary>
    public Task<Outcome> DeleteAccountAsync(string password, CancellationToken cancellationToken = default) => AskAsync(async () =>
    {
        await api.DeleteAccountAsync(new DeleteAccountRequest(password), cancellationToken);
        await connection.ForgetUserAsync(cancellationToken);
    });
}
