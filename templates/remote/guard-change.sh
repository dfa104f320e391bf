# shellcheck shell=sh disable=SC2015,SC2016,SC2034,SC2154 # A && B || fail is meant; nested sh expands by itself; guard-lock.sh and guard-place.sh stand in front of it
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
    sh "$guard/undo.sh" now 2>/dev/null | told
  else
    clean_up || set -- "$* (what was prepared could not be removed: the next apply or revert does)"
  fi
  say "fail $*"
  exit 1
}

# unwritten WHAT DIRECTORY
unwritten() {
  fail remote "cannot write $1: the disk is full, read-only or protected ($(why "$2"))"
}

# What undo.sh prints: what others did to the files and what was put right, then the state.
told() {
  while IFS= read -r told; do
    case $told in kept* | note*) say "$told" ;; *) say "state $told" ;; esac
  done
}

# On any end before arming (a lost connection included): nothing of this run stays. Fails where something does, with
# its record, by which the next one finds it.
clean_up() {
  [ "$armed" = no ] || return 0
  if [ ! -f "$guard/staged" ] || forget_staged "$guard" 2>/dev/null; then rm -rf "$guard"; fi
  [ "$(cat "$base/lock.break" 2>/dev/null)" != "${breaker:-none}" ] || rm -f "$base/lock.break"
  [ ! -f "$base/lock" ] || case $(cat "$base/lock") in
    "$token "*) rm -f "$base/lock" ;;
  esac
  remove_empty
  [ ! -e "$guard/staged" ]
}

# each FUNCTION: calls it once per change, with its number first.
each() {
  each_do=$1
  set -- {{changes}}
  each_index=0
  while [ $# -ge 9 ]; do
    "$each_do" "$each_index" "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" || return 1
    each_index=$((each_index + 1))
    shift 9
  done
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
      sed -n '/^# BEGIN curfew /,/^# END curfew /{
        s/^# curfew replaces: //p
        d
      }
      p' "$3" >"$guard/original/$1"
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
  mkdir -p "$candidate" && cp "$main" "$candidate/main" || unwritten "$candidate" "$guard"
  set -- {{includes}}
  for include do
    mkdir -p "$candidate$include" || unwritten "$candidate" "$guard"
    for part in "$include"/*; do
      # A dangling link stays one: sshd refuses it, and that has to show here.
      if [ -f "$part" ]; then cp "$part" "$candidate$include/"; elif [ -L "$part" ]; then cp -P "$part" "$candidate$include/"; fi ||
        fail remote "cannot read $part"
    done
    redirect "$include" || unwritten "$candidate" "$guard"
  done
  each put_candidate || unwritten "$candidate" "$guard"
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
  elif put_into=$(include_of "$put_dir"); then
    put_to=$candidate$put_into/${3##*/}
  else
    return 0
  fi
  if [ "$2" = remove ]; then rm -f "$put_to"; else cp "$put_dir/.curfew-new-$token-$1" "$put_to"; fi || return 1
  [ "$3" != "$main" ] || { set -- {{includes}}; for include do redirect "$include" || return 1; done; }
}

# The Include directory that is this one, whatever links lead to it.
include_of() {
  sought=$1
  set -- {{includes}}
  for include do
    if [ "$include" = "$sought" ] || [ "$(cd -P -- "$include/" 2>/dev/null && pwd -P)" = "$sought" ]; then
      printf '%s' "$include"
      return 0
    fi
  done
  return 1
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
  printf '%s' {{undo}} >"$guard/undo.sh" && printf '%s' {{written}} >"$guard/written" || unwritten "$guard" "$guard"
  case " $activations " in *" reload-sshd "*) look_at_sshd ;; esac
  printf '%s %s %s\n' "$(date +%s)" "$within" "$(uptime_seconds)" >"$guard/armed" || unwritten "$guard" "$guard"
  sync "$guard/undo.sh" 2>/dev/null || sync
  # From here on undo.sh decides; it is asked even when arming itself fails halfway.
  armed=yes
  # Who takes the lock away looks for "armed" afterwards.
  holds_lock || fail locked "$(cat "$base/lock" 2>/dev/null)"
  install_boot_hook || fail remote "cannot place the boot-time check of the guard"
  start_timer || fail remote "cannot start the timer of the guard"
  log_line "armed: reverts by itself in $within s unless confirmed"
}

# How it runs and answers now, to be compared with afterwards.
look_at_sshd() {
  sh "$guard/undo.sh" before >/dev/null 2>&1 ||
    say "note this host cannot open a connection to its own sshd, so after the reload it looks only whether sshd listens"
}

holds_lock() {
  [ "$(cat "$base/lock" 2>/dev/null)" = "$line" ]
}

start_timer() {
  if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    # Without AccuracySec a timer may fire up to a minute late (systemd.timer(5)).
    # An undo that is killed is begun again; a unit that failed is not kept (--collect, systemd 236).
    for collect in --collect --quiet; do
      systemd-run --quiet "$collect" --unit="curfew-guard-$token" --on-active="${within}s" \
        --timer-property=AccuracySec=100ms --property=Restart=on-abnormal --property=RestartSec=1 \
        /bin/sh "$guard/undo.sh" timer >/dev/null 2>"$guard/timer.log" && return 0
    done
  fi
  if command -v setsid >/dev/null; then detach="setsid"; else detach="nohup"; fi
  # An undo that is killed is begun again here as well.
  $detach sh -c "$free"'echo $$ >"$2"; sleep "$1"; rm -f "$2"
    while sh "$3" timer; [ $? -gt 128 ] && [ -f "$3" ]; do sleep 1; done' curfew-guard \
    "$within" "$guard/timer.pid" "$guard/undo.sh" </dev/null >/dev/null 2>&1 &
}

