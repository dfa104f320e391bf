
# Runs the watchdog's timer where its file is, and stops it where it is not. Never waits for the
# timer itself: at boot it comes after this script, but which units there are was read before it.
activate_restart_watchdog() {
  [ "$1" = boot ] || watchdog_begins
  if [ ! -d /run/systemd/system ]; then
    [ -e /etc/curfew/watchdog.sh ] || rm -rf /run/curfew-watchdog
  elif [ -e /etc/systemd/system/curfew-watchdog.timer ]; then
    units_were_read
    systemctl daemon-reload && systemctl --no-block restart curfew-watchdog.timer
  else
    # While systemd still knows what it stops.
    systemctl stop curfew-watchdog.timer curfew-watchdog.service 2>/dev/null
    systemctl reset-failed curfew-watchdog.timer curfew-watchdog.service 2>/dev/null
    rm -rf /run/curfew-watchdog
    units_were_read
    systemctl daemon-reload
  fi
}

# Sessions that are older than this moment have a grace, which the watchdog counts from it. It looks for the first
# time some seconds later, and would take those who log in meanwhile for people from before.
watchdog_begins() {
  [ -e /etc/curfew/watchdog.sh ] || return 0
  (umask 077 && mkdir -p /run/curfew-watchdog && sed 's/[. ].*//' /proc/uptime >/run/curfew-watchdog/begun) 2>/dev/null
}
