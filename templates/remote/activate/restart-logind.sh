
activate_restart_logind() {
  [ "$1" != boot ] || return 0
  logind_begins
  systemctl restart systemd-logind.service
}

# Nobody has been idle so far for a limit that begins now: logind cannot warn, so everybody has all of it from here on.
logind_begins() {
  grep -qs '^StopIdleSessionSec=' /etc/systemd/logind.conf.d/zz-curfew.conf || return 0
  for logind_terminal in /dev/pts/[0-9]* /dev/tty[0-9]*; do
    [ ! -c "$logind_terminal" ] || touch -a -c "$logind_terminal" 2>/dev/null
  done
  return 0
}
