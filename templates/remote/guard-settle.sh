# shellcheck shell=sh disable=SC2034,SC2154 # guard-lock.sh stands in front of it
# Steps 5 and 6 of the guard, over a new login: confirm, or undo at once, or only say how it stands. Also what
# brings the changes of runs that died to their end.
# The confirmation is one atomic rename; whoever renames "armed" first has decided.

say() {
  printf '@%s %s\n' "$token" "$*"
}

settings() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  umask 077
  token={{token}}
  action={{action}}
  owner=curfew
  reason=finish
  base=/var/lib/curfew
  guard=$base/guard/$token
}

confirm() {
  [ -e "$guard/armed" ] || return 0
  # Its timer may be gone: what was promised for the deadline holds all the same.
  ! late || { sh "$guard/undo.sh" now >/dev/null; return 0; }
  # What is in place lacks what somebody wrote in the moment in which it was put there.
  sh "$guard/undo.sh" intact || { sh "$guard/undo.sh" now >/dev/null; return 0; }
  # The originals first: while armed, an undo takes them away again.
  if [ -d "$guard/original" ]; then
    mkdir -p "$base/original" && mv "$guard/original" "$base/original/$token" || return 0
  fi
  mv "$guard/armed" "$guard/confirmed" 2>/dev/null || {
    # The undo was faster, and what it takes away may have come here after it looked.
    if [ -e "$guard/reverting" ] || [ -e "$guard/reverted" ] || [ -e "/run/curfew-guard/$token" ]; then rm -rf "$base/original/$token"; fi
    return 0
  }
  # On the disk before the means to undo go: a power cut must not leave "armed" without them.
  sync "$guard" 2>/dev/null || sync
  ! command -v logger >/dev/null || logger -t curfew -p authpriv.notice "change $token: confirmed over a new login" 2>/dev/null
}

# By the clock that nobody sets, where there is one and it is still the same boot.
late() {
  { read -r since within armed_up <"$guard/armed"; } 2>/dev/null || return 1
  now=$(date +%s)
  up=$(uptime_seconds)
  if [ -n "$up" ] && [ "$up" -ge "${armed_up:-$((up + 1))}" ]; then since=$armed_up now=$up; fi
  [ "$now" -gt $((since + within)) ]
}

# undo.sh finishes what is decided before it says how it stands; where it is gone, all is finished, and how it
# ended is written down.
report() {
  answer=
  [ ! -f "$guard/undo.sh" ] || answer=$(sh "$guard/undo.sh" tidy 2>/dev/null)
  [ -n "$answer" ] || answer=$(cat "/run/curfew-guard/$token" 2>/dev/null || grep -q "^$token " "$base/ended" 2>/dev/null && cat "$base/ended" 2>/dev/null)
  printf '%s\n' "${answer:-none}" | while IFS= read -r told; do
    case $told in kept* | note*) say "$told" ;; *) say "state ${told#"$token "}" ;; esac
  done
}

release() {
  case $(cat "$base/lock" 2>/dev/null) in "$token "*) rm -f "$base/lock" ;; esac
}

# What runs that died have left, with the lock in hand: another run that lives is not disturbed.
finish() {
  if take_lock; then
    sweep || say "note $trouble"
    release
  fi
  rm -f "$base/lock.$token"
  remove_empty
  say "state finished"
}

settle_main() {
  settings
  case $action in
    confirm) confirm ;;
    undo)
      # A script that is slow may not have armed yet: without its lock it never will.
      [ -e "$guard/armed" ] || [ -e "$guard/reverting" ] || release
      [ ! -f "$guard/undo.sh" ] || sh "$guard/undo.sh" now >/dev/null ;;
    # The controller has heard how it ended.
    forget) rm -f "/run/curfew-guard/$token"; rmdir /run/curfew-guard 2>/dev/null; return 0 ;;
    finish) finish; return 0 ;;
  esac
  report
}

settle_main
