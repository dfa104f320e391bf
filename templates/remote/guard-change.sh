# shellcheck shell=sh disable=SC2015,SC2016 # A && B || fail is meant; nested sh expands by itself
# Steps 1 to 4 of the guard: lock, stage, validate, arm, apply, reload. Runs as root.
# Everything is a function called on the last line: a connection cut midway runs nothing.
# Whatever fails before "armed" leaves nothing changed; after it, undo.sh takes everything back.

curfew_settings() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  umask 077
  token={{token}}
  owner={{owner}}
  reason={{reason}}
  within={{within}}
  sshd={{sshd}}
  main={{main}}
  boothook={{boothook}}
  activations={{activations}}
  base=/var/lib/curfew
  guard=$base/guard/$token
  armed=no
}

say() {
  printf '@%s %s\n' "$token" "$*"
}

# fail CODE MESSAGE: before arming, clean up; after it, undo at once and say so.
fail() {
  if [ "$armed" = yes ]; then
    say "step reverting"
    undone=$(sh "$guard/undo.sh" now 2>&1)
    say "state $(printf '%s' "$undone" | tail -n 1)"
  fi
  say "fail $*"
  exit 1
}

# On any end before arming (a lost connection included): nothing of this run stays.
clean_up() {
  [ "$armed" = no ] || return 0
  [ ! -f "$guard/staged" ] || forget_staged "$guard"
  rm -rf "$guard"
  [ "$(cat "$base/lock.break" 2>/dev/null)" != "${breaker:-none}" ] || rm -f "$base/lock.break"
  [ ! -f "$base/lock" ] || case $(cat "$base/lock") in
    "$token "*) rm -f "$base/lock" ;;
  esac
  rmdir "$base/guard" "$base" 2>/dev/null || :
}

forget_staged() {
  # Innermost first: a directory that this run made goes if nothing else is in it.
  sort -r "$1/staged" | while IFS= read -r forgotten; do
    case $forgotten in
      */.curfew-new-* | */.curfew-old-*) rm -f "$forgotten" ;;
      */) rmdir "$forgotten" 2>/dev/null || : ;;
    esac
  done
}

take_lock() {
  mkdir -p "$base/guard" 2>/dev/null && chmod 0700 "$base" "$base/guard" || fail remote "cannot write $base: $(mkdir -p "$base/guard" 2>&1)"
  boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown)
  breaker="$$ $boot"
  line="$token $$ $boot $(date -u +%Y-%m-%dT%H:%M:%SZ) $owner: $reason"
  write_lock && return 0
  held=$(cat "$base/lock" 2>/dev/null)
  # shellcheck disable=SC2086 # split on purpose: TOKEN PID BOOT TIME …
  finish_overdue $held
  write_lock && return 0
  lock_is_stale "$held" || fail locked "$held"
  break_lock || fail locked "$(cat "$base/lock" 2>/dev/null || echo "$held")"
  say "note took over the lock of a run that ended without releasing it: $held"
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

# noclobber: O_EXCL, so only one can win (POSIX, set -C).
write_lock() {
  (set -C && printf '%s\n' "$line" >"$base/lock") 2>/dev/null
}

# finish_overdue TOKEN PID BOOT …: nobody else will take that change back any more: its timer went
# with a reboot on a host without a boot hook, or its undo gave up or was killed.
finish_overdue() {
  overdue=$base/guard/${1:-none}
  [ -f "$overdue/undo.sh" ] || return 0
  if [ -e "$overdue/armed" ]; then
    read -r overdue_since overdue_within _ <"$overdue/armed"
    [ "${3:-}" != "$boot" ] ||
      [ "$(date +%s)" -gt $((overdue_since + ${overdue_within:-3600} + 60)) ] || return 0
  elif [ ! -e "$overdue/reverting" ]; then
    return 0
  fi
  sh "$overdue/undo.sh" now >/dev/null 2>&1
  [ -e "$overdue/armed" ] || [ -e "$overdue/reverting" ] ||
    fail overdue "a change that was never confirmed ($*) has been taken back only now; run again"
}

lock_is_stale() {
  # shellcheck disable=SC2086 # split on purpose: TOKEN PID BOOT TIME …
  set -- $1
  [ $# -ge 4 ] || return 0
  # An armed or undoing guard still decides over the host, whoever began it.
  [ ! -e "$base/guard/$1/armed" ] && [ ! -e "$base/guard/$1/reverting" ] || return 1
  [ "$3" = "$boot" ] || return 0
  ! kill -0 "$2" 2>/dev/null
}

# What a power cut or a kill -9 left behind: staged files, ended guards.
sweep() {
  for old in "$base"/guard/*; do
    [ -d "$old" ] && [ "$old" != "$guard" ] || continue
    [ ! -e "$old/armed" ] && [ ! -e "$old/reverting" ] || fail locked "an earlier change is still armed: ${old##*/}"
    [ ! -f "$old/staged" ] || forget_staged "$old"
    rm -rf "$old"
  done
}

