#!/bin/sh
# Written by curfew while a change is armed. Usage: sh undo.sh now|timer|boot|reload|watchdog
# Takes the change back unless it was confirmed, and is safe to run at any time and twice.

LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
export LC_ALL PATH
token={{token}}
owner={{owner}}
sshd={{sshd}}
main={{main}}
manager={{manager}}
unit={{unit}}
perconnection={{perconnection}}
activations={{activations}}
base=/var/lib/curfew
guard=$base/guard/$token

# The unit's main process, else the one that listened when this was written, else the PidFile's. A number
# may be another program's by now.
listener() {
  listener_pid=
  [ "$manager" != systemd ] || listener_pid=$(systemctl show -p MainPID "$unit" 2>/dev/null | sed 's/MainPID=//')
  case $listener_pid in '' | 0)
    listener_pid=
    for candidate in {{pid}} $(cat /run/sshd.pid /var/run/sshd.pid 2>/dev/null); do
      ! is_sshd "$candidate" || { listener_pid=$candidate; break; }
    done ;;
  esac
  [ -n "$listener_pid" ] && kill -0 "$listener_pid" 2>/dev/null && printf '%s' "$listener_pid"
}

# Where there is no /proc the number has to do.
is_sshd() {
  [ -n "$1" ] || return 1
  [ -e /proc/self/comm ] || return 0
  name=
  { read -r name <"/proc/$1/comm"; } 2>/dev/null
  [ -n "$name" ] || return 1
  # The kernel keeps 15 bytes of a name.
  case $name in sshd*) return 0 ;; esac
  case ${sshd##*/} in "$name"*) ;; *) return 1 ;; esac
}

# The listening sockets of a process: sshd opens new ones when SIGHUP makes it execute itself anew.
sockets() {
  for fd in /proc/"$1"/fd/*; do readlink "$fd" 2>/dev/null; done | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p' |
    while read -r inode; do
      awk -v inode="$inode" '$4 == "0A" && $10 == inode { print inode }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
    done
}

reload_sshd() {
  [ "$perconnection" != yes ] || return 0
  reload_pid=$(listener)
  reload_before=$(sockets "$reload_pid")
  case $manager in
    systemd) systemctl reload-or-restart "$unit" ;;
    openrc) rc-service "$unit" reload || rc-service "$unit" restart ;;
    sysv) service "$unit" reload || service "$unit" restart ;;
    *) if [ -n "$reload_pid" ]; then kill -HUP "$reload_pid"; else mkdir -p /run/sshd; "$sshd" -f "$main"; fi ;;
  esac || return 1
  # Ready means: new listening sockets. A socket handed over by systemd stays the same, so the
  # wait is bounded; a daemon that is gone is a failure.
  reload_round=0
  while [ "$reload_round" -lt 50 ]; do
    reload_pid=$(listener) && reload_now=$(sockets "$reload_pid") &&
      [ -n "$reload_now" ] && [ "$reload_now" != "$reload_before" ] && return 0
    reload_round=$((reload_round + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  listener >/dev/null
}

# Fails where a file cannot be put back (yet); all others are, all the same.
take_back() {
  set -- {{changes}}
  back_index=0
  back_failed=no
  while [ $# -ge 2 ]; do
    put_back "$1" "$2" "${2%/*}/.curfew-old-$token-$back_index" "$guard/back-$back_index" || back_failed=yes
    rm -f "${2%/*}/.curfew-new-$token-$back_index"
    back_index=$((back_index + 1))
    shift 2
  done
  [ "$back_failed" = no ] || return 1
  # Directories that the change made, innermost first.
  sort -r "$guard/staged" 2>/dev/null | while IFS= read -r made; do
    case $made in */) rmdir "$made" 2>/dev/null || : ;; esac
  done
}

# put_back ACTION PATH OLD MARK: the mark says that it was done before, which must not fail the second time.
put_back() {
  if [ "$1" = create ]; then
    rm -f "$2"
  elif same_file "$3" "$2"; then
    rm -f "$3" && mark "$4"
  elif [ -e "$3" ]; then
    # A file that cannot be replaced (chattr +i, a mount) was not replaced by the change either.
    { mv -f "$3" "$2" || { cmp -s "$3" "$2" && rm -f "$3"; }; } && mark "$4"
  else
    case $marked in *" $4 "*) return 0 ;; esac
    # Somebody cleared the old copy away, if what the change made of the file is still there.
    [ -e "$4" ] || { { [ "$1" != remove ] || [ -e "$2" ] || [ -L "$2" ]; } && ! as_written "$2"; } ||
      from_original "$guard/original/${4##*-}" "$2" "$3"
  fi
}

# What was kept for revert, where this change was the first to touch the file.
from_original() {
  [ -f "$1" ] && { cp -a "$1" "$3" 2>/dev/null || cp -p "$1" "$3"; } && mv -f "$3" "$2"
}

# On a full or read-only disk only this process knows. Not ":", whose redirection must not fail: a special
# built-in would end the shell (POSIX, 2.8.1).
marked=' '
mark() {
  marked="$marked$1 "
  { true >"$1"; } 2>/dev/null || :
}

# Whether a file is what the change made of it.
as_written() {
  digest=$(sha256sum <"$1" 2>/dev/null) &&
    grep -qxF "${digest%% *}	$1" "$guard/written" 2>/dev/null
}

# Two names of one inode: the change never came to this file. rename(2) would do nothing then,
# and mv(1) differs between systems.
same_file() {
  [ -e "$1" ] && [ -e "$2" ] && [ "$(inode "$1")" = "$(inode "$2")" ]
}

