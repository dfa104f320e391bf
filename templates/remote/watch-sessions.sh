#!/bin/sh
# Tells when sessions end, as the host itself sees it, and ends programs that probes left behind. Runs as
# root; touches nothing but processes with a probe's token in their environment, and that token's socket.
#
# Standard input: `scan`, `watch PID`, `programs TOKEN`, `reap TOKEN`, or anything else as a sign of life;
# its end ends the script, and so do 45 s of silence. Whatever was asked about is reaped then. Output:
#   ready | fail REASON
#   session SHELL SSHD USER CLIENT PORT SERVER PORT   each SSH session with a terminal (process numbers) that
#                                                     was not told before
#   scanned                                           that were all
#   program TOKEN NAME                                a process that carries CURFEW_PROBE=TOKEN
#   listed TOKEN | reaped TOKEN                       that were all; none is left
#   gone PID                                          at most 0.2 s after a watched process ended

# Hundreds of sessions are watched and asked about at once. So one process does nothing but see them end, in
# time; and another answers all that was asked meanwhile with one look at the processes.

# shellcheck disable=SC2094 # the queues are read and written on purpose
main() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  # bash takes TMOUT for the timeout of `read`.
  unset ENV BASH_ENV CDPATH TMOUT
  cd / || return
  umask 077
  [ -r /proc/self/stat ] || { echo "fail this host has no /proc"; return 1; }
  directory=$(mktemp -d /run/curfew-watch-XXXXXX) || { echo "fail nothing can be written to /run"; return 1; }
  exec 3>>"$directory/ends" 4<"$directory/ends" 5>>"$directory/asked" 6<"$directory/asked"
  # Gone at once: open files need no name, and nothing can stay behind.
  rm -rf "$directory"
  echo ready
  watch &
  watcher=$!
  answer &
  answerer=$!
  while IFS= read -r line; do
    remember_token "$line"
    case $line in
      scan | "programs "* | "reap "*) printf '%s\n' "$line" >&5; echo beat >&3 ;;
      *) printf '%s\n' "$line" >&3 ;;
    esac
  done
  kill "$watcher" "$answerer" 2>/dev/null
  # shellcheck disable=SC2086 # a list of hexadecimal digits
  reap $tokens
}

tokens=
remember_token() {
  case $1 in "programs "*) ;; *) return ;; esac
  case ${1#* } in '' | *[!0-9a-f]*) return ;; esac
  case " $tokens " in *" ${1#* } "*) ;; *) tokens="$tokens ${1#* }" ;; esac
}

watch() {
  watched=
  silence=0
  while kill -0 "$$" 2>/dev/null; do
    while read -r word argument <&4; do
      silence=0
      [ "$word" != watch ] || watched="$watched $argument"
    done
    look
    silence=$((silence + 1))
    if [ $silence -gt 300 ]; then
      kill "$$"
      return
    fi
    sleep 0.15
  done
}

# Built-in commands only: this runs six times a second, perhaps for hundreds of sessions.
look() {
  still=
  for pid in $watched; do
    if [ -d "/proc/$pid" ]; then still="$still $pid"; else echo "gone $pid"; fi
  done
  watched=$still
}

# shellcheck disable=SC2086 # lists of hexadecimal digits
answer() {
  while kill -0 "$$" 2>/dev/null; do
    scans=0
    listed=
    reaped=
    while read -r word argument <&6; do
      remember_token "$word $argument"
      case $word in
        scan) scans=$((scans + 1)) ;;
        programs) listed="$listed $argument" ;;
        reap) reaped="$reaped $argument" ;;
      esac
    done
    [ $scans -eq 0 ] || scan "$scans"
    [ -z "$listed" ] || programs $listed
    [ -z "$reaped" ] || { reap $reaped; for each in $reaped; do echo "reaped $each"; done; } &
    sleep 0.15
  done
  # The controller is gone without a word, or was silent for too long.
  reap $tokens
}

# marked TOKEN...: lines `PID TOKEN`. A zombie has no environment, and the tokens are nobody else's.
marked() {
  grep -aoHs 'CURFEW_PROBE=[0-9a-f]*' /proc/[0-9]*/environ 2>/dev/null | while read -r found; do
    case " $* " in *" ${found##*=} "*) ;; *) continue ;; esac
    found=${found#/proc/}
    echo "${found%%/*} ${found##*=}"
  done
}

programs() {
  marked "$@" | while read -r pid token; do
    if { read -r name <"/proc/$pid/comm"; } 2>/dev/null; then printf 'program %s %s\n' "$token" "$name"; fi
  done
  for each in "$@"; do echo "listed $each"; done
}

reap() {
  [ $# -gt 0 ] || return 0
  for signal in HUP TERM KILL; do
    pids=$(marked "$@" | while read -r pid _; do echo "$pid"; done)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086 # a list of numbers
    kill "-$signal" $pids 2>/dev/null
    sleep 0.3
  done
  # Where a probe's tmux listened: it leaves its socket behind.
  for each in "$@"; do
    case $each in '' | *[!0-9a-f]*) ;; *) rm -f "/tmp/curfew-probe-$each" ;; esac
  done
}

