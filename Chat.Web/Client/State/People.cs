using Chat.Contracts;

namespace Chat.Web.Client.State;

/// <summary>Names and presence of everybody the client has heard of.</summary>
public sealed class People
{
    private readonly Dictionary<string, UserInfo> _known = new(StringComparer.Ordinal);

    /// <summary>Somebody's name or presence changed: the username.</summary>
    public event Action<string>? Changed;

    /// <summary>Grows whenever a display name is another; presence does not count.</summary>
    public int NamesVersion { get; private set; }

    public UserInfo? Find(string username) => _known.GetValueOrDefault(username);

    /// <summary>The username where no display name is known.</summary>
    public string DisplayName(string username) => _known.TryGetValue(username, out var person) ? person.DisplayName : username;

    public bool IsOnline(string username) => _known.TryGetValue(username, out var person) && person.Online;

    /// <summary>Known people whose username or display name has a word that begins so, for completion before the server answers.</summary>
    public IReadOnlyList<UserInfo> Matching(string prefix, int limit) => [.. _known.Values
        .Where(p => p.Username.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) || HasWord(p.DisplayName, prefix))
        .OrderByDescending(p => p.Online)
        .ThenBy(p => p.Username, StringComparer.Ordinal)
        .Take(limit)];

    internal void Learn(UserInfo person)
    {
        if (!_known.TryGetValue(person.Username, out var known) || known != person)
        {
            NamesVersion += known?.DisplayName == person.DisplayName ? 0 : 1;
            _known[person.Username] = person;
            Changed?.Invoke(person.Username);
        }
    }

    internal void SetOnline(string username, bool online)
    {
        var known = _known.GetValueOrDefault(username) ?? new UserInfo(username, username, !online);
        Learn(known with { Online = online });
    }

    private static bool HasWord(string text, string prefix) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(w => w.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
