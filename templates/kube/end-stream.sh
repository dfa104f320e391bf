#!/bin/sh
# Ends one kubectl when its session has ended: sh end-stream.sh PID START END IDLE TERMINAL
# START is the process's start time (field 22 of /proc/PID/stat), END the last moment of the session in seconds after
# the start of the machine, IDLE how long without a key; each may be empty. Goes away with that kubectl.
# A file CURFEW_ENDED is made before it ends one: kubectl catches the signal, so its end does not tell whose it was.
set -u
pid=$1 start=$2 end=$3 idle=$4 terminal=$5

is_there() {
  IFS= read -r stat 2>/dev/null <"/proc/$pid/stat" || return 1
  # shellcheck disable=SC2086 # fields, after the name in brackets
  set -- ${stat##*) }
  [ $# -ge 20 ] || return 1
  shift 19
  [ "$1" = "$start" ]
}

uptime() {
  IFS=' ' read -r up rest </proc/uptime || exit 1
  up=${up%.*}
}

uptime
last=$up
while is_there; do
  uptime
  if [ -n "$terminal" ] && [ -n "$idle" ] && pressed=$(stat -c %X "$terminal" 2>/dev/null); then
    age=$(($(date +%s) - pressed))
    # A clock that was set back makes a key press look newer than it is, never newer than now.
    [ "$age" -ge 0 ] && [ $((up - age)) -gt "$last" ] && last=$((up - age))
  fi
  left=5
  if [ -n "$end" ] && [ $((end - up)) -lt "$left" ]; then left=$((end - up)); fi
  if [ -n "$idle" ] && [ $((last + idle - up)) -lt "$left" ]; then left=$((last + idle - up)); fi
  if [ "$left" -le 0 ]; then
    [ -z "${CURFEW_ENDED:-}" ] || : >"$CURFEW_ENDED"
    kill -TERM "$pid"
    exit 0
  fi
  sleep "$left"
done
