# Ready: this node sees its cluster whole and, as a replica, follows its primary. A node that does not see it introduces itself
# to all others: after a power cut every address is new, and nobody else would.
port=${REDIS_PORT:-6379}
info=$(redis-cli -p "$port" cluster info) || exit 1
case $info in
  *cluster_state:ok*)
    replication=$(redis-cli -p "$port" info replication) || exit 1
    case $replication in
      *role:master* | *master_link_status:up*) exit 0 ;;
    esac
    exit 1
    ;;
  *cluster_known_nodes:1?cluster_size*)
    # Not a member yet. Making members is the Job's work; meeting now would spoil it.
    exit 1
    ;;
esac
for host in $HOSTS; do
  address=$(getent hosts "${host%:*}" | { read -r ip _ && echo "$ip"; }) || continue
  redis-cli -p "$port" cluster meet "$address" "${host##*:}" > /dev/null
done
exit 1
