# Everything is a function called on the last line: a script that was cut off midway runs nothing.

settings() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  umask 077
  label={{label}}
  from={{from}}
  before={{before}}
  unit={{unit}}
  main={{main}}
  sshd={{sshd}}
  source={{source}}
  tidy={{tidy}}
  activations={{activations}}
  any=no
  check=no
  placed=no
  ran=no
  for option do
    case $option in
      --any-system) any=yes ;;
      --check) check=yes ;;
      *) stop "unknown option $option; there are --check and --any-system" ;;
    esac
  done
}

say() {
  printf 'curfew: %s\n' "$*"
}

stop() {
  printf 'curfew: %s\n' "$*" >&2
  exit 1
}

# each_file FUNCTION: calls it with PATH MODE PERMISSIONS UID GID ACTIVATION CONTENT.
each_file() {
  each_do=$1
  set -- {{files}}
  while [ $# -ge 7 ]; do
    "$each_do" "$1" "$2" "$3" "$4" "$5" "$6" "$7" || return 1
    shift 7
  done
}

# each_block FUNCTION: calls it with PATH NAME PLACE AFTER CREATE BODY.
each_block() {
  block_do=$1
  set -- {{blocks}}
  while [ $# -ge 6 ]; do
    "$block_do" "$1" "$2" "$3" "$4" "$5" "$6" || return 1
    shift 6
  done
}

# Whether this is the system that the files are for. Files for another one may limit nothing there.
right_system() {
  [ "$any" = no ] || return 0
  right_name || stop "these files are for $label, and this is $id $version; $unchanged (--any-system puts them there nevertheless)"
  release=$("$sshd" -V 2>&1 | sed -n 's/.*OpenSSH_\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  [ -n "$release" ] || stop "which OpenSSH this is could not be found out; $unchanged"
  number=$((${release% *} * 1000 + ${release#* }))
  [ "$number" -ge "$from" ] && { [ -z "$before" ] || [ "$number" -lt "$before" ]; } ||
    stop "OpenSSH ${release% *}.${release#* } needs other files than these; $unchanged (--any-system puts them there nevertheless)"
}

right_name() {
  id=$(os_release ID)
  version=$(os_release VERSION_ID)
  set -- {{ids}}
  [ $# -gt 0 ] || return 0
  named=no
  for known do [ "$id" != "$known" ] || named=yes; done
  [ "$named" = yes ] || return 1
  set -- {{versions}}
  [ $# -gt 0 ] || return 0
  for known do case $version in "$known" | "$known".*) return 0 ;; esac; done
  return 1
}

os_release() {
  cat /etc/os-release /usr/lib/os-release 2>/dev/null | sed -n "s/^$1=//p" | head -n 1 | tr -d "\"'"
}

find_sshd() {
  [ -x "$sshd" ] || sshd=$(command -v sshd) || stop "there is not an sshd on this host; $unchanged"
}

# Where the files lie: beside this script in a folder that was unpacked, or at a fixed place.
find_source() {
  [ "$source" = here ] || return 0
  case $0 in */*) source=${0%/*} ;; *) source=. ;; esac
  source=$(cd "$source" && pwd -P) || stop "this script cannot find its own folder"
  tidy=
  case $source in
    /var/lib/curfew/render) tidy=$source; source=/ ;;
    */var/lib/curfew/render) source=${source%/var/lib/curfew/render} ;;
    *) stop "this script has to stay in var/lib/curfew/render of the folder it came in" ;;
  esac
}

# A host key of its own where there is none yet, as in an image.
valid() {
  [ -d /run/sshd ] || [ ! -d /run ] || mkdir -m 0755 /run/sshd 2>/dev/null
  complaint=$("$sshd" -t -f "$main" 2>&1) && return 0
  case $complaint in *"no hostkeys available"*) ;; *) return 1 ;; esac
  [ -f "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/key" || return 1
  complaint=$("$sshd" -t -f "$main" -h "$work/key" 2>&1)
}

is() {
  # shellcheck disable=SC2012 # POSIX has no stat; the name is not read
  ls -ldn "$1" | awk '{ print substr($1, 2, 9), $3, $4; exit }'
}

# stage_file …: notes what has to be placed: NUMBER<TAB>ACTION<TAB>PATH in the plan, the text in new/NUMBER.
stage_file() {
  number=$((number + 1))
  if [ -n "$source" ]; then
    cat "${source%/}$1" >"$work/new/$number" || stop "$source$1 cannot be read; $unchanged"
  else
    printf '%s' "$7" >"$work/new/$number" || return 1
  fi
  if [ -f "$1" ] && cmp -s "$work/new/$number" "$1" && [ "$(is "$1")" = "$3 $4 $5" ]; then return 0; fi
  chmod "$2" "$work/new/$number" && chown "$4:$5" "$work/new/$number" || return 1
  plan "$number" put "$1" "$6"
}

# plan NUMBER ACTION PATH ACTIVATION
plan() {
  needed="$needed $4"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$work/plan"
}

stage_absent() {
  set -- {{absent}}
  while [ $# -ge 2 ]; do
    if [ -f "$1" ] && head -n 9 "$1" | grep -q 'Managed by curfew'; then plan 0 remove "$1" "$2" || return 1; fi
    shift 2
  done
}

# Files of others: what curfew has in them is taken out, and what it wants is put in.
stage_shared() {
  set -- {{shared}}
  while [ $# -ge 2 ]; do
    shared=$1
    number=$((number + 1))
    new=$work/new/$number
    mode=
    : >"$work/top"
    if [ -f "$shared" ]; then
      cp -p "$shared" "$new" || return 1
      in_order "$new" ||
        stop "$shared: a block of curfew in it is damaged; $unchanged"
      sed '/^# BEGIN curfew /,/^# END curfew /d' "$shared" >"$new" || return 1
    elif [ -e "$shared" ]; then
      stop "$shared is not a file; $unchanged"
    else
      : >"$new"
    fi
    each_block put_block || return 1
    cat "$work/top" "$new" >"$work/whole" && cat "$work/whole" >"$new" || return 1
    if [ -f "$shared" ]; then
      cmp -s "$new" "$shared" || plan "$number" put "$shared" "$2" || return 1
    elif [ -n "$mode" ]; then
      chmod "$mode" "$new" && plan "$number" put "$shared" "$2" || return 1
    fi
    shift 2
  done
}

# Whether each block of curfew has its end before the next one begins: what is taken out are blocks and nothing else.
in_order() {
  awk '
    /^# BEGIN curfew / { if (open) wrong = 1; open = 1 }
    /^# END curfew / { if (!open) wrong = 1; open = 0 }
    END { exit wrong || open }' "$1"
}

# Puts one block into the text at hand, if it is for that file.
put_block() {
  [ "$1" = "$shared" ] || return 0
  if [ ! -f "$shared" ]; then
    [ -n "$5" ] || return 0
    mode=$5
  fi
  line=
  header=
  case $3 in
    match) line=$(awk 'tolower($1) == "match" { print NR; exit }' "$new") ;;
    section)
      line=$(awk -v after="$4" '{ sub(/^[ \t]+/, ""); sub(/[ \t\r]+$/, "") } $0 == after { print NR + 1; exit }' "$new")
      # A file without that section: settings outside of any mean nothing.
      [ -n "$line" ] || header="$4
"
      ;;
  esac
  printf '# BEGIN curfew %s\n%s%s\n# END curfew %s\n' "$2" "$header" "$6" "$2" >"$work/block"
  if [ "$3" = top ]; then cat "$work/block" >>"$work/top"; return; fi
  awk -v line="${line:-0}" -v block="$work/block" '
    function put() { while ((getline text <block) > 0) print text; done = 1 }
    NR == line { put() }
    { print }
    END { if (!done) put() }' "$new" >"$work/whole" && cat "$work/whole" >"$new"
}

# Every line of the plan, what was there kept before.
place_all() {
  mkdir "$work/old" && : >"$work/done" || return 1
  tab=$(printf '\t')
  placed=yes
  while IFS=$tab read -r number action path; do
    ! [ -L "$path" ] || path=$(readlink -f -- "$path") || return 1
    count=$(($(wc -l <"$work/done") + 1))
    if [ -e "$path" ]; then keep_copy "$path" "$work/old/$count" || return 1; fi
    printf '%s\t%s\n' "$count" "$path" >>"$work/done" || return 1
    if [ "$action" = remove ]; then
      rm -f "$path" || return 1
    else
      make_parents "${path%/*}" && replace "$work/new/$number" "$path" || return 1
    fi
  done <"$work/plan"
}

keep_copy() {
  cp -a "$1" "$2" 2>/dev/null || cp -p "$1" "$2"
}

make_parents() {
  [ ! -d "$1" ] || return 0
  make_parents "${1%/*}" && mkdir -m 0755 "$1" && printf '%s\n' "$1" >>"$work/made"
}

# A copy beside it, then one rename: whoever reads sees the old file or the new one.
replace() {
  beside=${2%/*}/.curfew-new-$$
  keep_copy "$1" "$beside" && mv -f "$beside" "$2" || { rm -f "$beside"; return 1; }
  ! command -v restorecon >/dev/null || restorecon "$2" 2>/dev/null || :
}

# Takes back what was placed, and makes sshd and the others read it again.
undo() {
  trap '' HUP INT TERM
  placed=no
  while IFS=$tab read -r count path; do
    if [ -e "$work/old/$count" ]; then replace "$work/old/$count" "$path"; else rm -f "$path"; fi || lost=yes
  done <"$work/done"
  [ ! -f "$work/made" ] || sed '1!G;h;$!d' "$work/made" | while IFS= read -r made; do rmdir "$made" 2>/dev/null; done
  [ -z "$begun" ] || { activate "$begun" || lost=yes; }
  [ "$lost" = no ] || stop "$1; not everything could be taken back: look at the files above and at sshd before the last session ends"
  [ "$source" != / ] || stop "$1; $unchanged"
  stop "$1; every file is as it was before"
}

ended() {
  status=$?
  if [ "$placed" = yes ]; then (undo "this script ended before its time"); fi
  rm -rf "$work"
  exit "$status"
}

# activate NAMES: makes them take effect; where no service manager runs, as in an image, its start does.
activate() {
  [ -d /run/systemd/system ] || case $1 in *reload-sshd*) begun=reload-sshd; reload_by_signal; return ;; *) return 0 ;; esac
  for name in $1; do
    case " $begun " in *" $name "*) ;; *) begun="$begun $name" ;; esac
    case $name in
      reload-sshd) reload_sshd || return 1 ;;
      *) "activate_$(printf '%s' "$name" | tr - _)" now || { complaint="$name failed"; return 1; } ;;
    esac
  done
}

# An sshd whose socket systemd holds cannot bind it again after SIGHUP: it is restarted. Sessions go on.
reload_sshd() {
  complaint="sshd could not be reloaded (systemctl status $unit)"
  if socket_active; then
    ! systemctl -q is-active "$unit" || systemctl restart "$unit" || return 1
    return 0
  fi
  if ! systemctl -q is-active "$unit"; then
    [ "$ran" = yes ] || { reload_by_signal; return; }
    # It ended when it was to read its configuration anew.
    systemctl restart "$unit" || return 1
  fi
  ran=yes
  systemctl reload "$unit" || return 1
  sleep 1
  systemctl -q is-active "$unit"
}

socket_active() {
  for socket in $(systemctl show -p TriggeredBy "$unit" 2>/dev/null | sed 's/^TriggeredBy=//') ssh.socket sshd.socket; do
    case $socket in *.socket) ! systemctl -q is-active "$socket" || return 0 ;; esac
  done
  return 1
}

reload_by_signal() {
  complaint="sshd could not be told to read its configuration anew"
  pid=$(cat /run/sshd.pid /var/run/sshd.pid 2>/dev/null | head -n 1)
  case $pid in '' | *[!0-9]*) return 0 ;; esac
  case $(cat "/proc/$pid/comm" 2>/dev/null) in sshd*) ;; *) return 0 ;; esac
  kill -HUP "$pid" || return 1
  sleep 1
  # One that ended is there until its parent takes note.
  read -r stat 2>/dev/null <"/proc/$pid/stat" || stat=') Z'
  case ${stat##*') '} in [ZX]*) ;; *) return 0 ;; esac
  # Nothing is known here that would start it again.
  complaint="sshd (process $pid) ended instead of reading its configuration anew: start it"
  lost=yes
  return 1
}

units_were_read() {
  :
}

install_all() {
  settings "$@"
  [ "$(id -u)" = 0 ] || stop "this has to run as root"
  unchanged="nothing was changed"
  find_source
  # Then the files were put there by whoever unpacked them, before this script could judge them.
  [ "$source" != / ] ||
    unchanged="what was unpacked is in place already: take it out before sshd starts anew or this host does"
  find_sshd
  right_system
  work=$(mktemp -d) || stop "a temporary folder cannot be made; $unchanged"
  lost=no
  begun=
  needed=
  number=0
  trap ended EXIT
  trap 'exit 129' HUP INT TERM
  mkdir "$work/new" && : >"$work/plan" || stop "$work cannot be written; $unchanged"
  valid || stop "sshd refuses its configuration as it is: $complaint; $unchanged"
  each_file stage_file && stage_shared && stage_absent || stop "$work cannot be written; $unchanged"
  if [ ! -s "$work/plan" ] && [ "$source" != / ]; then
    say "everything is in place; nothing was changed"
    return 0
  fi
  awk -F '\t' '{ print "curfew: " ($2 == "put" ? "writes " : "removes ") $3 }' "$work/plan"
  [ "$check" = no ] || { say "--check: nothing was changed"; return 0; }
  place_all || undo "a file could not be written"
  valid || undo "sshd refuses the configuration: $complaint"
  # Where the files were there before this script, it is not known what was changed.
  [ "$source" != / ] || needed=$activations
  for name in $activations; do
    case " $needed " in *" $name "*) activate "$name" || undo "$complaint" ;; esac
  done
  placed=no
  say "done; audit with curfew audit"
  [ -z "$tidy" ] || { cd / && rm -rf "$tidy" && rmdir "${tidy%/*}" 2>/dev/null || :; }
}

