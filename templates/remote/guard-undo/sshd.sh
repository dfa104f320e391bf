
# --- sshd ------------------------------------------------------------------------------------------------
# How sshd is made to read its files, decided by what runs at this very moment: the facts are older, and the
# timer's undo comes a while later. Nothing is ever started or restarted over a living listener: it could not
# bind, its unit would fail, and systemd take the directory away without which the living one refuses everybody.

sshd={{sshd}}
main={{main}}
manager={{manager}}
unit={{unit}}
perconnection={{perconnection}}

# Sets `daemon` to the listener that this change is about, empty where none lives: the one through which curfew
# came, else its unit's main process, the PidFile's, or whichever reads the same file.
find_daemon() {
  for daemon in {{pid}}; do ! is_listener "$daemon" || return 0; done
  for daemon in $(main_process "$unit"); do ! is_listener "$daemon" || return 0; done
  for daemon in $(cat /run/sshd.pid /var/run/sshd.pid 2>/dev/null) $(processes); do
    if is_listener "$daemon" && reads_main && has_sockets "$daemon"; then return 0; fi
  done
  daemon=
}

# Where sockets cannot be seen the rest has to do.
has_sockets() {
  [ ! -r "/proc/$1/net/tcp" ] || [ -n "$(sockets "$1")" ]
}

main_process() {
  [ -n "$1" ] && under_systemd && systemctl show -p MainPID "$1" 2>/dev/null | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p'
}

under_systemd() {
  [ -d /run/systemd/system ] && command -v systemctl >/dev/null
}

processes() {
  for process in /proc/[0-9]*; do printf '%s\n' "${process##*/}"; done
}

# Leaves the process's command line in `title`. A number may be another program's by now. Sessions call themselves
# "sshd: user [priv]", listeners "sshd: COMMAND [listener] …", before OpenSSH 8.2 only COMMAND.
is_listener() {
  is_sshd "$1" || return 1
  title=
  [ -e /proc/self/comm ] || return 0
  title=$({ tr '\000' ' ' <"/proc/$1/cmdline"; } 2>/dev/null)
  case $title in
    '' | *curfew-shadow-*) return 1 ;;
    'sshd: '*'[listener]'*) ;;
    'sshd: '* | *' -'[iRTtGV]*) return 1 ;;
  esac
  # Not a container's, nor somebody's own that calls itself sshd.
  [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid 2>/dev/null)" ] && by_root "$1"
}

# Where there is no /proc the number has to do.
is_sshd() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null || return 1
  [ -e /proc/self/comm ] || return 0
  name=
  { read -r name <"/proc/$1/comm"; } 2>/dev/null
  [ -n "$name" ] || return 1
  # A process for each session from OpenSSH 9.8 on. The kernel keeps 15 bytes of a name.
  case $name in sshd-session | sshd-auth) return 1 ;; sshd*) return 0 ;; esac
  case ${sshd##*/} in "$name"*) ;; *) return 1 ;; esac
}

by_root() {
  # shellcheck disable=SC2012 # only the owner is read; POSIX has no stat
  [ "$(ls -dn "/proc/$1" 2>/dev/null | awk '{ print $3 }')" = 0 ]
}

# Whether the process with this `title` reads the file that was changed.
reads_main() {
  case $title in
    *' -f'*)
      file=${title##* -f}
      file=${file# }
      file=${file%% *}
      [ "$(real "$file")" = "$main" ] ;;
    *) [ "$(real /etc/ssh/sshd_config)" = "$main" ] || [ "$(real /usr/etc/ssh/sshd_config)" = "$main" ] ;;
  esac
}

real() {
  readlink -f -- "$1" 2>/dev/null || printf '%s' "$1"
}

# The inodes of a process's listening sockets: sshd opens new ones when SIGHUP makes it execute itself anew.
sockets() {
  [ -z "$1" ] || listening "$1" | sed 's/ .*//'
}

# Lines of INODE ADDRESS:PORT, as /proc/net/tcp has them.
listening() {
  { open_sockets "$1" | sed 's/^/own /'; cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null; } | awk '
    $1 == "own" { own[$2] = 1; next }
    $4 == "0A" && ($10 in own) { print $10, $2 }'
}

open_sockets() {
  # shellcheck disable=SC2012 # one process for all; the names are numbers
  ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p'
}

# Whether systemd holds the daemon's socket as well: after SIGHUP such an sshd cannot bind again, and ends.
activated() {
  under_systemd || return 1
  held=$(open_sockets 1)
  # Where nobody may look at process 1 (hardened kernels), systemd says what it has.
  [ -n "$held" ] || { [ -n "$(active_sockets no)" ] && return 0; }
  for inode in $(sockets "$daemon"); do
    case "
$held
" in *"
$inode
"*) return 0 ;; esac
  done
  return 1
}

