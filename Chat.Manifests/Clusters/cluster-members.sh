# Makes one Redis Cluster of the nodes in HOSTS: three primaries on different machines if they can be, and a replica for each
# on another machine than its primary. Runs as often as it likes: members are left alone, whoever is missing is added.
set -eu
primaries_wanted=3
attempts=${ATTEMPTS:-300}

ask() { # host:port command…
  where=$1
  shift
  redis-cli -h "${where%:*}" -p "${where##*:}" "$@"
}

address() { # host:port → ip:port, because nodes meet by address only
  getent hosts "${1%:*}" | { read -r ip _ && echo "$ip:${1##*:}"; }
}

machine() { ask "$1" config get cluster-announce-human-nodename | tail -n 1; }

field() { ask "$1" cluster info | tr -d '\r' | sed -n "s/^$2://p"; }

until_true() { # what, command…
  what=$1
  shift
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -ge "$attempts" ]; then
      echo "gave up waiting: $what"
      exit 1
    fi
    sleep 1
  done
}

answers() { ask "$1" ping 2> /dev/null | grep -q PONG; }
healthy() { [ "$(field "$1" cluster_state)" = ok ]; }
knows() { [ "$(field "$1" cluster_known_nodes)" = "$2" ]; }

for host in $HOSTS; do
  until_true "$host answers" answers "$host"
done

# A member that already has slots speaks for the cluster.
member=
for host in $HOSTS; do
  if [ "$(field "$host" cluster_slots_assigned)" != 0 ]; then
    member=$host
    break
  fi
done

if [ -z "$member" ]; then
  primaries=
  machines=' '
  count=0
  for pass in apart anywhere; do
    for host in $HOSTS; do
      [ "$count" -lt "$primaries_wanted" ] || break
      case " $primaries " in *" $host "*) continue ;; esac
      on=$(machine "$host")
      if [ "$pass" = apart ]; then
        case $machines in *" $on "*) continue ;; esac
      fi
      machines="$machines$on "
      primaries="$primaries $host"
      count=$((count + 1))
    done
  done
  addresses=
  for host in $primaries; do
    addresses="$addresses $(address "$host")"
  done
  echo "primaries:$primaries"
  # shellcheck disable=SC2086
  redis-cli --cluster create $addresses --cluster-replicas 0 --cluster-yes
  set -- $primaries
  member=$1
elif [ "$(field "$member" cluster_slots_assigned)" != 16384 ]; then
  # An earlier run was cut off while it dealt out the slots.
  redis-cli --cluster fix "$(address "$member")" --cluster-yes
fi
until_true "the primaries agree" healthy "$member"

# A replica goes to the next primary after the one on its own machine: in a ring, so that nobody is left with its own.
for host in $HOSTS; do
  knows "$host" 1 || continue
  on=$(machine "$host")
  choice=
  beside=
  seen_own=
  for candidate in $HOSTS; do
    knows "$candidate" 1 && continue
    ask "$candidate" info replication | grep -q 'role:master' || continue
    id=$(ask "$candidate" cluster myid)
    taken=$(ask "$member" cluster nodes | grep -c "slave $id" || true)
    if [ "$(machine "$candidate")" = "$on" ]; then
      seen_own=yes
      [ "$taken" = 0 ] && beside=$id
    elif [ "$taken" = 0 ]; then
      if [ -z "$choice" ] || [ -n "$seen_own" ]; then
        choice=$id
        [ -n "$seen_own" ] && break
      fi
    fi
  done
  choice=${choice:-$beside}
  echo "replica: $host"
  if [ -n "$choice" ]; then
    redis-cli --cluster add-node "$(address "$host")" "$(address "$member")" --cluster-slave --cluster-master-id "$choice"
  else
    redis-cli --cluster add-node "$(address "$host")" "$(address "$member")" --cluster-slave
  fi
  sleep 1
done

total=$(echo "$HOSTS" | wc -w)
for host in $HOSTS; do
  until_true "$host knows all" knows "$host" "$((total))"
  until_true "$host sees the cluster whole" healthy "$host"
done
echo "a cluster of $((total))"
