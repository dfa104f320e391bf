# shellcheck shell=sh disable=SC2154 # settings, and what starts services anew, are in guard-undo.sh
# The second half of undo.sh: takes the change back, keeps what others did to its files meanwhile, and tidies up.
# Whoever renames "armed" to "confirmed" or "reverting" has decided. The directory of the change stays until all
# that follows from it is done, so that whoever finds one can finish it, after a kill or a power cut too.

# Fails where a file cannot be put back (yet); all others are, all the same.
take_back() {
  set -- {{changes}}
  back_index=0
  back_failed=no
  while [ $# -ge 2 ]; do
    back_old=${2%/*}/.curfew-old-$token-$back_index
    back_new=${2%/*}/.curfew-new-$token-$back_index
    back_mark=$guard/back-$back_index
    is_marked || { if [ "$1" = create ]; then take_away "$2"; else put_back "$1" "$2"; fi && mark; } || back_failed=yes
    back_index=$((back_index + 1))
    shift 2
  done
  [ "$back_failed" = no ] || return 1
  # Directories that the change made, innermost first.
  sort -r "$guard/staged" 2>/dev/null | while IFS= read -r made; do
    case $made in */) rmdir "$made" 2>/dev/null || : ;; esac
  done
}

# take_away PATH: a file that was not there before.
take_away() {
  if exists "$1" && came "$1"; then
    # Renamed first: what is looked at afterwards is what went.
    if as_made "$1"; then rm -f "$back_new" && mv -f "$1" "$back_new"; else keep "$1" "$1"; fi || return 1
  fi
  dispose "$back_new" "$1"
}

# put_back ACTION PATH
put_back() {
  # Unless the change never came to this file, or it was put back before this process was there to see.
  is_old "$2" || as_was "$2" || ! came "$2" || replace_by_old "$1" "$2" || return 1
  dispose "$back_new" "$2" && dispose "$back_old" "$2"
}

# What curfew put in place gives way to what was there; what somebody else put there since goes aside.
replace_by_old() {
  # Somebody cleared it away.
  is_old "$back_old" || copy_of_old "$2" || return 1
  as_was "$back_old" || report late "$2" -
  # A directory, or a link to one, is nothing to rename over.
  if exists "$2" && { [ -L "$2" ] || [ ! -f "$2" ]; }; then keep "$2" "$2" || return 1; fi
  if ! exists "$2"; then
    [ "$1" = remove ] || grep -q "^edited" "$guard/kept-$back_index" 2>/dev/null || report removed "$2" -
    { ln "$back_old" "$2" 2>/dev/null && rm -f "$back_old"; } || { ! exists "$2" && mv -f "$back_old" "$2"; }
    return
  fi
  # One step that loses nothing, where mv(1) has it (coreutils 9.5).
  if mv --exchange --no-target-directory "$back_old" "$2" 2>/dev/null; then return 0; fi
  # Elsewhere what is there gets a second name first. What remains: a file that somebody renames to this very
  # name between these two commands.
  dispose "$back_new" "$2" || return 1
  ln "$2" "$back_new" 2>/dev/null || cp -p "$2" "$back_new" 2>/dev/null || as_made "$2" || report lost "$2" -
  # A file that cannot be replaced (chattr +i, a mount) was not replaced by the change either.
  mv -f "$back_old" "$2" || cmp -s "$back_old" "$2"
}

copy_of_old() {
  ! exists "$back_old" || keep "$back_old" "$1" || return 1
  { cp -a "$guard/was-$back_index" "$back_old" 2>/dev/null || cp -p "$guard/was-$back_index" "$back_old"; } &&
    inode "$back_old" >"$guard/was-$back_index.inode"
}

# dispose FILE PATH: one of the guard's own names for PATH goes, unless somebody's work is under it alone.
dispose() {
  exists "$1" || return 0
  if as_made "$1" || as_was "$1" || { is_old "$1" && is_old "$2"; }; then rm -f "$1"; else keep "$1" "$2"; fi
}

# keep FILE PATH: FILE is somebody's version of PATH. It goes beside it, under a name that nothing reads.
keep() {
  keep_to=$(sed -n "s/^edited$tab.*$tab//p" "$guard/kept-$back_index" 2>/dev/null | tail -n 1)
  if [ -z "$keep_to" ] || exists "$keep_to"; then
    keep_to=$2.curfew-kept-$(printf '%.8s' "$token")
    while exists "$keep_to"; do keep_to=$keep_to-; done
    # Written down before it happens, so that it is known whatever happens in between.
    report edited "$2" "$keep_to"
  fi
  mv -f "$1" "$keep_to"
}

# report KIND PATH COPY. On a full or read-only disk only this process knows.
report() {
  report_line=$(printf '%s\t%s\t%s' "$1" "$2" "$3")
  ! grep -qxF -- "$report_line" "$guard/kept-$back_index" 2>/dev/null || return 0
  { printf '%s\n' "$report_line" >>"$guard/kept-$back_index"; } 2>/dev/null ||
    reported=$reported$(printf 'kept\t%s' "$report_line")$newline
}

# A file that was put back is not looked at again. Not ":", whose redirection must not fail: a special built-in
# would end the shell (POSIX, 2.8.1).
mark() {
  marked="$marked$back_mark "
  { true >"$back_mark"; } 2>/dev/null || :
}

is_marked() {
  case $marked in *" $back_mark "*) return 0 ;; esac
  [ -e "$back_mark" ]
}

