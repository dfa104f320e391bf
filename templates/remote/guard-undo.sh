#!/bin/sh
# shellcheck shell=sh disable=SC2034 # the second half, guard-end.sh, uses the rest
# Written by curfew while a change is armed. Usage: sh undo.sh now|timer|boot|tidy|intact|reload|watchdog
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
leaving={{leaving}}
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

activate_again() {
  if [ "$1" != boot ] || [ "$manager" != systemd ]; then
    restart_services
  else
    # Everything else starts after this script; which units there are was read before it.
    case " $activations " in *" restart-watchdog "*) restart_watchdog ;; esac
  fi
}

