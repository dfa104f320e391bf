# shellcheck shell=sh disable=SC2015,SC2034,SC2154 # settings and uses are in the script that this stands in front of
# Who holds a host, and what runs that died have left on it. Before guard-change.sh and guard-settle.sh.

# Fails with `trouble` in words, and `trouble_code`.
take_lock() {
  trouble_code=remote
  # Whoever ends at this moment takes empty directories away.
  make_base 2>/dev/null || make_base 2>/dev/null || make_base || {
    trouble="cannot write $base: $(mkdir -p "$base/guard" 2>&1)"
    return 1
  }
  boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
  breaker="$$ $boot"
  line="$token $$ $boot $(date -u +%Y-%m-%dT%H:%M:%SZ) $owner: $reason"
  finish_decided
  write_lock && return 0
  [ -z "$trouble" ] || return 1
  trouble_code=locked
  held=$(cat "$base/lock" 2>/dev/null)
  lock_is_stale "$held" && break_lock && return 0
  trouble=$(cat "$base/lock" 2>/dev/null || echo "$held")
  return 1
}

make_base() {
  mkdir -p "$base/guard" && chmod 0700 "$base" "$base/guard"
}

# Who holds the lock needs them, and who takes over that of a dead run: for a moment there is none then.
remove_empty() {
  [ -e "$base/lock.break" ] || [ -e "$base/lock" ] || rmdir "$base/original" "$base/guard" "$base" 2>/dev/null || :
}

# A link: never there without its content, and only one can win. Sets `trouble` where that is not for the lock of
# somebody else.
write_lock() {
  trouble=
  complaint=$(printf '%s\n' "$line" | dd of="$base/lock.$token" 2>&1) || {
    rm -f "$base/lock.$token"
    trouble="cannot write $base: $(printf '%s\n' "$complaint" | sed -n 's/^dd: .*: //p' | head -n 1)"
    return 1
  }
  ln "$base/lock.$token" "$base/lock" 2>/dev/null
  wrote=$?
  rm -f "$base/lock.$token"
  [ "$wrote" -ne 0 ] && [ ! -e "$base/lock" ] || return "$wrote"
  # No hard links on this file system: O_EXCL does (POSIX, set -C).
  (set -C && printf '%s\n' "$line" >"$base/lock") 2>/dev/null
}

# Of all that found the same stale lock only one takes it away, or a slow one takes away the fresh one
# of a fast one.
break_lock() {
  # A link: never there without its content, which says whether its maker lives.
  printf '%s\n' "$breaker" >"$base/lock.break.$token" && ln "$base/lock.break.$token" "$base/lock.break" 2>/dev/null
  broken=$?
  rm -f "$base/lock.break.$token"
  [ "$broken" -eq 0 ] || {
    # shellcheck disable=SC2046 # split on purpose: PID BOOT
    breaker_lives $(cat "$base/lock.break" 2>/dev/null) || rm -f "$base/lock.break"
    return 1
  }
  [ "$(cat "$base/lock" 2>/dev/null)" != "$held" ] || rm -f "$base/lock"
  write_lock
  broken=$?
  rm -f "$base/lock.break"
  return "$broken"
}

breaker_lives() {
  [ "${2:-}" = "$boot" ] && kill -0 "$1" 2>/dev/null
}

# One that a full disk or a power cut left without its content is nobody's.
lock_is_stale() {
  # shellcheck disable=SC2086 # split on purpose: TOKEN PID BOOT TIME …
  set -- $1
  [ $# -ge 4 ] || return 0
  # An armed or undoing guard still decides over the host, whoever began it.
  [ ! -e "$base/guard/$1/armed" ] && [ ! -e "$base/guard/$1/reverting" ] || return 1
  [ "$3" = "$boot" ] || return 0
  ! kill -0 "$2" 2>/dev/null
}

# Every other change that is decided, or should be by now, is brought to its end: its process was killed, or the
# power went, its timer went with a reboot on a host without a boot hook, or its undo gave up. Safe beside one that
# is still at it. Sets `finished` to what that was.
finish_decided() {
  for left in "$base"/guard/*; do
    [ -d "$left" ] && [ "$left" != "$guard" ] || continue
    if [ -e "$left/armed" ]; then
      overdue "$left" || continue
      sh "$left/undo.sh" now >/dev/null 2>&1
    elif [ -e "$left/reverting" ]; then
      sh "$left/undo.sh" now >/dev/null 2>&1
    elif [ -e "$left/confirmed" ] || [ -e "$left/reverted" ]; then
      finish_damaged "$left"
    else
      continue
    fi
    [ -e "$left" ] || finished="${finished:-} ${left##*/}"
  done
}

