#!/bin/sh
# shellcheck shell=sh disable=SC2034 # the second half, guard-end.sh, uses the rest
# Written by curfew while a change is armed. Usage: sh undo.sh now|timer|boot|tidy|intact|reload|watchdog
# Takes the change back unless it was confirmed, and is safe to run at any time and twice.

LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
export LC_ALL PATH
token={{token}}
owner={{owner}}
activations={{activations}}
leaving={{leaving}}
base=/var/lib/curfew
guard=$base/guard/$token

restart_services() {
  case " $activations " in *" reload-sshd "*)
    restart_sshd ;;
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

