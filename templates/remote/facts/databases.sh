# Which database servers listen on this host, for the parts of the controls that ask them: one process, whatever runs here.
# shellcheck disable=SC2034 # the parts of the controls read it
part_databases() {
  database_sockets=$(awk '
    $4 == "00010000" && $8 ~ /^\// && /([.]s[.]PGSQL[.][0-9]+|\/(mysqlx?d?|mariadbd?)[^\/]*[.]sock(et)?)$/ {
      path = substr($0, index($0, "/"))
      if (!(path in seen) && found++ < 20) print path
      seen[path] = 1
    }' /proc/net/unix 2>/dev/null)
}

# as_owner USER COMMAND: without PAM, which would write a line into the log each time.
as_owner() {
  owner=$1
  shift
  owner_group=$(id -g -- "$owner" 2>/dev/null) || return
  if command -v setpriv >/dev/null 2>&1; then
    setpriv --reuid="$owner" --regid="$owner_group" --init-groups -- "$@"
  else
    runuser -u "$owner" -- "$@"
  fi
}

# database_watchdog NAME: whether the timer of curfew-NAME runs, and what its last run came to.
database_watchdog() {
  [ -f "/etc/curfew/$1.sh" ] || return 0
  timer=none
  if [ -f "/etc/systemd/system/curfew-$1.timer" ] && [ -d /run/systemd/system ]; then
    timer=$(within systemctl is-active "curfew-$1.timer" 2>/dev/null)
  fi
  ran='' pace='' came=''
  { read -r ran pace came <"/run/curfew-$1/last"; } 2>/dev/null
  read -r up rest </proc/uptime
  fresh=no
  case $ran$pace in
    '' | *[!0-9]*) fresh=never came='' ;;
    *) [ $((${up%%.*} - ran)) -gt $((pace * 3 + 60)) ] || [ "$ran" -gt "${up%%.*}" ] || fresh=yes ;;
  esac
  case $came in *[[:cntrl:]]*) came=unprintable ;; esac
  section "$1-watchdog" "$timer" "$fresh" "$came"
}
