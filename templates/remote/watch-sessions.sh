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

# tell SHELL SSHD START
tell() {
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
  printf 'session %s %s %s %s\n' "$1" "$2" "$user" "$from"
  told="$told$1:$3 "
}

main
