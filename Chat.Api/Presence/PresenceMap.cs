using Chat.Backends.Presence;
using Chat.Contracts;

namespace Chat.Api.Presence;

/// <summary>
/// Who is online at which pod. Each change answers what is news: who was online nowhere before it, and who is online nowhere after it.
/// Holds a name for each user and pod; a pod's names go with its report. Not for use by several threads at once.
/// </summary>
internal sealed class PresenceMap
{
    /// <summary>Stands for the pods that report without versions: their events do not say which pod it was.</summary>
    private const string Unversioned = "";

    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Report> _others = new(StringComparer.Ordinal);

    public bool IsOwn(string username) => _own.Contains(username);

    public IReadOnlyCollection<string> Own() => [.. _own];

    public bool IsOnline(string username) => _own.Contains(username) || _others.Values.Any(o => o.Users.Contains(username));

    /// <summary>The versions of the other pods' reports that are known completely.</summary>
    public IReadOnlyDictionary<string, long> Versions() =>
        _others.Where(o => o.Value.Version is not null).ToDictionary(o => o.Key, o => o.Value.Version!.Value, StringComparer.Ordinal);

    public IReadOnlyList<PresenceEvent> ApplyOwn(IReadOnlyList<PresenceEvent> changes) =>
        Changed(changes.Select(c => c.Username), () => Apply(_own, changes));

    /// <summary>The changes that made the pod's report one of the version.</summary>
    public IReadOnlyList<PresenceEvent> Apply(string pod, long version, IReadOnlyList<PresenceEvent> changes)
    {
        if (!_others.TryGetValue(pod, out var report))
        {
            report = _others[pod] = new Report { Version = 0 };
        }

        // After a report that was missed the users are not known completely: the store has them.
        report.Version = report.Version == version - 1 ? version : null;
        return Changed(changes.Select(c => c.Username), () => Apply(report.Users, changes));
    }

    public IReadOnlyList<PresenceEvent> ApplyUnversioned(PresenceEvent change) => Changed([change.Username], () =>
    {
        if (change.Online)
        {
            if (!_others.TryGetValue(Unversioned, out var report))
            {
                report = _others[Unversioned] = new Report();
            }

            report.Users.Add(change.Username);
            return;
        }

        foreach (var report in _others.Values.Where(o => o.Version is null))
        {
            report.Users.Remove(change.Username);
        }
    });

    /// <summary>What the store has of the other pods; of a pod that it does not have, nobody is online any more.</summary>
    public IReadOnlyList<PresenceEvent> Replace(IReadOnlyList<PodPresence> reports)
    {
        var unchanged = reports.Where(r => r.Online is null).Select(r => r.PodId).ToHashSet(StringComparer.Ordinal);
        var gone = _others.Where(o => !unchanged.Contains(o.Key)).ToList();
        var affected = gone.SelectMany(o => o.Value.Users).Concat(reports.SelectMany(r => r.Online ?? []))
            .ToHashSet(StringComparer.Ordinal);
        return Changed(affected, () =>
        {
            foreach (var (pod, _) in gone)
            {
                _others.Remove(pod);
            }

            foreach (var report in reports.Where(r => r.Online is not null))
            {
                _others[report.PodId] = new Report
                {
                    Version = report.Version,
                    Users = new HashSet<string>(report.Online!, StringComparer.Ordinal),
                };
            }
        });
    }

    private List<PresenceEvent> Changed(IEnumerable<string> affected, Action change)
    {
        var before = affected.Select(username => (Username: username, Online: IsOnline(username))).ToList();
        change();
        return [.. before.Where(b => IsOnline(b.Username) != b.Online).Select(b => new PresenceEvent(b.Username, !b.Online))];
    }

    private static void Apply(HashSet<string> users, IReadOnlyList<PresenceEvent> changes)
    {
        foreach (var change in changes)
        {
            _ = change.Online ? users.Add(change.Username) : users.Remove(change.Username);
        }
    }

    private sealed class Report
    {
        /// <summary>Null where not all of the users are known, or where the pod reports without versions.</summary>
        public long? Version { get; set; }

        public HashSet<string> Users { get; init; } = new(StringComparer.Ordinal);
    }
}
