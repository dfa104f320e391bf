#!/bin/sh
# boot.sh start INIT DIR IMAGE NETNS GROUP HOSTNAME
# Becomes one host: this process turns into the supervisor (systemd-nspawn, or unshare for INIT=none, where sshd is
# the first process, and INIT=own, where the host's own /sbin/init is),
# in control groups of its own and in a mount namespace that takes the overlay with it when it dies.
# boot.sh hold DIR IMAGE: mounts the overlay only, says "ready", keeps it until standard input ends.
# Everything printed is the host's console.
set -eu

join_group() {
    for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/memory; do
        # a v2 root has cgroup.controllers, a v1 root has release_agent
        [ -e "$hierarchy/cgroup.controllers" ] || [ -e "$hierarchy/release_agent" ] || continue
        mkdir -p "$hierarchy/$1"
        echo $$ > "$hierarchy/$1/cgroup.procs"
    done
}

mount_overlay() { # DIR IMAGE
    tries=0
    # after a power loss the kernel may still be letting go of the overlay of the life before
    until mount -t overlay -o "lowerdir=$2/root,upperdir=$1/upper,workdir=$1/work" overlay "$1/merged"; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || exit 71
        sleep 0.1
    done
}

start() {
    init=$1 dir=$2 image=$3 netns=$4 group=$5 name=$6
    join_group "$group"
    if [ "$init" = systemd ]; then
        mkdir -p /run/systemd/nspawn
        exec unshare --mount --propagation private sh "$0" with-systemd "$dir" "$image" "$netns" "$group" "$name"
    fi
    exec nsenter --net="/run/netns/$netns" unshare --mount --propagation private --pid --uts --ipc \
        --fork --kill-child sh "$0" without-systemd "$init" "$dir" "$image" "$name"
}

with_systemd() {
    dir=$1 image=$2 netns=$3 group=$4 name=$5
    # without a private one nspawn leaves directories behind
    mount -t tmpfs tmpfs /run/systemd/nspawn
    mount_overlay "$dir" "$image"
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    # of its own network root may do everything, as on any host
    exec systemd-nspawn --quiet --directory="$dir/merged" --machine="$group" --hostname="$name" \
        --capability=CAP_NET_ADMIN --register=no --keep-unit --boot --network-namespace-path="/run/netns/$netns" --resolv-conf=off \
        --timezone=off --link-journal=no --console=pipe
}

without_systemd() {
    init=$1 dir=$2 image=$3 name=$4
    mount_overlay "$dir" "$image"
    cd "$dir/merged"
    hostname "$name"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs -o mode=755 tmpfs run
    mkdir -p run/lock
    [ "$init" = own ] || mkdir run/sshd
    mount -t tmpfs -o mode=755 tmpfs dev
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    mount -t tmpfs tmpfs dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    ln -s fd/0 dev/stdin
    ln -s fd/1 dev/stdout
    ln -s fd/2 dev/stderr
    mkdir -p run/old-root
    pivot_root . run/old-root
    cd /
    umount -l /run/old-root
    rmdir /run/old-root
    set -- /usr/sbin/sshd -D -e
    if [ "$init" = own ]; then
        touch /dev/console
        mount --bind /dev/null /dev/console
        set -- /sbin/init
    fi
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

verb=$1
shift
case $verb in
    start) start "$@" ;;
    with-systemd) with_systemd "$@" ;;
    without-systemd) without_systemd "$@" ;;
    hold) exec unshare --mount --propagation private sh "$0" held "$@" ;;
    held) mount_overlay "$@" && echo ready && cat > /dev/null ;;
esac