# Both names are in one directory, so the number alone tells.
inode() {
  # shellcheck disable=SC2012 # only the number is read; POSIX has no stat
  ls -di "$1" | sed 's/^ *\([0-9]*\).*/\1/'
}

remove_hooks() {
  rm -f /etc/systemd/system/sysinit.target.wants/curfew-guard.service /etc/systemd/system/curfew-guard.service /etc/cron.d/curfew-guard
  [ ! -e "$guard/made-wants" ] || rmdir /etc/systemd/system/sysinit.target.wants 2>/dev/null || :
}

restart_services() {
  case " $activations " in *" reload-sshd "*)
    # A configuration that was broken before the change stays as it was, and so does the daemon.
    rm -f "$guard/unloaded"
    if "$sshd" -t -f "$main" 2>/dev/null || ! listener >/dev/null; then reload_sshd || { true >"$guard/unloaded"; } 2>/dev/null; fi ;;
  esac
  case " $activations " in *" restart-logind "*) systemctl restart systemd-logind.service ;; esac
  case " $activations " in *" restart-watchdog "*) restart_watchdog ;; esac
}

# Runs the watchdog's timer where its file is, and stops it where it is not. Never waits for the
# timer itself: at boot it comes after this script.
restart_watchdog() {
  if [ ! -d /run/systemd/system ]; then
    [ -e /etc/curfew/watchdog.sh ] || rm -rf /run/curfew-watchdog
  elif [ -e /etc/systemd/system/curfew-watchdog.timer ]; then
    systemctl daemon-reload && systemctl --no-block restart curfew-watchdog.timer
  else
    # While systemd still knows what it stops.
    systemctl stop curfew-watchdog.timer curfew-watchdog.service 2>/dev/null
    systemctl reset-failed curfew-watchdog.timer curfew-watchdog.service 2>/dev/null
    rm -rf /run/curfew-watchdog
    systemctl daemon-reload
  fi
}

undo() {
  begin_undo || without_record "$1" || case $1 in
    # The machine went down in the middle of an undo: begin again.
    boot) [ -e "$guard/reverting" ] || return 0 ;;
    # Or it was killed, or gave up.
    *) wait_for_other && [ -e "$guard/reverting" ] || return 0 ;;
  esac
  { echo $$ >"$guard/undoing"; } 2>/dev/null || :
  # Until it works: a file system may be read-only for a while. "reverting" stays for the next boot.
  undo_round=0
  until take_back; do
    # What could be put back must not wait for the rest: it may be sshd's.
    [ "$undo_round" -gt 0 ] || activate_again "$1"
    undo_round=$((undo_round + 1))
    [ "$undo_round" -lt 20 ] || return 1
    sleep 3
  done
  rm -rf "$base/original/$token"
  sync
  activate_again "$1"
  remove_hooks
  # The hook was there when the units were read.
  case "$1 $manager  $activations " in
    boot*) ;;
    *" systemd "*" restart-watchdog "*) systemctl daemon-reload ;;
  esac
  printf '%s %s\n' "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$guard/reverting" 2>/dev/null || :
  mv "$guard/reverting" "$guard/reverted"
  case $(cat "$base/lock" 2>/dev/null) in "$token "*) rm -f "$base/lock" ;; esac
  ! command -v logger >/dev/null || logger -t curfew -p authpriv.warning "change $token by $owner: reverted ($1)" 2>/dev/null || :
  # A timer does not outlive a reboot, and its number may be another process now.
  case $1 in timer | boot) ;; *) stop_timer ;; esac
}

begin_undo() {
  mv "$guard/armed" "$guard/reverting" 2>/dev/null
}

# /var cannot be written, so nobody can confirm either: everything is taken back now, and written down as soon
# as that works. Fails where the change is not armed any more.
without_record() {
  record_round=0
  while [ -e "$guard/armed" ]; do
    if [ "$record_round" -eq 0 ]; then
      take_back || :
      activate_again "$1"
    fi
    record_round=$((record_round + 1))
    [ "$record_round" -lt 20 ] || return 1
    sleep 3
    ! begin_undo || return 0
  done
  return 1
}

activate_again() {
  if [ "$1" != boot ] || [ "$manager" != systemd ]; then
    restart_services
  else
    # Everything else starts after this script; which units there are was read before it.
    case " $activations " in *" restart-watchdog "*) restart_watchdog ;; esac
  fi
}

stop_timer() {
  [ ! -d /run/systemd/system ] || systemctl stop "curfew-guard-$token.timer" 2>/dev/null || :
  [ ! -f "$guard/timer.pid" ] || kill "$(cat "$guard/timer.pid")" 2>/dev/null || :
}

# Fails where the other is still at it after all that time.
wait_for_other() {
  wait_round=0
  while [ -e "$guard/reverting" ]; do
    # It may not have said yet who it is.
    [ "$wait_round" -lt 3 ] || other_lives || return 0
    [ "$wait_round" -lt 30 ] || return 1
    wait_round=$((wait_round + 1))
    sleep 1
  done
}

other_lives() {
  { read -r other <"$guard/undoing"; } 2>/dev/null && kill -0 "$other" 2>/dev/null
}

case $1 in
  reload) reload_sshd; exit $? ;;
  watchdog) restart_watchdog; exit $? ;;
  *) undo "$1" >/dev/null 2>&1 ;;
esac
# "unloaded": the files are back, and sshd did not take them up.
[ ! -e "$guard/reverted" ] || [ ! -e "$guard/unloaded" ] || { echo unloaded; exit 0; }
for state in reverted confirmed reverting armed; do
  if [ -e "$guard/$state" ]; then echo "$state"; break; fi
done
