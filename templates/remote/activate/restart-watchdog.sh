
# Runs the watchdog's timer where its file is, and stops it where it is not. Never waits for the
# timer itself: at boot it comes after this script, but which units there are was read before it.
activate_restart_watchdog() {
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
