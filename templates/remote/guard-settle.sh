# Steps 5 and 6 of the guard, over a new login: confirm, or undo at once, or only say how it stands.
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
  base=/var/lib/curfew
  guard=$base/guard/$token
}

confirm() {
  [ -e "$guard/armed" ] || return 0
  # Its timer may be gone: what was promised for the deadline holds all the same.
  ! late || { sh "$guard/undo.sh" now >/dev/null; return 0; }
  # The originals first: while armed, an undo takes them away again.
  if [ -d "$guard/original" ]; then
    mkdir -p "$base/original" && mv "$guard/original" "$base/original/$token" || return 0
  fi
  mv "$guard/armed" "$guard/confirmed" 2>/dev/null || {
    # The undo was faster, and what it takes away may have come here after it looked.
    if [ -e "$guard/reverting" ] || [ -e "$guard/reverted" ]; then rm -rf "$base/original/$token"; fi
    return 0
  }
  # On the disk before the means to undo go: a power cut must not leave "armed" without them.
  sync "$guard" 2>/dev/null || sync
  [ ! -d /run/systemd/system ] || systemctl stop "curfew-guard-$token.timer" 2>/dev/null
  [ ! -f "$guard/timer.pid" ] || kill "$(cat "$guard/timer.pid")" 2>/dev/null
  tidy
}

# By the clock that nobody sets, where there is one and it is still the same boot.
late() {
  { read -r since within armed_up <"$guard/armed"; } 2>/dev/null || return 1
  now=$(date +%s)
  up=
  { read -r up _ </proc/uptime; } 2>/dev/null || :
  up=${up%%.*}
  if [ -n "$up" ] && [ "$up" -ge "${armed_up:-$((up + 1))}" ]; then since=$armed_up now=$up; fi
  [ "$now" -gt $((since + within)) ]
}

tidy() {
  rm -f /etc/systemd/system/sysinit.target.wants/curfew-guard.service /etc/systemd/system/curfew-guard.service /etc/cron.d/curfew-guard
  # Units were read while the hook was there.
  [ ! -e "$guard/watchdog.log" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload
  [ ! -e "$guard/made-wants" ] || rmdir /etc/systemd/system/sysinit.target.wants 2>/dev/null
  while IFS= read -r staged; do
    case $staged in */.curfew-new-* | */.curfew-old-*) forget "$staged" ;; esac
  done <"$guard/staged"
  mv "$guard/written" "$base/written"
  rm -rf "$guard/candidate"
  ! command -v logger >/dev/null || logger -t curfew -p authpriv.notice "change $token: confirmed over a new login" 2>/dev/null
}

# A directory's time tells when somebody took a file out of it; curfew's own copies do not count.
forget() {
  [ -e "$1" ] || return 0
  touch -r "${1%/*}" "$guard/time" 2>/dev/null
  rm -f "$1"
  [ ! -e "$guard/time" ] || touch -r "$guard/time" "${1%/*}" 2>/dev/null
}

# After a confirmed revert the host is as if curfew had never been there.
leave() {
  [ -e "$guard/confirmed" ] || return 0
  awk -F '\t' '$1 == "directory" { print $3 }' "$base"/original/*/manifest 2>/dev/null | sort -r |
    while IFS= read -r made; do rmdir "$made" 2>/dev/null; done
  ! record_lost || rmdir /etc/curfew /etc/systemd/system/timers.target.d /etc/systemd/logind.conf.d 2>/dev/null
  say "state confirmed"
  rm -rf "$base"
  exit 0
}

# Somebody removed the record of who made these directories: this revert's own is the only one. No
# distribution ships them empty, nor does an empty one do anything.
record_lost() {
  for record in "$base"/original/*; do
    [ ! -d "$record" ] || [ "$record" = "$base/original/$token" ] || return 1
  done
}

report() {
  for state in reverted confirmed reverting armed; do
    [ -e "$guard/$state" ] || continue
    if [ "$state" = reverted ] && [ -e "$guard/unloaded" ]; then say "state unloaded"; else say "state $state"; fi
    case $state in reverted | confirmed) release ;; esac
    return 0
  done
  say "state none"
}

release() {
  case $(cat "$base/lock" 2>/dev/null) in "$token "*) rm -f "$base/lock" ;; esac
}

settle_main() {
  settings
  case $action in
    confirm) confirm ;;
    confirm-and-leave) confirm; leave ;;
    undo)
      # A script that is slow may not have armed yet: without its lock it never will.
      [ -e "$guard/armed" ] || [ -e "$guard/reverting" ] || release
      [ ! -f "$guard/undo.sh" ] || sh "$guard/undo.sh" now >/dev/null ;;
  esac
  report
}

settle_main
