part_state() {
  [ -d /var/lib/curfew ] || return 0
  file state /var/lib/curfew/lock
  file state /var/lib/curfew/written
  set +f
  set -- /var/lib/curfew/original/*/manifest
  set -f
  for path in "$@"; do
    [ -e "$path" ] || continue
    file state "$path"
    # What revert will want to compare, wherever it is.
    kept=$(awk -F '\t' '$1 != "directory" && $3 ~ /^\// { print $3 }' "$path" 2>/dev/null)
    for_lines own_file "$kept"
  done
  set +f
  set -- /var/lib/curfew/guard/*/armed /var/lib/curfew/guard/*/reverting
  set -f
  for path in "$@"; do
    [ -e "$path" ] || continue
    if printable "$path"; then
      directory=${path%/*}
      section armed "${directory##*/}" "${path##*/}"
      # Since when (two clocks) and for how long; then the same clocks now.
      head -n 1 "$path"
      date +%s
      cat /proc/uptime 2>/dev/null
    fi
  done
  unfinished
  kept_edits
}

# What a run that died left to be brought to its end: a change that is decided, staged files, a lock, the check at boot.
unfinished() {
  held=''
  { read -r held < /var/lib/curfew/lock; } 2>/dev/null
  # shellcheck disable=SC2086 # split on purpose: TOKEN PID BOOT TIME …
  set -- $held
  holder=${1:-}
  dead=''
  if ! [ $# -ge 4 ] || [ "$3" != "$boot" ] || ! kill -0 "$2" 2>/dev/null; then dead=$holder holder=''; fi
  set +f
  set -- /var/lib/curfew/guard/*/
  set -f
  if ! [ -d "$1" ]; then
    set --
    if [ -z "$holder" ] && [ -e /var/lib/curfew/lock ]; then section unfinished "$dead" lock; fi
    for hook in /etc/systemd/system/curfew-guard.service /etc/cron.d/curfew-guard /etc/init.d/curfew-guard /etc/runit/core-services/99-curfew-guard.sh; do
      if [ -e "$hook" ]; then section unfinished '' hook; break; fi
    done
  fi
  for path in "$@"; do
    if ! printable "$path" || [ -e "${path}armed" ] || [ -e "${path}reverting" ]; then continue; fi
    directory=${path%/}
    directory=${directory##*/}
    if [ -e "${path}confirmed" ]; then
      section unfinished "$directory" confirmed
    elif [ -e "${path}reverted" ]; then
      section unfinished "$directory" reverted
    elif [ "$directory" != "$holder" ]; then
      section unfinished "$directory" staged
    fi
  done
}

# What others did to files while a change was in place, and where it was put; told until somebody takes it away.
kept_edits() {
  [ -f /var/lib/curfew/kept ] || return 0
  section kept
  head -n 200 /var/lib/curfew/kept | while IFS=$tab read -r kind path copy; do
    if [ "$copy" = - ] || [ -e "$copy" ] || [ -h "$copy" ]; then printf '%s\t%s\t%s\n' "$kind" "$path" "$copy"; fi
  done
}
