using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>Names and presence of everybody the client has heard of.</summary>
public sealed class People
{
    private readonly Dictionary<string, UserInfo> _known = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unnamed = new(StringComparer.Ordinal);

    /// <summary>Somebody's name or presence changed: the username.</summary>
    public event Action<string>? Changed;

    /// <summary>A name was shown that is not known: the username. Said each time.</summary>
    internal event Action<string>? Wanted;

    /// <summary>Grows whenever a display name is another; presence does not count.</summary>
    public int NamesVersion { get; private set; }

    public UserInfo? Find(string username) => _known.GetValueOrDefault(username);

    /// <summary>The username where no display name is known.</summary>
    public string DisplayName(string username)
    {
        if (IsNamed(username))
        {
            return _known[username].DisplayName;
        }

        Wanted?.Invoke(username);
        return username;
    }

    public bool IsOnline(string username) => _known.TryGetValue(username, out var person) && person.Online;

    /// <summary>Known people whose username or display name has a word that begins so, for completion before the server answers.</summary>
    public IReadOnlyList<UserInfo> Matching(string prefix, int limit) => [.. _known.Values
        .Where(p => p.Username.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) || HasWord(p.DisplayName, prefix))
        .OrderByDescending(p => p.Online)
        .ThenBy(p => p.Username, StringComparer.Ordinal)
        .Take(limit)];

    /// <summary>Whether the server has told the name; of somebody who merely came online it has not.</summary>
    internal bool IsNamed(string username) => _known.ContainsKey(username) && !_unnamed.Contains(username);

    internal void Learn(UserInfo person)
    {
        _unnamed.Remove(person.Username);
        Take(person);
    }

    internal void SetOnline(string username, bool online)
    {
        if (!_known.TryGetValue(username, out var known))
        {
            _unnamed.Add(username);
            known = new UserInfo(username, username, !online);
        }

        Take(known with { Online = online });
    }

    private void Take(UserInfo person)
    {
        if (!_known.TryGetValue(person.Username, out var known) || known != person)
        {
            NamesVersion += known?.DisplayName == person.DisplayName ? 0 : 1;
            _known[person.Username] = person;
            Changed?.Invoke(person.Username);
        }
    }

    private static bool HasWord(string text, string prefix) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(w => w.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