# active_sockets ACCEPT: the socket units that listen for sshd now.
active_sockets() {
  under_systemd || return 0
  # shellcheck disable=SC2046 # split on purpose: names of units
  systemctl show -p Id,ActiveState,Accept ssh.socket sshd.socket $(triggers) $(cat "$guard/sockets" 2>/dev/null) 2>/dev/null |
    awk -F= -v accept="$1" '
      function flush() { if (value["ActiveState"] == "active" && value["Accept"] == accept) print value["Id"]; split("", value) }
      NF == 0 { flush() }
      { value[$1] = $2 }
      END { flush() }' | sort -u
}

triggers() {
  case $unit in
    *.service) systemctl show -p TriggeredBy "$unit" 2>/dev/null | sed 's/^TriggeredBy=//' | tr ' ' '\n' | grep '\.socket$' ;;
    *.socket) printf '%s\n' "$unit" ;;
  esac
}

# Makes sshd read its files, and sees to it that a new connection gets an answer. What it put right, and why it
# failed, is said on standard output. 2: sshd refuses the files, and the daemon that lives was left alone.
reload_sshd() {
  find_daemon
  if ! right_configuration; then
    printf 'sshd refuses the configuration: %s\n' "$(printf '%s' "$complaint" | tr '\n' ' ')"
    [ -z "$daemon" ] || return 2
  fi
  once=$daemon
  take_up || return 1
  find_daemon
  # A unit that failed or was restarted took the directory away.
  [ "$daemon" = "$once" ] || right_configuration
  answers || { mend && answers; } || { no_answer; return 1; }
}

take_up() {
  if [ -n "$daemon" ] && ! activated; then
    hang_up && return 0
    ! alive || return 1
    # It ended all the same: nothing lives that could be started over.
    find_daemon
    [ -z "$daemon" ] || return 0
    printf 'sshd ended when it was reloaded\n'
    start_sshd
  elif [ -n "$daemon" ]; then
    restart_activated
  elif [ -n "$(active_sockets yes)" ]; then
    # An sshd for each connection, which reads the files anew.
    :
  elif [ -n "$(active_sockets no)" ]; then
    # Whoever comes next starts it.
    reset_failed
  elif [ "$perconnection" != yes ] || [ -s "$guard/sockets" ]; then
    start_sshd
  fi
}

alive() {
  [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null
}

# Ready means: new listening sockets. Where they cannot be seen it has to live on.
hang_up() {
  before=$(sockets "$daemon")
  kill -HUP "$daemon" 2>/dev/null || return 1
  if halted; then
    kill -CONT "$daemon"
    printf 'sshd was halted by a signal (SIGSTOP): it was continued\n'
  fi
  round=0
  while [ "$round" -lt 100 ] && alive; do
    now=$(sockets "$daemon")
    [ -z "$now" ] || [ "$now" = "$before" ] || return 0
    [ -n "$before" ] || [ "$round" -lt 10 ] || return 0
    round=$((round + 1))
    short_sleep
  done
  ! alive || printf 'sshd (process %s) did not take the signal up: its sockets are still the old ones\n' "$daemon"
  return 1
}

halted() {
  case $(sed 's/.*) //' "/proc/$daemon/stat" 2>/dev/null) in T*) ;; *) return 1 ;; esac
}

short_sleep() {
  sleep 0.1 2>/dev/null || sleep 1
}

# systemd keeps the socket all the while: whoever comes in between waits for the new sshd. Sessions live on.
restart_activated() {
  socket=$(active_sockets no | head -n 1)
  service=$(service_of "${socket:-ssh.socket}")
  case $(systemctl show -p LoadState "$service" 2>/dev/null) in
    *=loaded) ;;
    *) printf '%s cannot be restarted: it is %s\n' "$service" "$(systemctl show -p LoadState "$service" | sed 's/.*=//')"; return 1 ;;
  esac
  keep_sessions || { sessions_kept; printf '%s cannot be restarted: sessions would end with it\n' "$service"; return 1; }
  if [ "$(main_process "$service")" = "$daemon" ]; then
    said=$(bounded 30 systemctl restart "$service" 2>&1)
  else
    end_daemon && said=$(systemctl reset-failed "$service" 2>/dev/null; bounded 30 systemctl start "$service" 2>&1)
  fi
  status=$?
  sessions_kept
  [ "$status" -eq 0 ] || printf '%s did not restart: %s\n' "$service" "$(printf '%s' "$said" | tr '\n' ' ')"
  return "$status"
}

service_of() {
  service=$(systemctl show -p Triggers "$1" 2>/dev/null | sed 's/^Triggers=//; s/ .*//')
  printf '%s' "${service:-${unit:-ssh.service}}"
}

# Distributions ship KillMode=process; any other ends sessions that PAM did not move elsewhere.
keep_sessions() {
  kept=
  case $(systemctl show -p KillMode "$service" 2>/dev/null) in *=process | *=none) return 0 ;; esac
  # Drop-ins count in the order of their names, wherever they are.
  kept=/run/systemd/system/$service.d/zzzz-curfew-$token.conf
  mkdir -p "${kept%/*}" && printf '[Service]\nKillMode=process\n' >"$kept" && systemctl daemon-reload &&
    case $(systemctl show -p KillMode "$service") in *=process) ;; *) return 1 ;; esac
}