# Out of the login's control group, which ends with the login (logind.conf(5), KillUserProcesses). Where the root
# of the groups takes no process, as in a container, that of the first process does.
free='
  awk "\$0 ~ / - cgroup2? / { print \$5 }" /proc/self/mountinfo 2>/dev/null | {
    while IFS= read -r groups; do
      for group in "$groups" "$groups/init.scope"; do
        { echo $$ >"$group/cgroup.procs"; } 2>/dev/null && break
      done
    done
  }
'

install_boot_hook() {
  case $boothook in
    systemd) boot_unit ;;
    cron) printf '@reboot root /bin/sh %s boot\n' "$guard/undo.sh" >/etc/cron.d/curfew-guard && chmod 0644 /etc/cron.d/curfew-guard ;;
    openrc) boot_service ;;
    rc) boot_script ;;
    runit) boot_stage ;;
    *) say "note nothing on this host runs a check at boot (systemd, OpenRC, scripts of run levels or of runit's first stage, a cron that reads /etc/cron.d): a reboot within $within s would not undo the change" ;;
  esac
}

# Before sshd, so that there is nothing to reload.
boot_service() {
  cat >/etc/init.d/curfew-guard <<'SERVICE' || return 1
#!/sbin/openrc-run
description="curfew: take back a change that was not confirmed before the reboot"
depend() {
  after localmount root
  before ssh sshd dropbear
}
start() {
  for undo in /var/lib/curfew/guard/*/undo.sh; do
    [ ! -f "$undo" ] || /bin/sh "$undo" boot
  done
  return 0
}
SERVICE
  chmod 0755 /etc/init.d/curfew-guard && ln -sf /etc/init.d/curfew-guard /etc/runlevels/boot/curfew-guard && sync
}

# In sysvinit's way, before sshd by its number. What insserv(8) has noted is started in parallel and nothing else is
# (startpar(8)), unless a file asks for the numbers.
boot_script() {
  cat >/etc/init.d/curfew-guard <<'SCRIPT' || return 1
#!/bin/sh
### BEGIN INIT INFO
# Provides:          curfew-guard
# Required-Start:    $local_fs
# Required-Stop:
# X-Start-Before:    ssh sshd dropbear
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: curfew: take back a change that was not confirmed before the reboot
### END INIT INFO
[ "$1" = start ] || exit 0
for undo in /var/lib/curfew/guard/*/undo.sh; do
  [ ! -f "$undo" ] || /bin/sh "$undo" boot
done
SCRIPT
  chmod 0755 /etc/init.d/curfew-guard || return 1
  for level in /etc/rc[2-5].d; do
    [ ! -d "$level" ] || ln -sf ../init.d/curfew-guard "$level/S00curfew-guard" || return 1
  done
  if [ -s /etc/init.d/.depend.start ] && [ ! -e /etc/init.d/.legacy-bootordering ]; then
    echo curfew-guard >/etc/init.d/.legacy-bootordering || return 1
  fi
  sync
}

# What runit's first stage reads (Void), before any service.
boot_stage() {
  # shellcheck disable=SC2016 # it expands at boot
  printf '%s\n' 'for undo in /var/lib/curfew/guard/*/undo.sh; do' '  [ ! -f "$undo" ] || /bin/sh "$undo" boot' 'done' \
    >/etc/runit/core-services/99-curfew-guard.sh && chmod 0644 /etc/runit/core-services/99-curfew-guard.sh && sync
}

boot_unit() {
  wants=/etc/systemd/system/sysinit.target.wants
  [ -d "$wants" ] || { mkdir -m 0755 "$wants" && : >"$guard/made-wants"; } || return 1
  cat >/etc/systemd/system/curfew-guard.service <<'UNIT' || return 1
[Unit]
Description=curfew: take back a change that was not confirmed before the reboot
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

activate() {
  case " $activations " in
    *" reload-sshd "*)
      reloaded=$(sh "$guard/undo.sh" reload 2>"$guard/reload.log")
      case $? in
        0) [ -z "$reloaded" ] || printf '%s\n' "$reloaded" | sed 's/^/note /' | told ;;
        2) fail invalid-config "$reloaded" ;;
        *) fail remote "sshd did not reload: $(printf '%s\n' "$reloaded" | cat - "$guard/reload.log" | tr '\n' ' ')" ;;
      esac
      ;;
  esac
  set -- {{activate}}
  while [ $# -gt 0 ]; do
    sh "$guard/undo.sh" activate "$1" >"$guard/$1.log" 2>&1 || fail remote "$2: $(tr '\n' ' ' <"$guard/$1.log")"
    shift 2
  done
}

log_line() {
  ! command -v logger >/dev/null || logger -t curfew -p authpriv.notice "change $token by $owner: $*" 2>/dev/null || :
}

curfew_main() {
  curfew_settings
  trap clean_up EXIT
  trap 'exit 129' HUP INT PIPE TERM
  take_lock || fail "$trouble_code" "$trouble"
  [ -z "${held:-}" ] || say "note took over the lock of a run that ended without releasing it: $held"
  say "step locked"
  sweep || fail "$trouble_code" "$trouble"
  [ -z "${finished:-}" ] || fail overdue "a change of a run that died ($finished) has been brought to its end only now; run again"
  mkdir -p "$guard" || unwritten "$guard" "$base"
  each check_before
  each stage || unwritten "$stage_failed" "$stage_dir"
  each keep_original && keep_directories || fail remote "cannot keep the present files under $base: $(why "$base")"
  say "step staged"
  case " $activations " in *" reload-sshd "*) validate ;; esac
  say "step validated"
  arm
  say "step armed"
  each apply || fail "$place_code" "$place_failed"
  sync
  say "step applied"
  activate
  say "step reloaded"
}

curfew_main
