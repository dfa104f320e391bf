#!/bin/sh
# A second instance of the host's own sshd, on loopback only, for probes. Runs as root.
#
# Standard input is the controller: every line is a sign of life, `stop` or its end is the order to
# clean up. Standard output, one line each, first word says what it is:
#   fail REASON   nothing was started, or it did not come up; everything is cleaned up
#   hostkey BLOB  a key the instance may present
#   effective U   what follows (`is KEYWORD VALUE`) is the configuration that holds for account U
#   ready PORT    it listens
#   log LINE      a line of its log
#   done          everything is gone
#
# Three nets below this script: the guard (no sign of life for 45 s, or this script killed), systemd
# (the guard killed, or the deadline passed), and /run, which no reboot survives.

main() {
  settings
  [ -r /proc/self/stat ] || { say fail "this host has no /proc"; return 1; }
  case $sshd in /*) ;; *) say fail "the sshd binary was not found"; return 1 ;; esac
  # A handler, not "ignore": what is ignored here would be ignored in every shell that is probed.
  trap : PIPE
  trap 'finish; exit 1' HUP INT TERM
  prepare 2>"$dir.error" || give_up "$(head -c 300 "$dir.error")"
  rm -f "$dir.error"
  start || give_up "$reason"
  describe
  relay &
  relay=$!
  obey
  finish
  say "done"
}

settings() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  # bash takes TMOUT for the timeout of `read`.
  unset ENV BASH_ENV CDPATH TMOUT
  umask 077
  token={{token}}
  sshd={{sshd}}
  deadline={{deadline}}
  dir=/run/curfew-shadow-$token
  unit=curfew-shadow-$token.service
  reason=
  relay=
}

say() {
  printf '%s\n' "$*"
}

give_up() {
  finish
  rm -f "$dir.error"
  say fail "$1"
  exit 1
}

# --- the private directory -----------------------------------------------------------------------

# 0711: sshd reads an account's keys as that account (StrictModes), nobody can list the names.
prepare() {
  sweep
  mkdir -m 0711 "$dir" "$dir/keys" || return
  mkdir -m 0700 "$dir/copies" || return
  own_identity >"$dir/own"
  echo 0 >"$dir/beat"
  echo "$$" >"$dir/supervisor"
  : >"$dir/replace"
  # Open from now on: what is said there arrives although the guard may clean up before it is looked at.
  : >"$dir/outcome" && exec 4<"$dir/outcome" || return
  printf '%s\n' {{launch}} >"$dir/launch.sh" || return
  printf '%s\n' {{guard}} >"$dir/guard.sh" || return
  printf '%s\n' {{clean}} >"$dir/clean.sh" || return
  set -- {{keys}}
  while [ $# -ge 2 ]; do
    printf '%s' "$2" >"$dir/keys/$1" && chmod 0644 "$dir/keys/$1" || return
    shift 2
  done
  set -- {{files}}
  while [ $# -ge 2 ]; do
    replacement "$1" "$2" || return
    shift 2
  done
}

# What a kill of an earlier script has left before its guard was there to see it: neither of them lives. Two minutes,
# for one that begins just now. Nothing is ended unless its sshd lives: after so long a process with its number, and what
# uses its port, may be somebody's.
sweep() {
  for left in /run/curfew-shadow-*; do
    [ -n "$(find "$left" -maxdepth 0 -type d -mmin +2 2>/dev/null)" ] || continue
    read -r supervisor <"$left/supervisor" && kill -0 "$supervisor" && continue
    grep -qls "$left/guard.sh" /proc/[0-9]*/cmdline && continue
    read -r listener <"$left/pid" && grep -qs "$left/" "/proc/$listener/cmdline" && sh "$left/clean.sh" </dev/null >/dev/null
    rm -rf "$left" "$left.error"
  done 2>/dev/null
}

# What is not a probe's: the audit session and the login scope that this script itself runs in.
own_identity() {
  audit=-
  { read -r audit </proc/self/sessionid; } 2>/dev/null
  echo "audit ${audit:--}"
  sed -n 's/.*\/\(session-[^\/]*\.scope\).*/scope \1/p' /proc/self/cgroup 2>/dev/null
}