# each FUNCTION: calls it once per change with INDEX ACTION PATH MODE UID GID BEFORE AFTER.
each() {
  each_do=$1
  set -- {{changes}}
  each_index=0
  while [ $# -ge 7 ]; do
    "$each_do" "$each_index" "$1" "$2" "$3" "$4" "$5" "$6" "$7" || return 1
    each_index=$((each_index + 1))
    shift 7
  done
}

# The plan was made from what the host said; refuse if a file is not that any more.
check_before() {
  case $2 in
    create) [ ! -e "$3" ] && [ ! -L "$3" ] || fail stale-plan "$3 exists now" ;;
    *) printf '%s' "$7" | cmp -s - "$3" || fail stale-plan "$3 changed since it was read" ;;
  esac
}

# New content beside its target, so that applying is one rename; the old inode under a second
# name, so that undoing is one rename as well, even on a full disk.
stage() {
  stage_dir=${3%/*}
  [ "$2" = create ] || replaceable "$3"
  make_parents "$stage_dir"
  new=$stage_dir/.curfew-new-$token-$1
  old=$stage_dir/.curfew-old-$token-$1
  printf '%s\n' "$new" "$old" >>"$guard/staged" || return 1
  if [ "$2" != create ]; then
    ln "$3" "$old" 2>/dev/null || cp -a "$3" "$old" 2>/dev/null || cp -p "$3" "$old" || return 1
  fi
  case $2 in
    remove) return 0 ;;
    # Keeps access lists, labels and times of what is put back.
    restore) cp -a "$8" "$new" 2>/dev/null || cp -p "$8" "$new" || return 1 ;;
    update) { cp -a "$3" "$new" 2>/dev/null || cp -p "$3" "$new"; } && printf '%s' "$8" >"$new" || return 1 ;;
    create) printf '%s' "$8" >"$new" || return 1 ;;
  esac
  [ "$2" = restore ] || { chown "$5:$6" "$new" && chmod "$4" "$new"; } || return 1
  sync "$new" 2>/dev/null || sync
}

# A copy beside an immutable file or a mounted one can be made, but nothing can be renamed over it.
replaceable() {
  ! awk -v path="$1" '$5 == path { found = 1 } END { exit !found }' /proc/self/mountinfo 2>/dev/null ||
    fail remote "$1 is a mount of its own and cannot be replaced"
  # Opened for writing and left as it is.
  (: >>"$1") 2>/dev/null || fail remote "$1 is protected against changes (chattr +i, or read-only)"
}

make_parents() {
  [ ! -d "$1" ] || return 0
  make_parents "${1%/*}"
  printf '%s/\n' "$1" >>"$guard/staged"
  mkdir -m 0755 "$1" || fail remote "cannot create the directory $1"
}

# What revert will need: the state before curfew first touched a path, kept once. Where somebody
# removed the record of an earlier run, what that run wrote is no original.
# Manifest lines: KIND<TAB>COPY<TAB>PATH.
keep_original() {
  ! kept "$3" || return 0
  mkdir -p "$guard/original" || return 1
  if [ "$2" = create ] || head -n 9 "$3" | grep -q '^# Managed by curfew: do not edit, the next'; then
    printf 'absent\t-\t%s\n' "$3" >>"$guard/original/manifest"
  else
    printf 'file\t%s\t%s\n' "$base/original/$token/$1" "$3" >>"$guard/original/manifest" || return 1
    cp -a "$3" "$guard/original/$1" 2>/dev/null || cp -p "$3" "$guard/original/$1" || return 1
    ! grep -q '^# BEGIN curfew ' "$3" ||
      sed '/^# BEGIN curfew /,/^# END curfew /d' "$3" >"$guard/original/$1"
  fi
}

kept() {
  cat "$base"/original/*/manifest 2>/dev/null |
    awk -F '\t' -v path="$1" '$3 == path { found = 1 } END { exit !found }'
}

keep_directories() {
  ! grep -q '/$' "$guard/staged" 2>/dev/null || {
    mkdir -p "$guard/original" &&
      grep '/$' "$guard/staged" | while IFS= read -r made; do
        printf 'directory\t-\t%s\n' "${made%/}"
      done >>"$guard/original/manifest"
  }
}

# The complete configuration as it will be: the main file with its Include directories redirected
# to copies (absolute Include paths ignore -f), checked by the host's own sshd.
validate() {
  candidate=$guard/candidate
  mkdir -p "$candidate" && cp "$main" "$candidate/main" || fail remote "cannot write $candidate"
  set -- {{includes}}
  for include do
    mkdir -p "$candidate$include" || fail remote "cannot write $candidate"
    for part in "$include"/*; do
      # A dangling link stays one: sshd refuses it, and that has to show here.
      if [ -f "$part" ]; then cp "$part" "$candidate$include/"; elif [ -L "$part" ]; then cp -P "$part" "$candidate$include/"; fi ||
        fail remote "cannot read $part"
    done
    redirect "$include" || fail remote "cannot write $candidate"
  done
  each put_candidate || fail remote "cannot write $candidate"
  [ -d /run/sshd ] || [ ! -d /run ] || mkdir -m 0755 /run/sshd 2>/dev/null
  complaint=$("$sshd" -t -f "$candidate/main" 2>&1) ||
    fail invalid-config "sshd refuses the configuration as it would be: $(plain "$complaint")"
  expect
}

# The candidate's paths mean nothing to a reader; the real ones do.
plain() {
  printf '%s' "$1" | sed "s|$candidate/main|$main|g; s|$candidate||g" | tr '\n' ' '
}

redirect() {
  awk -v from="$1/" -v to="$candidate$1/" '
    BEGIN {
      # sshd_config(5), Include: a path without a leading slash is below /etc/ssh.
      short = from
      sub("^/etc/ssh/", "", short)
    }
    tolower($1) == "include" {
      line = ""
      rest = $0
      form = index(rest, from) > 0 ? from : short
      while ((at = index(rest, form)) > 0) {
        line = line substr(rest, 1, at - 1) to
        rest = substr(rest, at + length(form))
      }
      print line rest
      next
    }
    { print }' "$candidate/main" >"$candidate/main.new" && mv "$candidate/main.new" "$candidate/main"
}

put_candidate() {
  put_dir=${3%/*}
  if [ "$3" = "$main" ]; then
    put_to=$candidate/main
  elif [ -d "$candidate$put_dir" ]; then
    put_to=$candidate$3
  else
    return 0
  fi
  if [ "$2" = remove ]; then rm -f "$put_to"; else cp "$put_dir/.curfew-new-$token-$1" "$put_to"; fi || return 1
  [ "$3" != "$main" ] || { set -- {{includes}}; for include do redirect "$include" || return 1; done; }
}

# What sshd itself says a real member of each role would get, compared line by line.
expect() {
  set -- {{expectations}}
  expected_user=
  while [ $# -ge 2 ]; do
    if [ "$1" != "$expected_user" ]; then
      expected_user=$1
      effective=$(ask_sshd "$1" 2>&1 | tr '[:upper:]' '[:lower:]')
    fi
    printf '%s\n' "$effective" | grep -qxF -- "$2" ||
      fail invalid-config "sshd would not give $1 \"$2\" but \"$(printf '%s\n' "$effective" | grep -F -- "${2%% *} " | head -n 1)\""
    shift 2
  done
}

# For an account that comes from where this change does, and with the options that the daemon was started with.
ask_sshd() {
  set -- -C "user=$1",{{specification}}
  for option in {{options}}; do set -- "$@" -o "$option"; done
  "$sshd" -T -f "$candidate/main" "$@"
}

arm() {
  # The last look before anything changes, should two have come through all the same, or the controller have
  # given up waiting.
  holds_lock || fail locked "$(cat "$base/lock" 2>/dev/null)"
  printf '%s' {{undo}} >"$guard/undo.sh" && printf '%s' {{written}} >"$guard/written" &&
    printf '%s %s %s\n' "$(date +%s)" "$within" "$(uptime_seconds)" >"$guard/armed" || fail remote "cannot write $guard"
  sync "$guard/undo.sh" 2>/dev/null || sync
  # From here on undo.sh decides; it is asked even when arming itself fails halfway.
  armed=yes
  # Who takes the lock away looks for "armed" afterwards.
  holds_lock || fail locked "$(cat "$base/lock" 2>/dev/null)"
  install_boot_hook || fail remote "cannot place the boot-time check of the guard"
  start_timer || fail remote "cannot start the timer of the guard"
  log_line "armed: reverts by itself in $within s unless confirmed"
}

holds_lock() {
  [ "$(cat "$base/lock" 2>/dev/null)" = "$line" ]
}

# Nobody sets this clock; empty where the kernel does not tell.
uptime_seconds() {
  { read -r up _ </proc/uptime; } 2>/dev/null && printf '%s' "${up%%.*}"
}

start_timer() {
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    # Without AccuracySec a timer may fire up to a minute late (systemd.timer(5)).
    systemd-run --quiet --unit="curfew-guard-$token" --on-active="${within}s" \
      --timer-property=AccuracySec=100ms /bin/sh "$guard/undo.sh" timer >/dev/null 2>"$guard/timer.log" && return 0
  fi
  if command -v setsid >/dev/null; then detach="setsid"; else detach="nohup"; fi
  $detach sh -c 'echo $$ >"$2"; sleep "$1"; rm -f "$2"; exec sh "$3" timer' curfew-guard \
    "$within" "$guard/timer.pid" "$guard/undo.sh" </dev/null >/dev/null 2>&1 &
}

install_boot_hook() {
  case $boothook in
    systemd) boot_unit ;;
    cron) printf '@reboot root /bin/sh %s boot\n' "$guard/undo.sh" >/etc/cron.d/curfew-guard && chmod 0644 /etc/cron.d/curfew-guard ;;
    *) say "note this host has neither systemd nor cron: a reboot within $within s would not undo the change" ;;
  esac
}

boot_unit() {
  wants=/etc/systemd/system/sysinit.target.wants
  [ -d "$wants" ] || { mkdir -m 0755 "$wants" && : >"$guard/made-wants"; } || return 1
  cat >/etc/systemd/system/curfew-guard.service <<'UNIT' || return 1
[Unit]
Description=curfew: take back a change that nobody confirmed before the reboot
DefaultDependencies=no
After=local-fs.target
Before=ssh.service sshd.service ssh.socket sshd.socket systemd-logind.service shutdown.target
Conflicts=shutdown.target
RequiresMountsFor=/var/lib/curfew /etc

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for undo in /var/lib/curfew/guard/*/undo.sh; do [ ! -f "$undo" ] || /bin/sh "$undo" boot; done'
UNIT
  chmod 0644 /etc/systemd/system/curfew-guard.service &&
    ln -sf ../curfew-guard.service "$wants/curfew-guard.service" &&
    { sync /etc/systemd/system/curfew-guard.service 2>/dev/null || sync; }
}

apply() {
  # The time may have run out while something before this was slow.
  apply_failed="the time to confirm ran out before $3 was in place"
  [ -e "$guard/armed" ] || return 1
  apply_dir=${3%/*}
  complaint=$(
    case $2 in
      (remove) rm -f "$3" 2>&1 ;;
      (*) mv -f "$apply_dir/.curfew-new-$token-$1" "$3" 2>&1 ;;
    esac
  ) || {
    apply_failed="$3 could not be put in place: $(printf '%s' "$complaint" | tr '\n' ' ')"
    return 1
  }
  if [ "$2" = create ] && command -v restorecon >/dev/null; then restorecon "$3" 2>/dev/null || :; fi
}

activate() {
  case " $activations " in
    *" reload-sshd "*)
      complaint=$("$sshd" -t -f "$main" 2>&1) || fail invalid-config "sshd refuses the configuration in place: $complaint"
      sh "$guard/undo.sh" reload >"$guard/reload.log" 2>&1 || fail remote "sshd did not reload: $(tr '\n' ' ' <"$guard/reload.log")"
      ;;
  esac
  case " $activations " in
    *" restart-logind "*) systemctl restart systemd-logind.service || fail remote "systemd-logind did not restart" ;;
  esac
  case " $activations " in
    *" restart-watchdog "*) sh "$guard/undo.sh" watchdog >"$guard/watchdog.log" 2>&1 || fail remote "the watchdog did not start: $(tr '\n' ' ' <"$guard/watchdog.log")" ;;
  esac
}

log_line() {
  ! command -v logger >/dev/null || logger -t curfew -p authpriv.notice "change $token by $owner: $*" 2>/dev/null || :
}

curfew_main() {
  curfew_settings
  trap clean_up EXIT
  trap 'exit 129' HUP INT PIPE TERM
  take_lock
  say "step locked"
  sweep
  mkdir "$guard" || fail remote "cannot write $guard"
  each check_before
  each stage || fail remote "cannot write beside $(sed -n '$s/\.curfew-old-.*//p' "$guard/staged"): the disk is full, read-only or protected"
  each keep_original && keep_directories || fail remote "cannot keep the present files under $base"
  say "step staged"
  case " $activations " in *" reload-sshd "*) validate ;; esac
  say "step validated"
  arm
  say "step armed"
  each apply || fail remote "$apply_failed"
  sync
  say "step applied"
  activate
  say "step reloaded"
}

curfew_main
