#!/bin/sh
# shellcheck shell=sh disable=SC2034 # the second half, guard-end.sh, uses the rest
# Written by curfew while a change is armed. Usage: sh undo.sh now|timer|boot|tidy|tidying|intact, or activate NAME
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

# activate WHEN: what the changed files need, in the order of the plan. Each control brings its own, a function
# `activate_NAME WHEN`. now: the files are in place, and what fails is told; undo: they were taken back; boot: that
# happened while systemd starts the machine, and everything else starts after this script.
activate() {
  for activation in $activations; do "$(activator "$activation")" "$1"; done
}

activator() {
  printf 'activate_%s' "$1" | tr - _
}

activate_reload_sshd() {
  [ "$1" = boot ] || restart_sshd
}

# An activation that makes systemd read its units calls this: the guard's own hook is among them, and systemd has to
# forget it afterwards.
units_were_read() {
  units_read=yes
  { true >"$guard/units-read"; } 2>/dev/null || :
}
units_read=

activate_again() {
  if [ "$1" = boot ] && early; then activate boot; else activate undo; fi
}

# Whether a check at boot comes before sshd: cron's comes after it, and a script of a run level may come beside it.
early() {
  if [ "$manager" = systemd ] || [ -e /etc/runlevels/boot/curfew-guard ] || [ -e /etc/runit/core-services/99-curfew-guard.sh ]; then return 0; fi
  [ -e /etc/init.d/curfew-guard ] || return 1
  find_daemon
  [ -z "$daemon" ]
}

