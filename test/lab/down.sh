#!/bin/sh
# down.sh kill GROUP              sudden power loss: every process of that host dies, nothing is tidied up
# down.sh host DIR GROUP LINK CONTROLLER_NETNS    the host goes: processes, groups, link, namespace, directory
# down.sh run DIR ID              a whole run goes: its hosts, the controller's namespace, the directory
# Names are only ever those the lab itself made (curfew-ID…). Safe to repeat: the directory goes last.
# Functions run in subshells: sh has no local variables.
set -u

kill_group() (
    for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup; do
        group=$hierarchy/$1
        [ -e "$group/cgroup.kill" ] || continue
        tries=0
        while grep -q '^populated 1' "$group/cgroup.events" 2> /dev/null; do
            # repeated, because a process may have joined since
            echo 1 > "$group/cgroup.kill"
            tries=$((tries + 1))
            [ "$tries" -lt 200 ] || { echo "down.sh: $group does not empty" >&2; return 1; }
            sleep 0.05
        done
    done
    remove_groups "$1"
)

remove_groups() (
    for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/memory; do
        [ -d "$hierarchy/$1" ] || continue
        tries=0
        until find "$hierarchy/$1" -depth -type d -exec rmdir {} + 2> /dev/null; do
            [ -d "$hierarchy/$1" ] || break
            tries=$((tries + 1))
            [ "$tries" -lt 100 ] || { echo "down.sh: $hierarchy/$1 stays" >&2; break; }
            sleep 0.05
        done
    done
)

remove_netns() (
    [ -e "/run/netns/$1" ] || return 0
    ip netns delete "$1" 2> /dev/null || [ ! -e "/run/netns/$1" ] || ip netns delete "$1"
)

down_host() (
    dir=$1 group=$2 link=$3 controller=$4
    kill_group "$group" || return 1
    # deleted by name, because a deleted namespace takes its links along only some time later
    [ ! -e "/run/netns/$controller" ] || ip -netns "$controller" link delete "$link" 2> /dev/null
    remove_netns "$group"
    rm -rf --one-file-system "$dir"
)

down_run() (
    dir=$1 id=$2 status=0
    for host in "$dir"/hosts/*; do
        [ -d "$host" ] || continue
        number=${host##*/}
        number=${number%%.*}
        down_host "$host" "curfew-$id-$number" "host$number" "curfew-$id" || status=1
    done
    remove_netns "curfew-$id"
    [ "$status" -ne 0 ] || rm -rf --one-file-system "$dir"
    return "$status"
)

verb=$1
shift
case $verb in
    kill) kill_group "$@" ;;
    host) down_host "$@" ;;
    run) down_run "$@" ;;
esac