# A session's shell leads its own session on a terminal and is a child of sshd. Told once: what it takes to
# read somebody's environment is too much for hundreds of them, again and again.
told=' '
scan() {
  for process in /proc/[0-9]*; do
    { read -r stat <"$process/stat"; } 2>/dev/null || continue
    pid=${process#/proc/}
    # shellcheck disable=SC2086 # the fields behind `PID (name) `
    set -- "$1" ${stat##*) }
    if [ "$5" != "$pid" ] || [ "$6" = 0 ]; then continue; fi
    case $told in *" $pid:${21} "*) continue ;; esac
    parent=
    { read -r parent <"/proc/$3/comm"; } 2>/dev/null
    case $parent in sshd*) tell "$pid" "$3" "${21}" ;; esac
  done
  while [ "$1" -gt 0 ]; do
    echo scanned
    set -- $(($1 - 1))
  done
}

# tell SHELL SSHD START: what a process says of itself counts only where root's own sshd has that connection, as its
# name and its environment are anybody's to choose.
tell() {
  monitor_of "$2" || return 0
  from=
  user=
  environment=$(tr '\000\n' '\n ' <"/proc/$1/environ" 2>/dev/null)
  # Not the shell yet: sshd is still about to become it.
  case "
$environment" in *"
SSH_CONNECTION="*) ;; *) return ;; esac
  while IFS= read -r variable; do
    case $variable in
      SSH_CONNECTION=*) from=${variable#*=} ;;
      LOGNAME=*) user=${variable#*=} ;;
    esac
  done <<EOT
$environment
EOT
  told="$told$1:$3 "
  case $from in *[!0-9A-Za-z.:%_\ -]*) return ;; esac
  # shellcheck disable=SC2086 # two addresses, each with its port
  ! is_connected "$monitor" $from || printf 'session %s %s %s %s\n' "$1" "$2" "$user" "$from"
}

# Sets `monitor` to the sshd of root's for that connection: the one given, or the one above it where that has taken
# on the account (PRIVILEGE SEPARATION). Built-in commands first, for whoever has thousands of processes.
monitor_of() {
  monitor=$1
  if ! is_roots "$monitor"; then
    { read -r stat <"/proc/$monitor/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086 # the fields behind `PID (name) `
    set -- ${stat##*) }
    monitor=$2
    is_roots "$monitor" || return 1
  fi
  exe=$(readlink "/proc/$monitor/exe" 2>/dev/null)
  case ${exe% (deleted)} in */sshd | */sshd-session) ;; *) return 1 ;; esac
}

# Not only for the moment, as somebody's set-user-ID program is.
is_roots() {
  while read -r field real effective saved _; do
    case $field in Uid:) [ "$real$effective$saved" = 000 ]; return ;; esac
  done 2>/dev/null <"/proc/$1/status"
  return 1
}

# is_connected PID CLIENT PORT SERVER PORT: whether a TCP socket of the process has these two ends.
is_connected() {
  [ $# -eq 5 ] || return 1
  # shellcheck disable=SC2012 # numbers, and what they lead to
  sockets=$(ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)]$/\1/p' | tr '\n' ' ')
  [ -n "$sockets" ] || return 1
  [ -n "${order:-}" ] || order=$(printf '\001\000' | od -An -td2 | tr -d ' ')
  cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null |
    awk -v sockets=" $sockets" -v order="$order" -v client="$2" -v from="$3" -v server="$4" -v to="$5" "$ends"
}

# The kernel prints addresses as words of four bytes in the order of the machine.
# shellcheck disable=SC2016 # an awk program
ends='
BEGIN { remote = hexadecimal(client) sprintf(":%04X", from); here = hexadecimal(server) sprintf(":%04X", to) }
index(sockets, " " $10 " ") && whole($2) == here && whole($3) == remote { found = 1; exit }
END { exit !found }
# An IPv4 address is one that is mapped into IPv6.
function whole(end) {
  return length(end) > 13 ? end : "00000000" "00000000" word("0", "0", "255", "255") end
}
function word(a, b, c, d) {
  return order == 1 ? sprintf("%02X%02X%02X%02X", d, c, b, a) : sprintf("%02X%02X%02X%02X", a, b, c, d)
}
function hexadecimal(text,   part, count, i, half, left, right, missing, byte, out) {
  sub(/%.*/, "", text)
  if (text !~ /:/) {
    split(text, part, ".")
    return "0000000000000000" word("0", "0", "255", "255") word(part[1], part[2], part[3], part[4])
  }
  count = split(text, half, "::")
  left = half[1] == "" ? 0 : split(half[1], part, ":")
  for (i = 1; i <= left; i++) byte[i] = part[i]
  right = count < 2 || half[2] == "" ? 0 : split(half[2], part, ":")
  for (i = 1; i <= right; i++) byte[8 - right + i] = part[i]
  for (i = 1; i <= 8; i += 2) out = out word(high(byte[i]), low(byte[i]), high(byte[i + 1]), low(byte[i + 1]))
  return out
}
function high(group) { return number(substr("0000" group, length(group) + 1, 2)) }
function low(group) { return number(substr("0000" group, length(group) + 3, 2)) }
function number(digits) {
  digits = tolower(digits)
  return (index("0123456789abcdef", substr(digits, 1, 1)) - 1) * 16 + index("0123456789abcdef", substr(digits, 2, 1)) - 1
}
'

main