sessions_kept() {
  [ -n "$kept" ] || return 0
  rm -f "$kept"
  rmdir "${kept%/*}" 2>/dev/null
  systemctl daemon-reload
}

# The listener alone; sessions are processes of their own.
end_daemon() {
  kill -TERM "$daemon" 2>/dev/null
  round=0
  while kill -0 "$daemon" 2>/dev/null; do
    round=$((round + 1))
    [ "$round" -lt 50 ] || return 1
    short_sleep
  done
}

reset_failed() {
  # shellcheck disable=SC2046 # split on purpose: names of units
  ! under_systemd || systemctl reset-failed ${unit:+"$unit"} $(triggers) $(cat "$guard/sockets" 2>/dev/null) 2>/dev/null
  return 0
}

# No listener lives. Whatever else holds the port is not ended for it.
start_sshd() {
  reset_failed
  if port=$(taken); then
    printf 'no sshd runs that is known here, and something else listens on port %s\n' "$port"
    return 1
  fi
  case $manager in
    systemd) for service in $(cat "$guard/sockets" 2>/dev/null) "$unit"; do ! start_unit "$service" || return 0; done ;;
    openrc) bounded 30 rc-service "$unit" restart >/dev/null 2>&1 && started "$unit" && return 0 ;;
    sysv) bounded 30 service "$unit" restart >/dev/null 2>&1 && started "$unit" && return 0 ;;
    runit) bounded 30 sv start "$unit" >/dev/null 2>&1 && started "$unit" && return 0 ;;
  esac
  by_hand && started "sshd, by hand"
}

# What a script of sysvinit's has started is active without a process of its own (systemd-sysv-generator(8)): to start
# it does nothing. No listener lives, so nothing is restarted over one.
start_unit() {
  verb=start
  case $(systemctl show -p ActiveState,MainPID "$1" 2>/dev/null | sort | tr '\n' ' ') in
    'ActiveState=active MainPID=0 ') verb=restart ;;
  esac
  bounded 30 systemctl "$verb" "$1" >/dev/null 2>&1 || return 1
  case $1 in
    *.socket) printf 'no sshd ran any more: %s was started\n' "$1" ;;
    *) started "$1" ;;
  esac
}

started() {
  round=0
  find_daemon
  while [ -z "$daemon" ]; do
    round=$((round + 1))
    [ "$round" -lt 30 ] || return 1
    short_sleep
    find_daemon
  done
  printf 'no sshd ran any more: %s was started\n' "$1"
}

# Where its unit is masked, or does not start: with the options that it had. In a control group of its own, since
# that of a timer or of a session ends with it.
by_hand() {
  right_configuration || return 1
  # shellcheck disable=SC2046 # split on purpose: the words of a command line
  set -- $(cat "$guard/command" 2>/dev/null)
  for word do
    shift
    case $word in -D | -e | -d*) ;; *) set -- "$@" "$word" ;; esac
  done
  case " $* " in *' -f'*) ;; *) set -- -f "$main" "$@" ;; esac
  if under_systemd && command -v systemd-run >/dev/null; then
    systemd-run --quiet --unit="curfew-sshd-$token" --description='sshd, started by curfew as its own unit did not start' \
      --property=KillMode=process "$sshd" -D "$@" >/dev/null 2>&1
  else
    "$sshd" "$@" >/dev/null 2>&1
  fi
}

# What the daemon was, for whoever has to bring it back.
remember_daemon() {
  find_daemon
  words=${title#sshd: }
  words=${words%% \[listener\]*}
  [ -z "$daemon" ] || case $words in *' '*) printf '%s\n' "${words#* }" >"$guard/command" ;; esac
  if [ -z "$daemon" ]; then active_sockets yes; elif activated; then active_sockets no; fi >"$guard/sockets"
}

# The files are as they were before: sshd has to read those. "unloaded" says why it did not.
restart_sshd() {
  said=$(reload_sshd)
  status=$?
  rm -f "$guard/unloaded"
  # A configuration that somebody broke: the daemon stays as it is, and never read what was taken back.
  [ "$status" -ne 2 ] || [ -e "$guard/reloading" ] || return 0
  if [ "$status" -ne 0 ]; then
    { printf '%s\n' "${said:-sshd did not reload}" >"$guard/unloaded"; } 2>/dev/null
  elif [ -n "$said" ]; then
    { printf '%s\n' "$said" >"$guard/noted"; } 2>/dev/null
  fi
  [ -n "$said" ] || return "$status"
  ! command -v logger >/dev/null ||
    printf '%s\n' "$said" | sed "s/^/change $token by $owner: /" | logger -t curfew -p authpriv.warning 2>/dev/null
  return "$status"
}
