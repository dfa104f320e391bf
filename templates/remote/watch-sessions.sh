#!/bin/sh
# Tells when sessions end, as the host itself sees it, and ends programs that probes left behind. Runs as
# root; touches nothing but processes with a probe's token in their environment, and that token's socket.
#
# Standard input: `scan`, `watch PID`, `programs TOKEN`, `reap TOKEN`, or anything else as a sign of life;
# its end ends the script, and so do 45 s of silence. Whatever was asked about is reaped then. Output:
#   ready | fail REASON
#   session SHELL SSHD USER CLIENT PORT SERVER PORT   each SSH session with a terminal (process numbers)
#   scanned                                           that were all
#   program TOKEN NAME                                a process that carries CURFEW_PROBE=TOKEN
#   listed TOKEN | reaped TOKEN                       that were all; none is left
#   gone PID                                          at most 0.2 s after a watched process ended

# shellcheck disable=SC2015,SC2094 # "A && B || next" is meant; the queue is read and written on purpose
main() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  # bash takes TMOUT for the timeout of `read`.
  unset ENV BASH_ENV CDPATH TMOUT
  cd / || return
  umask 077
  [ -r /proc/self/stat ] || { echo "fail this host has no /proc"; return 1; }
  queue=$(mktemp /run/curfew-watch-XXXXXX) || { echo "fail nothing can be written to /run"; return 1; }
  exec 3>>"$queue" 4<"$queue"
  # Gone at once: an open file needs no name, and nothing can stay behind.
  rm -f "$queue"
  echo ready
  watch &
  watcher=$!
  while IFS= read -r line; do
    remember_token "$line"
    printf '%s\n' "$line" >&3
  done
  kill "$watcher" 2>/dev/null
  reap_all
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
      remember_token "$word $argument"
      case $word in
        scan) scan ;;
        watch) watched="$watched $argument" ;;
        programs) programs "$argument" ;;
        reap) { reap "$argument"; echo "reaped $argument"; } & ;;
      esac
    done
    look
    silence=$((silence + 1))
    if [ $silence -gt 300 ]; then
      reap_all
      kill "$$"
      return
    fi
    sleep 0.15
  done
  reap_all
}

# Built-in commands only: this runs six times a second, perhaps for hundreds of sessions.
look() {
  still=
  for pid in $watched; do
    if [ -d "/proc/$pid" ]; then still="$still $pid"; else echo "gone $pid"; fi
  done
  watched=$still
}

# A zombie has no environment, and the token is nobody else's.
marked() {
  grep -ls "CURFEW_PROBE=$1" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do echo "$pid"; done
}

programs() {
  for pid in $(marked "$1"); do
    { read -r name <"/proc/$pid/comm"; } 2>/dev/null && printf 'program %s %s\n' "$1" "$name"
  done
  echo "listed $1"
}

reap() {
  case $1 in '' | *[!0-9a-f]*) return ;; esac
  for signal in HUP TERM KILL; do
    pids=$(marked "$1")
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086 # a list of numbers
    kill "-$signal" $pids 2>/dev/null
    sleep 0.3
  done
  # Where the probe's tmux listened: it leaves its socket behind.
  rm -f "/tmp/curfew-probe-$1"
}

reap_all() {
  for token in $tokens; do reap "$token" >/dev/null 2>&1; done
}

# A session's shell leads its own session on a terminal and is a child of sshd.
scan() {
  for process in /proc/[0-9]*; do
    { read -r stat <"$process/stat"; } 2>/dev/null || continue
    pid=${process#/proc/}
    # shellcheck disable=SC2086 # the fields behind `PID (name) `
    set -- ${stat##*) }
    [ "$4" = "$pid" ] && [ "$5" != 0 ] || continue
    parent=
    { read -r parent <"/proc/$2/comm"; } 2>/dev/null
    case $parent in sshd*) ;; *) continue ;; esac
    tr '\000\n' '\n ' <"$process/environ" 2>/dev/null | {
      from=
      user=
      while IFS= read -r variable; do
        case $variable in
          SSH_CONNECTION=*) from=${variable#*=} ;;
          LOGNAME=*) user=${variable#*=} ;;
        esac
      done
      [ -z "$from" ] || printf 'session %s %s %s %s\n' "$pid" "$2" "$user" "$from"
    }
  done
  echo scanned
}

main
