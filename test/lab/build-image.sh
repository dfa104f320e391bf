#!/bin/sh
# build-image.sh RELEASE MIRROR PACKAGES DIR
# Makes DIR/root with debootstrap and writes DIR/marker last. Run under flock by image.ts.
# PACKAGES is separated by commas.
set -eu
release=$1 mirror=$2 packages=$3 dir=$4

# another process may have built it while this one waited for the lock
[ -e "$dir/marker" ] && exit 0
rm -rf --one-file-system "$dir"
mkdir -p "$dir"
root=$dir/root

# a release newer than this debootstrap is bootstrapped like sid
script=
[ -e "/usr/share/debootstrap/scripts/$release" ] || script=/usr/share/debootstrap/scripts/sid
# shellcheck disable=SC2086 # no script means no argument
debootstrap --variant=minbase --merged-usr --include="$packages" "$release" "$root" "$mirror" $script

# which kinds of host key this release makes; the keys themselves are made per host
(cd "$root/etc/ssh" && ls ssh_host_*_key) | sed 's/^ssh_host_//; s/_key$//' > "$dir/host-key-kinds"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname"
rm -f "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
ln -s /etc/machine-id "$root/var/lib/dbus/machine-id"

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/info "$root"/usr/share/locale
rm -f "$root/etc/apt/sources.list"

# these only cost time or knock on networks that are not there
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer rsync.service console-getty.service systemd-pstore.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# otherwise systemd finishes the "update" some time after boot and changes /etc while a test looks at it
touch "$root/etc/.updated" "$root/var/.updated"

date -u +%Y-%m-%dT%H:%M:%SZ > "$dir/marker.new"
mv "$dir/marker.new" "$dir/marker"