# replacement PATH TEXT: a copy with the owner, mode and label of the original, and the new text (as
# printf's %b reads it).
replacement() {
  copies=$((${copies:-0} + 1))
  copy=$dir/copies/$copies
  cp -a -- "$1" "$copy" 2>/dev/null || cp -p -- "$1" "$copy" || return
  printf '%b' "$2" >"$copy" || return
  printf '%s\t%s\n' "$copy" "$1" >>"$dir/replace"
}

# --- start ---------------------------------------------------------------------------------------

# Under systemd the instance runs in a unit of its own, outside this login's session: logind gives
# no session to what already is in one, and the probes must be as real as logins get.
start() {
  if [ -d /run/systemd/system ] && start_unit 2>"$dir/unit-error"; then
    :
  elif command -v setsid >/dev/null 2>&1; then
    # Launched in the foreground: sh starts background commands with interrupts ignored.
    env -i PATH="$PATH" sh "$dir/launch.sh" 4<&- || :
    # shellcheck disable=SC2016 # expanded by that sh
    setsid sh "$dir/guard.sh" </dev/null >/dev/null 2>&1 4<&- &
  else
    reason="the host has neither systemd nor setsid"
    return 1
  fi
  await_launch
}

# LogLevelMax: a probe is no event for the journal (systemd 247 notes it all the same); PAM's record of
# each login stays.
start_unit() {
  systemd-run --quiet --collect --unit="$unit" \
    -p LogLevelMax=notice -p RuntimeMaxSec="$deadline" -p TimeoutStopSec=15 -p KillMode=control-group \
    -p StandardInput=null -p StandardOutput=null -p StandardError=null -p UMask=0022 \
    -p "ExecStopPost=-/bin/sh $dir/clean.sh" \
    /bin/sh "$dir/guard.sh" launch </dev/null 4<&-
}

await_launch() {
  waited=0
  there=yes
  until read -r verdict reason <&4; do
    # Gone before the last look: then nothing more can come.
    [ -n "$there" ] || { reason="it was ended before it said why"; return 1; }
    [ -d "$dir" ] || there=
    waited=$((waited + 1))
    if [ $waited -gt 150 ]; then
      reason="the instance did not come up within 15 s"
      return 1
    fi
    [ -z "$there" ] || sleep 0.1
  done
  port=$reason
  [ "$verdict" = ready ]
}

describe() {
  sed -n 's/^hostkey //p' "$dir/keyfiles" | while IFS= read -r key; do
    blob=$(ssh-keygen -y -P '' -f "$key" 2>/dev/null) || continue
    blob=${blob#* }
    say hostkey "${blob%% *}"
  done
  cat "$dir/effective"
  say ready "$port"
}

# --- while it runs -------------------------------------------------------------------------------

# Passes on the log as it grows, and tells the guard when sessions begin. Ends with this script, even when that
# is killed.
relay() {
  trap - HUP INT TERM PIPE
  exec 3<"$dir/log"
  while [ -d "$dir" ] && kill -0 "$$" 2>/dev/null; do
    while IFS= read -r line <&3; do
      case $line in "Starting session:"*) { true >"$dir/begun"; } 2>/dev/null ;; esac
      say log "$line"
    done
    sleep 0.2
  done
}

obey() {
  beats=0
  while IFS= read -r line; do
    [ "$line" != stop ] || return 0
    beats=$((beats + 1))
    echo "$beats" >"$dir/beat" 2>/dev/null
  done
}

# --- the end -------------------------------------------------------------------------------------

finish() {
  trap '' HUP INT TERM
  [ -z "$relay" ] || kill "$relay" 2>/dev/null
  [ ! -f "$dir/clean.sh" ] || sh "$dir/clean.sh" </dev/null >/dev/null 2>&1
  if [ -d /run/systemd/system ]; then systemctl stop "$unit" >/dev/null 2>&1; fi
  rm -rf "$dir"
}

main
