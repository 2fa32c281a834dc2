using Chat.Backends;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Realtime;

/// <summary>The open connections of this pod, and for each room the users who have some here.</summary>
public sealed class Connections
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HashSet<Connection>> _byUser = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _usersByRoom = new(StringComparer.Ordinal);
    private readonly Turns _turns = new();

    public int Count { get; private set; }

    /// <summary>True when it is the user's first one here.</summary>
    public bool Add(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        lock (_gate)
        {
            var first = !_byUser.TryGetValue(connection.Username, out var own);
            own ??= _byUser[connection.Username] = [];
            Count += own.Add(connection) ? 1 : 0;
            return first;
        }
    }

    /// <summary>True when it was the user's last one here; then the rooms that lost their last user here are given.</summary>
    public bool Remove(Connection connection, out IReadOnlyList<string> emptied)
    {
        ArgumentNullException.ThrowIfNull(connection);
        lock (_gate)
        {
            emptied = [];
            if (!_byUser.TryGetValue(connection.Username, out var own) || !own.Remove(connection))
            {
                return false;
            }

            Count--;
            if (own.Count > 0)
            {
                return false;
            }

            _byUser.Remove(connection.Username);
            emptied = [.. _usersByRoom.Where(r => r.Value.Remove(connection.Username) && r.Value.Count == 0).Select(r => r.Key)];
            foreach (var room in emptied)
            {
                _usersByRoom.Remove(room);
            }

            return true;
        }
    }

    public IReadOnlyList<Connection> Of(string username)
    {
        lock (_gate)
        {
            return _byUser.TryGetValue(username, out var own) ? [.. own] : [];
        }
    }

    public IReadOnlyList<Connection> All()
    {
        lock (_gate)
        {
            return [.. _byUser.Values.SelectMany(c => c)];
        }
    }

    public IReadOnlyCollection<string> Users()
    {
        lock (_gate)
        {
            return [.. _byUser.Keys];
        }
    }

    /// <summary>True when the room has its first user here with it. False also when the user has no connection any more.</summary>
    public bool Enter(string roomId, string username)
    {
        lock (_gate)
        {
            if (!_byUser.ContainsKey(username))
            {
                return false;
            }

            var first = !_usersByRoom.TryGetValue(roomId, out var users);
            users ??= _usersByRoom[roomId] = new HashSet<string>(StringComparer.Ordinal);
            users.Add(username);
            return first;
        }
    }

    /// <summary>True when nobody of the room is left here.</summary>
    public bool Leave(string roomId, string username)
    {
        lock (_gate)
        {
            if (!_usersByRoom.TryGetValue(roomId, out var users) || !users.Remove(username) || users.Count > 0)
            {
                return false;
            }

            _usersByRoom.Remove(roomId);
            return true;
        }
    }

    public bool IsHere(string roomId)
    {
        lock (_gate)
        {
            return _usersByRoom.ContainsKey(roomId);
        }
    }

    /// <summary>True when the user has a connection here that entered the room.</summary>
    public bool IsIn(string roomId, string username)
    {
        lock (_gate)
        {
            return _usersByRoom.TryGetValue(roomId, out var users) && users.Contains(username);
        }
    }

    /// <summary>Users here who are in any of the rooms.</summary>
    public IReadOnlyList<string> UsersIn(IEnumerable<string> roomIds)
    {
        ArgumentNullException.ThrowIfNull(roomIds);
        lock (_gate)
        {
            return [.. roomIds.SelectMany(r => _usersByRoom.TryGetValue(r, out var users) ? users : []).Distinct()];
        }
    }

    /// <summary>
    /// One at a time a user: connecting reads the user's rooms and enters them, and a change of membership between the two would
    /// otherwise be lost.
    /// </summary>
    public Task<IDisposable> TurnAsync(string username, CancellationToken cancellationToken) => _turns.EnterAsync(username, cancellationToken);
}

/// <summary>An open connection. Equal by its id.</summary>
public sealed class Connection(string id, string username, string sessionId, HubCallerContext context) : IEquatable<Connection>
{
    public string Id => id;

    public string Username => username;

    public string SessionId => sessionId;

    public void Abort() => context.Abort();

    /// <summary>Closes with SignalR's word that reconnecting is welcome, which <see cref="Abort"/> denies.</summary>
    public void AskToReconnect() => context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    public bool Equals(Connection? other) => other?.Id == id;

    public override bool Equals(object? obj) => Equals(obj as Connection);

    public override int GetHashCode() => id.GetHashCode(StringComparison.Ordinal);
}