# Whether the change came to this file: it had begun, and what it made is not still waiting beside it. A copy may
# be: an undo that could not rename over the file (a mount) left it, and comes again.
came() {
  [ -e "$guard/doing-$back_index" ] || return 1
  ! as_made "$back_new" || as_made "$1" || { exists "$1" && [ "$(inode "$1")" = "$(inode "$back_new")" ]; }
}

exists() {
  [ -e "$1" ] || [ -L "$1" ]
}

# Whether a file is what the change made of it, or what it was: type, mode, owner and content.
as_made() {
  like "$1" "$guard/made-$back_index"
}

as_was() {
  like "$1" "$guard/was-$back_index"
}

like() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ -f "$2" ] && cmp -s "$1" "$2" && [ "$(is "$1")" = "$(cat "$2.is")" ]
}

is() {
  # shellcheck disable=SC2012 # POSIX has no stat; the name is not read
  ls -ldn "$1" | awk '{ print substr($1, 1, 10), $3, $4; exit }'
}

# Whether a name is that of the very file that was there before. All names are in one directory, so the number
# alone tells; what the change copied has one as well.
is_old() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ -f "$guard/was-$back_index.inode" ] &&
    [ "$(inode "$1")" = "$(cat "$guard/was-$back_index.inode")" ]
}

inode() {
  # shellcheck disable=SC2012 # only the number is read; POSIX has no stat
  ls -di "$1" | sed 's/^ *\([0-9]*\).*/\1/'
}

undo() {
  begin_undo || without_record "$1" || case $1 in
    # The machine went down in the middle of an undo: begin again.
    boot) [ -e "$guard/reverting" ] || return 0 ;;
    # Or it was killed, or gave up.
    *) wait_for_other && [ -e "$guard/reverting" ] || return 0 ;;
  esac
  { echo $$ >"$guard/undoing"; } 2>/dev/null || :
  # Until it works: a file system may be read-only for a while. "reverting" stays for the next boot.
  undo_round=0
  until take_back; do
    # What could be put back must not wait for the rest: it may be sshd's.
    [ "$undo_round" -gt 0 ] || activate_again "$1"
    undo_round=$((undo_round + 1))
    [ "$undo_round" -lt 20 ] || return 1
    sleep 3
  done
  rm -rf "$base/original/$token"
  sync
  activate_again "$1"
  mv "$guard/reverting" "$guard/reverted"
  ! command -v logger >/dev/null || logger -t curfew -p authpriv.warning "change $token by $owner: reverted ($1)" 2>/dev/null || :
}

begin_undo() {
  mv "$guard/armed" "$guard/reverting" 2>/dev/null
}

# /var cannot be written, so nobody can confirm either: everything is taken back now, and written down as soon
# as that works. Fails where the change is not armed any more.
without_record() {
  record_round=0
  while [ -e "$guard/armed" ]; do
    if [ "$record_round" -eq 0 ]; then
      take_back || :
      activate_again "$1"
    fi
    record_round=$((record_round + 1))
    [ "$record_round" -lt 20 ] || return 1
    sleep 3
    ! begin_undo || return 0
  done
  return 1
}

# Fails where the other is still at it after all that time.
wait_for_other() {
  wait_round=0
  while [ -e "$guard/reverting" ]; do
    # It may not have said yet who it is.
    [ "$wait_round" -lt 3 ] || other_lives || return 0
    [ "$wait_round" -lt 30 ] || return 1
    wait_round=$((wait_round + 1))
    sleep 1
  done
}

other_lives() {
  { read -r other <"$guard/undoing"; } 2>/dev/null && is_own "$other"
}

