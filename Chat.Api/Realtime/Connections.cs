using Chat.Backends;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Realtime;

/// <summary>The open connections of this pod, and for each room the users who are connected here.</summary>
public sealed class Connections
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HashSet<Connection>> _byUser = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _usersByRoom = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _roomsByUser = new(StringComparer.Ordinal);
    private readonly Turns _turns = new();

    public int Count { get; private set; }

    /// <summary>False when the connection was removed before: it closed while it was being set up.</summary>
    public bool Add(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        lock (_gate)
        {
            if (connection.Closed)
            {
                return false;
            }

            if (!_byUser.TryGetValue(connection.Username, out var own))
            {
                own = _byUser[connection.Username] = [];
            }

            Count += own.Add(connection) ? 1 : 0;
            return true;
        }
    }

    /// <summary>
    /// Removes the connection for good; <see cref="Add"/> refuses it from now on. Null unless it was the user's last one here.
    /// </summary>
    public Departure? Remove(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        lock (_gate)
        {
            connection.Closed = true;
            if (!_byUser.TryGetValue(connection.Username, out var own) || !own.Remove(connection))
            {
                return null;
            }

            Count--;
            if (own.Count > 0)
            {
                return null;
            }

            _byUser.Remove(connection.Username);
            if (!_roomsByUser.Remove(connection.Username, out var rooms))
            {
                return new Departure([], []);
            }

            var emptied = new List<string>();
            foreach (var room in rooms)
            {
                var users = _usersByRoom[room];
                users.Remove(connection.Username);
                if (users.Count == 0)
                {
                    _usersByRoom.Remove(room);
                    emptied.Add(room);
                }
            }

            return new Departure(rooms, emptied);
        }
    }

    public IReadOnlyList<Connection> Of(string username)
    {
        lock (_gate)
        {
            return _byUser.TryGetValue(username, out var own) ? [.. own] : [];
        }
    }

    public bool IsConnected(string username)
    {
        lock (_gate)
        {
            return _byUser.ContainsKey(username);
        }
    }

    public IReadOnlyList<Connection> All()
    {
        lock (_gate)
        {
            return [.. _byUser.Values.SelectMany(c => c)];
        }
    }

    /// <summary>False when the user has no connection here any more.</summary>
    public bool Enter(string roomId, string username)
    {
        lock (_gate)
        {
            if (!_byUser.ContainsKey(username))
            {
                return false;
            }

            Set(_usersByRoom, roomId).Add(username);
            Set(_roomsByUser, username).Add(roomId);
            return true;
        }
    }

    /// <summary>True when nobody of the room is left here.</summary>
    public bool Leave(string roomId, string username)
    {
        lock (_gate)
        {
            if (_roomsByUser.TryGetValue(username, out var rooms) && rooms.Remove(roomId) && rooms.Count == 0)
            {
                _roomsByUser.Remove(username);
            }

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

    /// <summary>The rooms that the user entered here.</summary>
    public IReadOnlyCollection<string> RoomsOf(string username)
    {
        lock (_gate)
        {
            return _roomsByUser.TryGetValue(username, out var rooms) ? [.. rooms] : [];
        }
    }

    /// <summary>The rooms that have somebody connected here.</summary>
    public IReadOnlyCollection<string> Rooms()
    {
        lock (_gate)
        {
            return [.. _usersByRoom.Keys];
        }
    }

    /// <summary>Each connection of the users here who are in any of the rooms, once.</summary>
    public IReadOnlyCollection<Connection> In(IEnumerable<string> roomIds)
    {
        ArgumentNullException.ThrowIfNull(roomIds);
        lock (_gate)
        {
            var users = new HashSet<string>(StringComparer.Ordinal);
            foreach (var room in roomIds)
            {
                if (_usersByRoom.TryGetValue(room, out var some))
                {
                    users.UnionWith(some);
                }
            }

            return [.. users.SelectMany(u => _byUser[u])];
        }
    }

    /// <summary>
    /// The user's lock. Connecting reads the user's rooms and enters them, and a change of membership between the two would otherwise
    /// be lost.
    /// </summary>
    public Task<IDisposable> TurnAsync(string username, CancellationToken cancellationToken) => _turns.EnterAsync(username, cancellationToken);

    private static HashSet<string> Set(Dictionary<string, HashSet<string>> sets, string key)
    {
        if (!sets.TryGetValue(key, out var set))
        {
            set = sets[key] = new HashSet<string>(StringComparer.Ordinal);
        }

        return set;
    }
}

/// <summary>A user's last connection here closed: the rooms they were in, and those of them that have nobody here any more.</summary>
public sealed record Departure(IReadOnlyCollection<string> Rooms, IReadOnlyCollection<string> Emptied);

/// <summary>A connection, equal by its ID.</summary>
public sealed class Connection(string id, string username, string sessionId, HubCallerContext context) : IEquatable<Connection>
{
    public string Id => id;

    public string Username => username;

    public string SessionId => sessionId;

    /// <summary>Removed for good; written and read by <see cref="Connections"/> under its lock.</summary>
    internal bool Closed { get; set; }

    public void Abort() => context.Abort();

    /// <summary>Closes the connection and lets the client reconnect, which <see cref="Abort"/> does not.</summary>
    public void AskToReconnect() => context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();

    public bool Equals(Connection? other) => other?.Id == id;

    public override bool Equals(object? obj) => Equals(obj as Connection);

    public override int GetHashCode() => id.GetHashCode(StringComparison.Ordinal);
}
