using Chat.Web.Client.State;

namespace Chat.Web.Client.Connection;

/// <summary>
/// Asks the server for the names that are shown and not known: of who left a room, or writes in one that was not opened yet.
/// A moment later, because most come with a room's members; each once for as long as the page lives.
/// </summary>
public sealed partial class MissingNames(ChatStore store, IChatApi api, LiveLink live, TimeProvider time, ILogger<MissingNames> logger)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _wanted = new(StringComparer.Ordinal);
    private bool _asking;

    /// <summary>Connected again: what could not be asked is.</summary>
    public async void Ask()
    {
        if (_asking || _wanted.Count == 0)
        {
            return;
        }

        _asking = true;
        try
        {
            await Task.Delay(Moment, time);
            while (live.Current is not null && _wanted.Count > 0)
            {
                var username = _wanted.First();
                if (!store.People.IsNamed(username))
                {
                    foreach (var person in await api.UsersAsync(username, CancellationToken.None))
                    {
                        store.People.Learn(person);
                    }
                }

                _wanted.Remove(username);
                _asked.Add(username);
            }
        }
        catch (ApiException e)
        {
            LogNotAnswered(e.Code);
        }
        finally
        {
            _asking = false;
        }
    }

    /// <summary>The name is shown.</summary>
    public void Want(string username)
    {
        if (!_asked.Contains(username) && _wanted.Add(username) && live.Current is not null)
        {
            Ask();
        }
    }

    [LoggerMessage(7107, LogLevel.Debug, "A name could not be asked for: {Code}")]
    private partial void LogNotAnswered(string code);
}