# Whether a process runs a script of this change: after a reboot, or an end, its number may be another one's.
is_own() {
  case $({ tr '\000' ' ' <"/proc/${1:-none}/cmdline"; } 2>/dev/null) in *"$guard/"*) ;; *) return 1 ;; esac
}

# Fails where somebody wrote to a file in the very moment in which it was replaced: what the change put there lacks it.
intact() {
  set -- {{changes}}
  back_index=0
  while [ $# -ge 2 ]; do
    back_old=${2%/*}/.curfew-old-$token-$back_index
    [ "$1" = create ] || ! exists "$back_old" || as_was "$back_old" || return 1
    back_index=$((back_index + 1))
    shift 2
  done
}

# tidy WHO: all that follows from the decision. The directory goes last, and the lock after it. Fails where a file
# cannot be removed (yet); the check at boot stays until all others are gone.
tidy() {
  forget_copies || return 1
  # Somebody else has done the rest meanwhile: a check at boot that is there now is a newer change's.
  [ -d "$guard" ] || return 0
  remove_hooks "$1" || return 1
  if [ "$state" = confirmed ]; then
    [ ! -e "$guard/written" ] || mv "$guard/written" "$base/written"
    prune_kept
  fi
  tidy_kept=$(cat "$guard"/kept-* 2>/dev/null)
  [ -z "$tidy_kept" ] || grep -qxF -- "$tidy_kept" "$base/kept" 2>/dev/null || printf '%s\n' "$tidy_kept" >>"$base/kept"
  # A timer does not outlive a reboot, and its number may be another process now.
  case $1 in timer | boot) ;; *) stop_timer ;; esac
  [ -d "$guard" ] || return 0
  if [ "$leaving $state" = "yes confirmed" ]; then leave; else remember; fi || return 1
  # From here on nobody who finds it takes it for more than a rest.
  rm -f "$guard/undo.sh"
  rm -rf "$guard"
  case $(cat "$base/lock" 2>/dev/null) in "$token "*) rm -f "$base/lock" ;; esac
  # Who holds the lock by now, or is about to, needs them.
  [ -e "$base/lock.break" ] || [ -e "$base/lock" ] || rmdir "$base/original" "$base/guard" "$base" 2>/dev/null || :
}

# Earlier reports were read with the facts of this change; a copy is told of until somebody removes it.
prune_kept() {
  [ -e "$base/kept" ] || return 0
  while IFS=$tab read -r kept_kind kept_path kept_copy; do
    ! exists "$kept_copy" || printf '%s\t%s\t%s\n' "$kept_kind" "$kept_path" "$kept_copy"
  done <"$base/kept" >"$guard/still-kept" && mv -f "$guard/still-kept" "$base/kept"
  [ -s "$base/kept" ] || rm -f "$base/kept"
}

remove_hooks() {
  rm -f /etc/systemd/system/sysinit.target.wants/curfew-guard.service /etc/systemd/system/curfew-guard.service /etc/cron.d/curfew-guard \
    /etc/init.d/curfew-guard /etc/runlevels/boot/curfew-guard /etc/rc[2-5].d/S00curfew-guard /etc/runit/core-services/99-curfew-guard.sh || return 1
  # OpenRC cannot mark a service as started whose script is gone.
  rm -f /run/openrc/starting/curfew-guard
  ! grep -qsx curfew-guard /etc/init.d/.legacy-bootordering || rm -f /etc/init.d/.legacy-bootordering || return 1
  [ ! -e "$guard/made-wants" ] || rmdir /etc/systemd/system/sysinit.target.wants 2>/dev/null || :
  # Units were read while the hook was there.
  if [ "$1" != boot ] && [ "$manager" = systemd ] && { [ -n "$units_read" ] || [ -e "$guard/units-read" ]; }; then
    systemctl daemon-reload || :
  fi
}

# The second names of files, unless somebody wrote to one while it was replaced. A directory's time tells when
# somebody took a file out of it; curfew's own copies do not count.
forget_copies() {
  set -- {{changes}}
  back_index=0
  back_failed=no
  while [ $# -ge 2 ]; do
    forget "${2%/*}/.curfew-new-$token-$back_index" "$2" || back_failed=yes
    forget "${2%/*}/.curfew-old-$token-$back_index" "$2" || back_failed=yes
    back_index=$((back_index + 1))
    shift 2
  done
  [ "$back_failed" = no ]
}

forget() {
  exists "$1" || return 0
  touch -r "${1%/*}" "$guard/time" 2>/dev/null
  dispose "$1" "$2"
  [ ! -e "$guard/time" ] || touch -c -r "$guard/time" "${1%/*}" 2>/dev/null
  rm -f "$guard/time"
  ! exists "$1"
}

# Tries for a minute: a file system may be read-only for a while. Unless somebody else has done it meanwhile.
keep_tidying() {
  tidy_round=0
  until tidy "$1"; do
    tidy_round=$((tidy_round + 1))
    [ "$tidy_round" -lt 20 ] || return 1
    sleep 3
    [ -f "$guard/undo.sh" ] || return 0
  done
}

# A controller does not wait for that. Whoever comes after it, and after a kill, finds the record.
tidy_later() {
  if command -v setsid >/dev/null; then detach="setsid"; else detach="nohup"; fi
  $detach sh "$guard/undo.sh" tidying </dev/null >/dev/null 2>&1 &
  not_yet="what curfew keeps beside the files cannot be removed yet: the host tries again for a minute, then the next boot, apply or revert does"
}

# How it ended, for a controller that asks later: of what holds, with the rest of the record; of what is gone,
# where the next boot clears it away.
remember() {
  ended=$base/ended
  [ "$state" = confirmed ] || ! made_private /run/curfew-guard || ended=/run/curfew-guard/$token
  { said_kept && said_notes && printf '%s %s\n' "$token" "$state"; } 2>/dev/null >"$ended.new" && mv -f "$ended.new" "$ended"
}

made_private() {
  { mkdir -p "$1" && chmod 0700 "$1"; } 2>/dev/null
}

# After a confirmed revert the host is as if curfew had never been there.
leave() {
  awk -F '\t' '$1 == "directory" { print $3 }' "$base"/original/*/manifest 2>/dev/null | sort -r |
    while IFS= read -r made; do rmdir "$made" 2>/dev/null; done
  ! record_lost || rmdir /etc/curfew /etc/systemd/system/timers.target.d /etc/systemd/logind.conf.d 2>/dev/null
  rm -rf "$base/original" "$base/written" "$base/kept" "$base/ended"
}

# Somebody removed the record of who made these directories: this revert's own is the only one. No
# distribution ships them empty, nor does an empty one do anything.
record_lost() {
  for record in "$base"/original/*; do
    [ ! -d "$record" ] || [ "$record" = "$base/original/$token" ] || return 1
  done
}

stop_timer() {
  [ ! -d /run/systemd/system ] || systemctl stop "curfew-guard-$token.timer" 2>/dev/null || :
  timer=$(cat "$guard/timer.pid" 2>/dev/null)
  ! is_own "$timer" || kill "$timer" 2>/dev/null || :
}

said_kept() {
  printf '%s' "$reported"
  [ -z "$tidy_kept" ] || printf '%s\n' "$tidy_kept" | sed "s/^/kept$tab/"
}

# What was put right, and why sshd did not take the files up.
said_notes() {
  [ -z "$notes" ] || printf '%s\n' "$notes" | sed 's/^/note /'
}

# Sets `state`: as decided, else as somebody else has brought it to its end meanwhile.
look() {
  state=
  for look in reverted confirmed reverting armed; do
    if [ -e "$guard/$look" ]; then state=$look; break; fi
  done
  # The files are back, and sshd did not take them up.
  [ "$state" != reverted ] || [ ! -e "$guard/unloaded" ] || state=unloaded
}

ended() {
  cat "/run/curfew-guard/$token" "$base/ended" 2>/dev/null | sed -n "s/^$token //p" | head -n 1
}

tab='	'
newline='
'
marked=' '
reported=
tidy_kept=
not_yet=
mode=$1
case $1 in
  before) remember_daemon; remember_answers; exit $? ;;
  reload) { true >"$guard/reloading"; } 2>/dev/null; reload_sshd; exit $? ;;
  activate) "$(activator "$2")" now; exit $? ;;
  intact) intact; exit $? ;;
  tidy | tidying) ;;
  *) undo "$1" >/dev/null 2>&1 ;;
esac
look
notes=$(cat "$guard/noted" "$guard/unloaded" 2>/dev/null)
case $state in
  confirmed | reverted | unloaded)
    # A unit's processes end with its first one (systemd.kill(5)): the timer's undo stays for it.
    case $1 in
      timer | tidying) keep_tidying "$1" ;;
      boot) tidy boot ;;
      *) tidy "$1" || tidy_later ;;
    esac >/dev/null 2>&1
    ;;
esac
# What others did meanwhile, what was put right, then the state: the last line, for a script and for people alike.
said_kept
said_notes
[ -z "$not_yet" ] || printf 'note %s\n' "$not_yet"
echo "${state:-$(ended)}"
