
# Runs the timer of PostgreSQL's watchdog where its file is, and stops it where it is not; as activate/restart-watchdog.sh.
activate_restart_postgresql_watchdog() {
  if [ ! -d /run/systemd/system ]; then
    [ -e /etc/curfew/postgresql.sh ] || rm -rf /run/curfew-postgresql
  elif [ -e /etc/systemd/system/curfew-postgresql.timer ]; then
    units_were_read
    rm -f /run/curfew-postgresql/last
    systemctl daemon-reload && systemctl --no-block restart curfew-postgresql.timer
  else
    systemctl stop curfew-postgresql.timer curfew-postgresql.service 2>/dev/null
    systemctl reset-failed curfew-postgresql.timer curfew-postgresql.service 2>/dev/null
    rm -rf /run/curfew-postgresql
    units_were_read
    systemctl daemon-reload
  fi
}
