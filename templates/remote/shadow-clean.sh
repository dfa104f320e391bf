#!/bin/sh
# Ends a shadow instance, its sessions and everything that was started in them, then removes its
# directory. May run twice, and at the same time as another of its kind.
#
# A process belongs to the instance when it descends from it, holds a socket on its port, carries its
# SSH_CONNECTION in the environment, or shares an audit session or a login scope with one that does:
# a program may leave its parent, its terminal and its environment, but none of those last two.
#
# `note` ends nothing. It writes down the audit sessions and scopes that are the instance's now: when the
# controller dies, whole sessions may end before the clean-up sees them, but for what ran away from them.

main() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  cd / || return
  dir=/run/curfew-shadow-{{token}}
  [ -d "$dir" ] || return 0
  port=
  listener=
  { read -r port <"$dir/port"; read -r listener <"$dir/pid"; } 2>/dev/null
  { IFS= read -r logins <"$dir/logins"; } 2>/dev/null
  if [ "${1:-}" = note ]; then
    noting=yes
    remember
    echo "$logins" >"$dir/logins.new" && mv "$dir/logins.new" "$dir/logins"
    return
  fi
  if [ -n "$port" ]; then
    remember
    stop_listener
    # sshd ends a session properly on TERM: records the logout, hangs up the terminal.
    only=sshd
    send TERM 20
    only=
    send HUP 5
    remember
    send KILL 10
    remember
    send KILL 20
  fi
  # Twice: a note may have been written meanwhile.
  rm -rf "$dir" || rm -rf "$dir"
}

# Adds to `known` what belongs to the instance now, as PID:START pairs, and to `logins` its audit sessions
# and scopes: what was started just before the last known process of a login ended has nothing else.
known=' '
logins=' '
noting=
remember() {
  for found in $({ processes; seeds; sed 's/^/own /' "$dir/own"; logins; } 2>/dev/null | awk "$closure"); do
    case $found in
      audit=* | scope=*) case $logins in *" $found "*) ;; *) logins="$logins$found " ;; esac ;;
      *) case $known in *" $found "*) ;; *) known="$known$found " ;; esac ;;
    esac
  done
}

logins() {
  for login in $logins; do echo "login ${login%%=*} ${login#*=}"; done
}

# `is PID PARENT START AUDIT SCOPE` for every process but the shell that runs this.
processes() {
  for process in /proc/[0-9]*; do
    { read -r stat <"$process/stat"; } || continue
    # shellcheck disable=SC2086 # the fields behind `PID (name) `
    set -- ${stat##*) }
    audit=-
    read -r audit <"$process/sessionid"
    scope=-
    while IFS= read -r line; do
      case $line in */session-*.scope*) scope=${line##*/session-}; scope=session-${scope%%.scope*}.scope ;; esac
    done <"$process/cgroup"
    echo "is ${process#/proc/} $2 ${20} ${audit:--} $scope"
  done
}

seeds() {
  [ -z "$listener" ] || echo "seed $listener"
  # What has just begun descends from it; the rest takes a second where tens of thousands of files are open.
  [ -z "$noting" ] || return 0
  # Left from this shell's own subshells: none carries the marker.
  marker="SSH_CONNECTION=127[.]0[.]0[.]1 [0-9]* 127[.]0[.]0[.]1 $port"
  grep -ls "$marker" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
    if { tr '\000' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -qx "$marker"; then echo "seed $pid"; fi
  done
  inodes=$(awk -v port="$(printf ':%04X' "$port")" '$2 == "0100007F" port && $10 > 0 { print $10 }' /proc/net/tcp)
  [ -n "$inodes" ] || return 0
  # shellcheck disable=SC2012 # the names are numbers
  ls -l /proc/[0-9]*/fd | awk -v inodes="$inodes" '
    BEGIN { n = split(inodes, list, "\n"); for (i = 1; i <= n; i++) wanted["socket:[" list[i] "]"] = 1 }
    /^\/proc\// { split($0, part, "/"); pid = part[3] }
    $NF in wanted { print "seed " pid }'
}

# shellcheck disable=SC2016 # an awk program
closure='
$1 == "is" { parent[$2] = $3; start[$2] = $4; audit[$2] = $5; scope[$2] = $6 }
$1 == "seed" { mine[$2] = 1 }
$1 == "login" { ours[$2 " " $3] = 1 }
$1 == "own" && $2 == "audit" { foreign["audit " $3] = 1 }
$1 == "own" && $2 == "scope" { foreign["scope " $3] = 1 }
END {
  foreign["audit -"] = foreign["audit 0"] = foreign["audit 4294967295"] = foreign["scope -"] = 1
  do {
    grown = 0
    for (pid in start) {
      if (pid + 0 <= 1 || pid in done) continue
      if (!(pid in mine) && !(parent[pid] in mine) && !(("audit " audit[pid]) in ours) && !(("scope " scope[pid]) in ours)) continue
      mine[pid] = done[pid] = grown = 1
      if (!(("audit " audit[pid]) in foreign)) ours["audit " audit[pid]] = 1
      if (!(("scope " scope[pid]) in foreign)) ours["scope " scope[pid]] = 1
    }
  } while (grown)
  for (pid in done) print pid ":" start[pid]
  for (login in ours) { split(login, word, " "); print word[1] "=" word[2] }
}'

stop_listener() {
  for each in $known; do
    case $each in "$listener:"*) kill -TERM "$listener" 2>/dev/null ;; esac
  done
}

# send SIGNAL TENTHS: to what is left (of `only`), then waits until all is gone, at most so long.
send() {
  for each in $known; do
    if concerned "$each"; then kill "-$1" "${each%:*}" 2>/dev/null; fi
  done
  tenths=$2
  while [ "$tenths" -gt 0 ] && any_left; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
}

any_left() {
  for each in $known; do
    if concerned "$each"; then return 0; fi
  done
  return 1
}

concerned() {
  alive "$1" || return
  name=
  { read -r name <"/proc/${1%:*}/comm"; } 2>/dev/null
  case $name in "$only"*) ;; *) return 1 ;; esac
}

# alive PID:START. The number may have been given to another process since; a zombie is dead.
alive() {
  wanted=$1
  { read -r stat <"/proc/${1%:*}/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # the fields behind `PID (name) `
  set -- ${stat##*) }
  [ "$1" != Z ] && [ "${20}" = "${wanted#*:}" ]
}

main "$@"
