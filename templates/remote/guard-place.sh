# shellcheck shell=sh disable=SC2034,SC2154 # settings and uses are in guard-change.sh, which this stands in front of
# The files of a change: looked at, staged beside their targets, looked at again and put in place. Every function
# is called for one of them with INDEX ACTION PATH MODE UID GID BEFORE AFTER IS LINKS; IS and LINKS are what the
# facts saw: type, mode and owner, and the symbolic links by which the path was found.

# The plan was made from what the host said; refuse if a file is not that any more.
check_before() {
  case $2 in create | return) change_of="$3 exists now" ;; *) change_of="$3 changed since it was read" ;; esac
  as_planned "$@" || fail stale-plan "$change_of"
}

as_planned() {
  for link in ${10}; do [ "$(readlink -f -- "$link")" = "$3" ] || return 1; done
  if is_new "$2"; then [ ! -e "$3" ] && [ ! -L "$3" ]; else is_planned "$3" "$@"; fi
}

# is_new ACTION: nothing is at the path before.
is_new() {
  case $1 in create | return) ;; *) return 1 ;; esac
}

# is_planned FILE INDEX …
is_planned() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(is "$1")" = "${10}" ] && printf '%s' "$8" | cmp -s - "$1"
}

is() {
  # shellcheck disable=SC2012 # POSIX has no stat; the name is not read
  ls -ldn "$1" | awk '{ print substr($1, 1, 10), $3, $4; exit }'
}

# New content beside its target, so that applying is one rename; the old inode under a second
# name, so that undoing is one rename as well, even on a full disk.
stage() {
  stage_dir=${3%/*}
  stage_failed="beside $3"
  is_new "$2" || replaceable "$3"
  make_parents "$stage_dir"
  new=$stage_dir/.curfew-new-$token-$1
  old=$stage_dir/.curfew-old-$token-$1
  printf '%s\n' "$new" "$old" >>"$guard/staged" || return 1
  if ! is_new "$2"; then
    ln "$3" "$old" 2>/dev/null || cp -a "$3" "$old" 2>/dev/null || cp -p "$3" "$old" || return 1
    { inode "$old" >"$guard/was-$1.inode" && copied "$old" "$guard/was-$1"; } || { stage_failed=in; stage_dir=$guard; return 1; }
  fi
  case $2 in
    remove) return 0 ;;
    # Keeps access lists, labels and times of what is put back.
    restore | return) cp -a "$8" "$new" 2>/dev/null || cp -p "$8" "$new" || return 1 ;;
    update) { cp -a "$3" "$new" 2>/dev/null || cp -p "$3" "$new"; } && printf '%s' "$8" >"$new" || return 1 ;;
    create) printf '%s' "$8" >"$new" || return 1 ;;
  esac
  # Without a mode, and on `return`, the copy keeps its own; else the file has the mode and owner that were asked for.
  [ "$2" = return ] || [ -z "$4" ] || { chown "$5:$6" "$new" && chmod "$4" "$new"; } || return 1
  copied "$new" "$guard/made-$1" || { stage_failed=in; stage_dir=$guard; return 1; }
  sync "$new" 2>/dev/null || sync
}

# What undo.sh tells somebody's edit by.
copied() {
  { cp -a "$1" "$2" 2>/dev/null || cp -p "$1" "$2"; } && is "$1" >"$2.is"
}

inode() {
  # shellcheck disable=SC2012 # only the number is read; POSIX has no stat
  ls -di "$1" | sed 's/^ *\([0-9]*\).*/\1/'
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

# Every file is looked at once more right before it is replaced, and what was replaced right afterwards. What
# remains, where mv(1) cannot exchange two files in one step (coreutils before 9.5): a file that somebody renames to
# this very name between the two commands. Whoever writes into the file itself writes into the old copy, which undo.sh
# compares again before it forgets it.
apply() {
  place_code=remote
  place_failed="the time to confirm ran out before $3 was in place"
  [ -e "$guard/armed" ] || return 1
  new=${3%/*}/.curfew-new-$token-$1
  old=${3%/*}/.curfew-old-$token-$1
  place_failed="cannot write $guard"
  { true >"$guard/doing-$1"; } 2>/dev/null || return 1
  as_planned "$@" || { untouched "$@"; return 1; }
  case $2 in
    create | return) place "$@" ;;
    remove) displace "$@" ;;
    *) replace "$@" ;;
  esac || return 1
  if [ "$2" = create ] && command -v restorecon >/dev/null; then restorecon "$3" 2>/dev/null || :; fi
}

# This change is not in that file: undo.sh leaves it alone.
untouched() {
  rm -f "$guard/doing-$1"
  somebody "$3"
}

somebody() {
  place_code=stale-plan
  place_failed="$1 was changed by somebody while this change was under way"
}

# A link does not replace what has appeared there.
place() {
  complaint=$(ln "$new" "$3" 2>&1) && [ "$(inode "$new")" = "$(inode "$3")" ] && { rm -f "$new"; return 0; }
  if [ -e "$3" ] || [ -L "$3" ]; then untouched "$@"; return 1; fi
  move "$new" "$3"
}

move() {
  complaint=$(mv -f "$1" "$2" 2>&1) || {
    place_failed="$2 could not be put in place: $(printf '%s' "$complaint" | tr '\n' ' ')"
    return 1
  }
}

displace() {
  complaint=$(mv -f "$3" "$new" 2>&1) || {
    place_failed="$3 could not be removed: $(printf '%s' "$complaint" | tr '\n' ' ')"
    return 1
  }
  is_planned "$new" "$@" && { rm -f "$new"; return 0; }
  ln "$new" "$3" && rm -f "$new" && untouched "$@"
  somebody "$3"
  return 1
}

replace() {
  if can_exchange && mv --exchange --no-target-directory "$new" "$3" 2>/dev/null; then
    # What was there has the new file's name now.
    is_planned "$new" "$@" || {
      mv --exchange --no-target-directory "$new" "$3" && untouched "$@"
      somebody "$3"
      return 1
    }
    rm -f "$new"
  else
    move "$new" "$3" || return 1
  fi
  is_planned "$old" "$@" || { somebody "$3"; return 1; }
}

can_exchange() {
  [ -n "${exchange:-}" ] || exchange=$(mv --help 2>/dev/null | grep -c -e --exchange)
  [ "$exchange" -gt 0 ]
}
