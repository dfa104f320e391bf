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
}
