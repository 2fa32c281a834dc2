# Makes one Redis Cluster of the nodes in HOSTS: three primaries in different places if they can be, and a replica for each in
# another place than its primary. A place is a zone where the nodes know theirs and there are enough, else a machine. Runs as often as it likes: members are left alone, whoever is missing is added.
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

whereabouts() { ask "$1" config get cluster-announce-human-nodename | tail -n 1; } # zone/machine

place() {
  found=$(whereabouts "$1")
  if [ "$zones" -ge "$primaries_wanted" ]; then echo "${found%%/*}"; else echo "${found#*/}"; fi
}

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

zones=$(for host in $HOSTS; do
  found=$(whereabouts "$host")
  echo "${found%%/*}"
done | sort -u | grep -c . || true)

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
  places=' '
  count=0
  for pass in apart anywhere; do
    for host in $HOSTS; do
      [ "$count" -lt "$primaries_wanted" ] || break
      case " $primaries " in *" $host "*) continue ;; esac
      on=$(place "$host")
      if [ "$pass" = apart ]; then
        case $places in *" $on "*) continue ;; esac
      fi
      places="$places$on "
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

# A replica goes to the next primary after the one in its own place: in a ring, so that nobody is left with its own.
for host in $HOSTS; do
  knows "$host" 1 || continue
  on=$(place "$host")
  choice=
  beside=
  seen_own=
  for candidate in $HOSTS; do
    knows "$candidate" 1 && continue
    ask "$candidate" info replication | grep -q 'role:master' || continue
    id=$(ask "$candidate" cluster myid)
    taken=$(ask "$member" cluster nodes | grep -c "slave $id" || true)
    if [ "$(place "$candidate")" = "$on" ]; then
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