# Of a change whose undo.sh is not there any more, or cannot do it, as much as is possible.
finish_damaged() {
  [ ! -f "$1/undo.sh" ] || sh "$1/undo.sh" tidy >/dev/null 2>&1
  [ -d "$1" ] && { [ ! -f "$1/undo.sh" ] || ! grep -q '^tidy()' "$1/undo.sh"; } || return 0
  [ ! -e "$1/confirmed" ] || [ ! -e "$1/written" ] || mv "$1/written" "$base/written"
  # Whoever else has finished it may have begun a newer change by now.
  [ -d "$1" ] || return 0
  forget_hooks
  [ ! -f "$1/staged" ] || forget_staged "$1" || return 0
  rm -rf "$1"
}

# The check at boot, in all its forms.
forget_hooks() {
  rm -f /etc/systemd/system/sysinit.target.wants/curfew-guard.service /etc/systemd/system/curfew-guard.service /etc/cron.d/curfew-guard \
    /etc/init.d/curfew-guard /etc/runlevels/boot/curfew-guard /etc/rc[2-5].d/S00curfew-guard /etc/runit/core-services/99-curfew-guard.sh
  ! grep -qsx curfew-guard /etc/init.d/.legacy-bootordering || rm -f /etc/init.d/.legacy-bootordering
}

# overdue DIRECTORY: a minute after its deadline, or in another boot.
overdue() {
  read -r overdue_since overdue_within overdue_up <"$1/armed"
  case ${overdue_since:-x}${overdue_within:-x} in *[!0-9]*) return 0 ;; esac
  overdue_now=$(uptime_seconds)
  if [ -n "$overdue_now" ] && [ -n "$overdue_up" ]; then
    [ "$overdue_now" -ge "$overdue_up" ] || return 0
    [ "$overdue_now" -gt $((overdue_up + overdue_within + 60)) ]
  else
    [ "$(date +%s)" -gt $((overdue_since + overdue_within + 60)) ]
  fi
}

# Nobody sets this clock; empty where the kernel does not tell.
uptime_seconds() {
  { read -r up _ </proc/uptime; } 2>/dev/null && printf '%s' "${up%%.*}"
}

# With the lock in hand: what runs that died before they armed anything have staged. Fails where something is
# left that cannot be finished.
sweep() {
  for old in "$base"/guard/*; do
    [ -d "$old" ] && [ "$old" != "$guard" ] || continue
    trouble_code=locked trouble="an earlier change is still armed: ${old##*/}"
    [ ! -e "$old/armed" ] && [ ! -e "$old/reverting" ] || return 1
    trouble_code=remote trouble="an earlier change cannot be brought to its end: ${old##*/}"
    [ ! -e "$old/confirmed" ] && [ ! -e "$old/reverted" ] || return 1
    trouble_code=remote trouble="what an earlier change prepared cannot be removed: $(left_of "$old")"
    [ ! -f "$old/staged" ] || forget_staged "$old" || return 1
    rm -rf "$old"
  done
  # A check at boot of a change that nobody knows of any more.
  forget_hooks
  # What a kill left of write_lock: 32 digits.
  rm -f "$base"/lock.????????????????????????????????
  # How earlier changes ended whose controllers did not live to hear it.
  rm -rf /run/curfew-guard
}

# why DIRECTORY: what the system says when something is written there.
why() {
  why_not=$(dd if=/dev/zero of="$1/.curfew-new-$token-why" bs=4096 count=16 2>&1) && why_not="dd: : it works now"
  rm -f "$1/.curfew-new-$token-why"
  printf '%s\n' "$why_not" | sed -n 's/^dd: .*: //p' | head -n 1
}

# Fails where something stays (a file system that is read-only for a while): its record has to stay as well.
forget_staged() {
  # Innermost first: a directory that this run made goes if nothing else is in it.
  sort -r "$1/staged" | (
    forgotten_all=0
    while IFS= read -r forgotten; do
      case $forgotten in
        */.curfew-new-* | */.curfew-old-*) rm -f "$forgotten" || forgotten_all=1 ;;
        */) rmdir "$forgotten" 2>/dev/null || ! is_empty "$forgotten" || forgotten_all=1 ;;
      esac
    done
    exit "$forgotten_all"
  )
}

# The first of its files that is there.
left_of() {
  [ -f "$1/staged" ] || return 0
  while IFS= read -r forgotten; do
    [ ! -e "$forgotten" ] && [ ! -h "$forgotten" ] || break
  done <"$1/staged"
  printf '%s' "$forgotten"
}

is_empty() {
  [ -d "$1" ] && [ -z "$(ls -A "$1" 2>/dev/null)" ]
}
