#!/bin/sh
# Everything curfew has to know about a host, in one go. Reads only; changes nothing.
# POSIX sh (dash, bash, busybox ash), POSIX tools; others are probed for.
#
# Output: sections, each `NEWLINE @TOKEN TAB name {TAB argument} NEWLINE body`. The token is random
# per run and never stands in an argument list, so no file content can forge a section.
# The last line calls all others: a script cut short by a lost connection does nothing at all.

main() {
  set -fu
  umask 077
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  LC_ALL=C
  export PATH LC_ALL
  unset LANGUAGE POSIXLY_CORRECT CDPATH ENV BASH_ENV
  newline='
'
  tab='	'
  default_ifs=" $tab$newline"
  IFS=$default_ifs
  token={{token}}
  limit=262145
  regular=''
  include_directories=''
  real_of=''
  real_is=''
  bounded=''
  if timeout 5 true 2>/dev/null; then bounded='timeout 15'; fi
  cd / || return

  machine
  login_address
  find_listener
  daemon_options
  other_listeners
  daemon
  configuration
  accounts
  name_sources
  shells
  service
  system_files
  foreign_timeouts
  curfew_state
  attributes
  file_times
  section end
}

# --- the frame -----------------------------------------------------------------------------------

section() {
  printf '\n@%s' "$token"
  printf '\t%s' "$@"
  printf '\n'
}

# A name that would break the frame is reported, never printed.
printable() {
  case $1 in
    *[[:cntrl:]]*) section unprintable; return 1 ;;
  esac
}

# Runs a command that might hang on a name service or a bus.
within() {
  # shellcheck disable=SC2086 # nothing, or the two words `timeout 15`
  $bounded "$@"
}

# Runs a command with each line of the second argument, without splitting it further.
for_lines() {
  lines_command=$1
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $2
  IFS=$default_ifs
  for line in "$@"; do "$lines_command" "$line"; done
}

# --- files ---------------------------------------------------------------------------------------

# file KIND PATH: one file as it is, with its content when it is a regular file.
file() {
  printable "$2" || return 0
  resolve "$2"
  if [ -h "$2" ] && ! [ -e "$2" ]; then
    section file "$1" "$2" "$real" dangling
  elif ! [ -e "$2" ]; then
    if [ -d "${2%/*}/" ]; then section file "$1" "$2" "$real" absent; else section file "$1" "$2" "$real" no-parent; fi
  elif [ -z "$real" ]; then
    section file "$1" "$2" "$2" unresolved
  elif [ -f "$2" ]; then
    regular="$regular$real$newline"
    section file "$1" "$2" "$real" regular
    dd if="$real" bs="$limit" count=1 2>/dev/null
  else
    section file "$1" "$2" "$real" special
  fi
}

# Sets `real` to the path without symbolic links, empty where that cannot be told.
resolve() {
  if [ -h "$1" ]; then
    real=$(readlink -f -- "$1" 2>/dev/null) || real=''
    case $real in *[[:cntrl:]]*) real='' ;; esac
    return 0
  fi
  directory=${1%/*}
  if [ "$directory" != "$real_of" ]; then
    real_of=$directory
    if cd -P -- "$directory/" 2>/dev/null; then real_is=${PWD%/}; else real_is=$directory; fi
    case $real_is in *[[:cntrl:]]*) real_is=$directory ;; esac
    cd /
  fi
  real=$real_is/${1##*/}
}

# Mode, owner and size of every regular file seen, in one call.
attributes() {
  section attributes
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $regular
  IFS=$default_ifs
  [ $# -eq 0 ] || ls -ldn -- "$@" 2>/dev/null
}

# When each regular file changed, and when sshd last read its own: it writes its PidFile anew whenever it
# starts or is reloaded (sshd(8), SIGHUP). A file that was taken out of an Include's directory changes that
# alone; the entry of stat's own process has the time of this moment. Where stat(1) is not GNU's or busybox's,
# nothing is said.
file_times() {
  pid_file=$(printf '%s\n' "${base:-}" | sed -n 's/^[Pp][Ii][Dd][Ff][Ii][Ll][Ee] //p')
  said=''
  case $pid_file in
    /*[[:cntrl:]]*) pid_file='' ;;
    /*) { read -r said < "$pid_file"; } 2>/dev/null ;;
    *) pid_file='' ;;
  esac
  case $said in *[!0-9]*) said='' ;; esac
  section times "$pid_file" "$said"
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $regular $include_directories $pid_file
  IFS=$default_ifs
  [ $# -eq 0 ] || TZ=UTC0 stat -c '%z %y %n' -- "$@" /proc/self/stat 2>/dev/null
}

# --- the machine ---------------------------------------------------------------------------------

machine() {
  boot=''
  { read -r boot < /proc/sys/kernel/random/boot_id; } 2>/dev/null
  init=''
  { read -r init < /proc/1/comm; } 2>/dev/null
  section machine "$(id -u)" "$(uname -srm)" "$boot" "$init"
  if [ -f /etc/os-release ]; then release=/etc/os-release; else release=/usr/lib/os-release; fi
  file os "$release"
}

# The addresses of this very login; sudo takes the variable away, the login's own process keeps it.
login_address() {
  address=${SSH_CONNECTION:-}
  pid=$$
  while [ -z "$address" ] && parent_of "$pid" && [ "$parent" -gt 1 ]; do
    pid=$parent
    case $name in sshd | sshd-session) break ;; esac
    address=$({ tr '\000' '\n' < "/proc/$pid/environ"; } 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
  done
  case $address in *[!0-9a-zA-Z.:%\ _-]*) address='' ;; esac
  section login "$address"
}

# Sets `parent` and the `name` of the parent process, from /proc/PID/stat: `pid (name) state ppid …`.
parent_of() {
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
  stat=${stat##*) }
  stat=${stat#* }
  parent=${stat%% *}
  name=''
  { read -r name < "/proc/$parent/comm"; } 2>/dev/null
  return 0
}

# --- the daemon ----------------------------------------------------------------------------------

# The listener this login came through; where the script was not started through SSH, the only one
# there is. A login whose topmost sshd is a session has no listener: something starts one sshd for
# each connection. Sessions call themselves `sshd: user [priv]` (`sshd-session` from 9.8), listeners
# `sshd: PATH ARGUMENTS [listener] …`, before 8.2 only PATH ARGUMENTS.
find_listener() {
  listener=''
  command_line=''
  pid=$$
  top=''
  started=''
  while parent_of "$pid" && [ "$parent" -gt 0 ]; do
    pid=$parent
    case $name in
      sshd) top=$pid; started=per-connection ;;
      sshd-session) started=per-connection ;;
    esac
  done
  if [ -z "$started" ]; then
    scan_listeners
    top=$listener
  elif [ -n "$top" ] && is_listener "$top"; then
    listener=$top
    started=''
  fi
  executable=''
  case $top in
    '' | several) ;;
    *) executable=$(readlink "/proc/$top/exe" 2>/dev/null) ;;
  esac
  executable=${executable% (deleted)}
  printable "$executable" || executable=''
  [ "${listener:-several}" != several ] || command_line=''
  section listener "$listener" "$started"
}

# The unit in whose control group the listener runs; systemd then says whether it is the unit's main process.
listener_unit() {
  case ${listener:-several} in
    several) ;;
    *) sed -n 's/^[0-9]*:\(name=systemd\)*:.*\/\([A-Za-z0-9:_.\\][A-Za-z0-9:_.\\-]*\.service\)$/\2/p' "/proc/$listener/cgroup" 2>/dev/null | head -n 1 ;;
  esac
}

is_listener() {
  # In braces: a process that ends just now must not make the shell itself complain.
  command_line=$({ tr '\000' '\n' < "/proc/$1/cmdline"; } 2>/dev/null) || return 1
  case $command_line in
    'sshd: '*'[listener]'*) return 0 ;;
    'sshd: '* | '') return 1 ;;
    *"$newline-"[RTtGVi]*) return 1 ;;
  esac
}

# Whether a process is this system's own and not a container's.
ours() {
  [ "$(readlink "$1/ns/pid" 2>/dev/null)" = "$(readlink "/proc/$$/ns/pid" 2>/dev/null)" ]
}

scan_listeners() {
  found_line=''
  set +f
  set -- /proc/[0-9]*
  set -f
  for process in "$@"; do
    name=''
    { read -r name < "$process/comm"; } 2>/dev/null
    if [ "$name" != sshd ] || ! ours "$process" || ! is_listener "${process#/proc/}"; then continue; fi
    if [ -n "$listener" ]; then listener=several; else listener=${process#/proc/}; fi
    found_line=$command_line
  done
  command_line=$found_line
}

# Whoever comes in through another sshd meets another configuration. Not meant are sessions, what the listener
# has just forked, instances of curfew's own, and those of containers.
other_listeners() {
  section listeners
  [ "$listener" != several ] || return 0
  set +f
  set -- /proc/[0-9]*
  set -f
  for process in "$@"; do
    name=''
    { read -r name < "$process/comm"; } 2>/dev/null
    if [ "$name" != sshd ] || [ "${process#/proc/}" = "$listener" ]; then continue; fi
    title=''
    { read -r title < "$process/cmdline"; } 2>/dev/null
    case $title in *'[listener]'*) ;; 'sshd: '* | *curfew-shadow-*) continue ;; esac
    is_listener "${process#/proc/}" || continue
    case $command_line in *curfew-shadow-*) continue ;; esac
    if parent_of "${process#/proc/}" && [ "$parent" != "${listener:-0}" ] && ours "$process"; then
      printf '%s\n' "${process#/proc/}"
    fi
  done
}

# Reads -f and -o from the listener's command line, which the options of sshd(8) permit without loss
# except for blanks that the process title no longer quotes: those are joined again.
daemon_options() {
  main_file=''
  option_lines=''
  case $command_line in
    'sshd: '*) words=${command_line#sshd: }; words=${words%% \[listener\]*}; IFS=$default_ifs ;;
    *) words=$command_line; IFS=$newline ;;
  esac
  # shellcheck disable=SC2086 # split into arguments on purpose
  set -- $words
  IFS=$default_ifs
  [ $# -eq 0 ] || shift
  while [ $# -gt 0 ]; do
    OPTIND=1
    option=''
    while getopts :46DGQRTdeiqrtVC:E:b:c:f:g:h:k:o:p:u: option; do
      # shellcheck disable=SC2213,SC2220 # the other options do not concern the configuration
      case $option in
        f) main_file=$OPTARG ;;
        o) option_lines="$option_lines$newline$OPTARG" ;;
      esac
      last=$option
    done
    shift $((OPTIND - 1))
    [ $# -gt 0 ] || break
    case ${last:-} in
      f) main_file="$main_file $1" ;;
      o) option_lines="$option_lines $1" ;;
    esac
    shift
  done
}

daemon() {
  sshd=''
  case ${executable##*/} in sshd*) sshd=$executable ;; esac
  [ -n "$sshd" ] || sshd=$(command -v sshd) || sshd=''
  openssh={{openssh}}
  [ "$openssh" = yes ] || sshd=''
  section options
  printf '%s\n' "$option_lines"
  section sshd "$sshd"
  [ -z "$sshd" ] || "$sshd" -V 2>&1
  base=''
  [ -z "$sshd" ] || effective -
}

# effective ID [-C SPECIFICATION]: what the daemon would do, or why it does not say.
effective() {
  id=$1
  shift
  if answer=$(ask_sshd "$@" 2>/dev/null); then
    if [ "$id" != - ] && [ "$answer" = "$base" ]; then section effective "$id" same; return; fi
    section effective "$id" 0
    printf '%s\n' "$answer"
    if [ "$id" = - ]; then base=$answer; fi
  else
    section effective "$id" $?
    # shellcheck disable=SC2069 # only what it complains about
    ask_sshd "$@" 2>&1 >/dev/null
  fi
}

ask_sshd() {
  if [ -n "$main_file" ]; then set -- -f "$main_file" "$@"; fi
  IFS=$newline
  for option in $option_lines; do set -- "$@" -o "$option"; done
  IFS=$default_ifs
  within "$sshd" -T "$@"
}

# --- its configuration ---------------------------------------------------------------------------

configuration() {
  configured=$main_file
  if [ -z "$configured" ]; then
    configured=/etc/ssh/sshd_config
    # Distributions with an immutable /usr keep the original there, in force until /etc has one.
    [ -e "$configured" ] || ! [ -e /usr/etc/ssh/sshd_config ] || configured=/usr/etc/ssh/sshd_config
  fi
  case $configured in /*) ;; *) configured=/$configured ;; esac
  file main "$configured"
  reached=$newline
  pending=''
  visited=0
  [ -f "$configured" ] || return 0
  included_by "$configured"
  # Depth first: what a file includes is read before what stands after it.
  while [ -n "$pending" ]; do
    next=${pending%%"$newline"*}
    pending=${pending#*"$newline"}
    case $reached in *"$newline$next$newline"*) continue ;; esac
    reached="$reached$next$newline"
    visited=$((visited + 1))
    if [ "$visited" -gt 200 ]; then section too-many-files; return; fi
    file drop-in "$next"
    if [ -f "$next" ] && grep -qi '^[[:space:]"]*include' "$next" 2>/dev/null; then included_by "$next"; fi
  done
}

# Prints the Include lines of a file and puts the files they reach in front of what is pending.
included_by() {
  including=$1
  expanded=''
  includes=$(awk "$include_lines" "$1" 2>/dev/null)
  for_lines expand_include "$includes"
  pending="$expanded$pending"
}

expand_include() {
  section include "$including" "$line"
  pattern=${line##*"$tab"}
  case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
  set +f
  IFS=
  # shellcheck disable=SC2086 # a pattern on purpose; in the C locale, in byte order like sshd
  set -- $pattern
  IFS=$default_ifs
  set -f
  case $pattern in
    *[[:cntrl:]]* | *[*?[]*/*) ;;
    *[*?[]*)
      case $newline$include_directories in
        *"$newline${pattern%/*}/$newline"*) ;;
        *) include_directories="$include_directories${pattern%/*}/$newline" ;;
      esac
      ;;
  esac
  for included in "$@"; do
    [ -e "$included" ] || [ -h "$included" ] || continue
    printable "$included" || continue
    expanded="$expanded$included$newline"
  done
}

# line number, yes or no (inside a Match block), pattern; one line for each pattern.
# shellcheck disable=SC2016 # an awk program
include_lines='
function keyword(text) {
  sub(/^[ \t\r\f]+/, "", text)
  if (text ~ /^"/) { sub(/^"/, "", text); sub(/"/, " ", text) }
  rest = text
  if (!match(text, /[ \t\r=]/)) { rest = ""; return tolower(text) }
  rest = substr(text, RSTART)
  sub(/^[ \t\r]*=?[ \t\r]*/, "", rest)
  return tolower(substr(text, 1, RSTART - 1))
}
function patterns(text,   i, c, quote, word, open) {
  text = text " "
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (quote != "") { if (c == quote) quote = ""; else word = word c }
    else if (c == "\"" || c == "\047") { quote = c; open = 1 }
    else if (c == "#" && word == "" && !open) return
    else if (c ~ /[ \t\r\f]/) { if (word != "") print NR "\t" (inside ? "yes" : "no") "\t" word; word = ""; open = 0 }
    else word = word c
  }
}
{ word = keyword($0) }
word == "match" { inside = 1 }
word == "include" { patterns(rest) }
'

# --- people --------------------------------------------------------------------------------------

accounts() {
  people=$(account_lines | awk -F: "$classify" /dev/null -)
  section people
  printf '%s\n' "$people"
  case $address in
    *' '*' '*' '*) ;;
    *) address='' ;;
  esac
  if [ -n "$address" ] && [ -n "$base" ]; then for_lines ask_for_class "$people"; fi
}

ask_for_class() {
  case $1 in "class$tab"*) ;; *) return 0 ;; esac
  representative=${1#*"$tab"*"$tab"*"$tab"}
  representative=${representative%%"$tab"*}
  [ -n "$representative" ] || return 0
  from=${address%% *}
  port=${address##* }
  to=${address#* * }
  effective "$representative" -C "user=$representative,host=$from,addr=$from,laddr=${to%% *},lport=$port"
}

# Where accounts and groups come from (nsswitch.conf(5)). Red Hat's names sss whether or not one runs.
name_sources() {
  section name-sources "$(if [ -S /var/lib/sss/pipes/nss ]; then echo sss; fi)"
  [ -r /etc/nsswitch.conf ] || return 0
  while read -r key rest; do
    case $key in passwd:* | group:*) printf '%s %s\n' "${key#*:}" "$rest" ;; esac
  done < /etc/nsswitch.conf
}

# The token, then parts that each begin with a line `TOKEN part`.
account_lines() {
  printf '%s\n' "$token"
  printf '%s selectors\n' "$token"
  set -- {{selectors}}
  [ $# -eq 0 ] || printf '%s\n' "$@"
  printf '%s locked\n' "$token"
  # Only whether the password is locked leaves this pipe.
  sed -n 's/^\([^:]*\):!.*/\1/p' /etc/shadow 2>/dev/null
  if command -v getent >/dev/null 2>&1; then name_service; else plain_files; fi
}

name_service() {
  set -- {{groups}}
  named=''
  if [ $# -gt 0 ]; then
    printf '%s group\n' "$token"
    named=$(within getent group "$@")
    printf '%s\n%s result group %s\n%s group\n' "$named" "$token" "$?" "$token"
    # Others with the same number count as well.
    within getent group
    printf '%s result group %s\n' "$token" "$?"
  fi
  printf '%s passwd\n' "$token"
  within getent passwd
  printf '%s result passwd %s\n' "$token" "$?"
  set -- {{users}}
  IFS=",$newline"
  for group in $named; do
    group=${group##*:}
    case $group in -*) continue ;; esac
    if [ -n "$group" ] && [ $# -lt 2000 ]; then set -- "$@" "$group"; fi
  done
  IFS=$default_ifs
  if [ $# -gt 0 ]; then
    printf '%s passwd\n' "$token"
    within getent passwd "$@"
    printf '%s result passwd %s\n' "$token" "$?"
  fi
}

plain_files() {
  printf '%s group\n' "$token"
  cat /etc/group
  printf '%s passwd\n' "$token"
  cat /etc/passwd
}

# Sorts accounts into classes by the roles and exemptions they belong to: the owners of the selectors
# that match them, which stand in front of each selector. A class prints every selector that matches
# one of its accounts. Groups count by number, as they do for the kernel: members of any group with
# that number, and those whose primary it is.
# shellcheck disable=SC2016 # an awk program
classify='
function usable(shell) { return shell !~ /\/(nologin|false|true|sync|halt|shutdown)$/ }
function matches(i,   list, n) {
  matching[++matched] = i
  n = split(owners_of[i], list, ",")
  for (; n > 0; n--) owned[list[n] + 0] = 1
}
function add(key, name, login, rank,   n, i) {
  if (!(key in best_rank)) { best_rank[key] = 9; size[key] = 0; listed[key] = 0; count++ }
  if (rank < best_rank[key] || (rank == best_rank[key] && (name "") < (best[key] ""))) { best_rank[key] = rank; best[key] = name }
  size[key] += login
  n = listed[key]
  if (n == 20) { if ((name "") >= (users[key, 20] "")) return; n = 19 }
  for (i = n; i > 0 && (users[key, i] "") > (name ""); i--) users[key, i + 1] = users[key, i]
  users[key, i + 1] = name
  listed[key] = n + 1
}
token == "" { token = $0; next }
index($0, token " ") == 1 {
  part = substr($0, length(token) + 2)
  if (part ~ /^result /) {
    split(part, result, " ")
    if (result[3] != 0 && result[3] != 2) failed = "getent " result[2] " ended with status " result[3] (result[3] == 124 ? " (no answer in time)" : "")
  }
  next
}
part == "selectors" {
  owners_of[++selectors] = substr($0, 1, index($0, " ") - 1)
  n = split(owners_of[selectors], list, ",")
  for (; n > 0; n--) if (list[n] + 0 >= owners) owners = list[n] + 1
  wanted[selectors] = substr($0, index($0, " ") + 1)
  name = substr(wanted[selectors], index(wanted[selectors], ":") + 1)
  if (wanted[selectors] ~ /^user:/) user_selector[name] = selectors
  else { group_selector[name] = selectors; group_names[++groups] = name }
}
part == "locked" { locked[$0] = 1 }
part == "group" && NF >= 4 {
  if (($1 in group_selector) && !($1 in gid_of)) { gid_of[$1] = $3 + 0; gid_wanted[$3 + 0] = 1 }
  if (!(($3 + 0) in gid_wanted)) next
  n = split($4, members, ",")
  for (i = 1; i <= n; i++) if (members[i] != "") { member[$3 + 0, members[i]] = 1; named[members[i]] = 1 }
}
part == "passwd" && NF >= 7 && !($1 in seen) {
  seen[$1] = 1
  login = usable($7)
  if (login && !($7 in shell_seen)) { shell_seen[$7] = 1; print "shell\t" ($7 == "" ? "/bin/sh" : $7) }
  if (!login && !($1 in user_selector) && !($1 in named) && !(($4 + 0) in gid_wanted)) next
  if ($1 ~ /[\001-\037\177]/ || $7 ~ /[\001-\037\177]/) { failed = "an account has control characters in its name or shell"; next }
  matched = 0
  for (i = 0; i < owners; i++) owned[i] = 0
  if ($1 in user_selector) matches(user_selector[$1])
  for (i = 1; i <= groups; i++) {
    name = group_names[i]
    if ((name in gid_of) && (gid_of[name] == $4 + 0 || ((gid_of[name], $1) in member))) matches(group_selector[name])
  }
  key = ""
  for (i = 0; i < owners; i++) key = key owned[i]
  for (; matched > 0; matched--) of_class[key, matching[matched]] = 1
  add(key, $1, login, $1 ~ /[,]|^-/ ? 3 : !login ? 2 : ($1 in locked) ? 1 : 0)
}
END {
  for (i = 1; i <= selectors; i++) {
    name = substr(wanted[i], index(wanted[i], ":") + 1)
    if (wanted[i] ~ /^user:/ ? !(name in seen) : !(name in gid_of)) print "missing\t" i
  }
  if (failed != "") { print "failed\t" failed; exit }
  if (count > 40) { print "failed\tmore than 40 classes of users (" count ")"; exit }
  for (key in best) {
    positions = ""
    for (i = 1; i <= selectors; i++) if ((key, i) in of_class) positions = positions (positions == "" ? "" : ",") i
    line = "class\t" positions "\t" size[key] "\t" (best_rank[key] < 3 ? best[key] : "")
    for (i = 1; i <= listed[key]; i++) line = line "\t" users[key, i]
    print line
  }
}
'

# --- shells --------------------------------------------------------------------------------------

# What /etc/shells lists and what accounts really use, with the real file behind each.
shells() {
  section shells
  links=''
  used=$newline$(printf '%s\n' "$people" | sed -n "s/^shell$tab//p")$newline
  listed=$(
    {
      for list in /etc/shells /usr/etc/shells; do
        [ ! -f "$list" ] || sed -n 's/[[:space:]]*$//; /^\//p' "$list"
      done
      printf '%s' "$used" | sed -n '/^\//p'
    } | sort -u
  )
  for_lines one_shell "$listed"
  linked_shells
}

one_shell() {
  if ! [ -x "$1" ] || ! [ -f "$1" ]; then return 0; fi
  if [ -h "$1" ]; then links="$links$1$newline"; else said_shell "$1" "$1"; fi
}

said_shell() {
  case $used in *"$newline$1$newline"*) in_use=yes ;; *) in_use=no ;; esac
  printf '%s\t%s\t%s\n' "$1" "$2" "$in_use"
}

# One readlink for all where it takes more than one path, else one for each.
linked_shells() {
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  targets=$(readlink -f -- $links 2>/dev/null)
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $targets
  count=$#
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $links
  IFS=$default_ifs
  for link in "$@"; do
    if [ "$count" -eq $# ]; then
      target=${targets%%"$newline"*}
      targets=${targets#*"$newline"}
    else
      target=$(readlink -f -- "$link")
    fi
    said_shell "$link" "$target"
  done
}

# --- services ------------------------------------------------------------------------------------

service() {
  if [ -d /run/systemd/system ]; then systemd; fi
  scripts=''
  for script in ssh sshd; do [ ! -x "/etc/init.d/$script" ] || scripts="$scripts $script"; done
  section init "$(if [ -e /run/openrc/softlevel ]; then echo openrc; fi)" "$scripts"
  [ "$init" = systemd ] || [ ! -d /etc/cron.d ] || cron_daemons
}

systemd() {
  section systemd
  systemctl --version 2>&1
  section units
  set -- ssh.service sshd.service ssh.socket sshd.socket systemd-logind.service curfew-watchdog.timer
  own_unit=$(listener_unit)
  case " $* " in
    *" ${own_unit:-ssh.service} "*) ;;
    *) set -- "$@" "$own_unit" ;;
  esac
  within systemctl show --no-pager -p Id,LoadState,ActiveState,MainPID,Accept "$@" 2>&1
  section idle-stop
  within busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
    org.freedesktop.login1.Manager StopIdleSessionUSec 2>&1
}

# A running cron that reads /etc/cron.d; busybox crond does not.
cron_daemons() {
  section cron
  set +f
  set -- /proc/[0-9]*
  set -f
  for process in "$@"; do
    name=''
    { read -r name < "$process/comm"; } 2>/dev/null
    case $name in cron | crond) ! ours "$process" || readlink "$process/exe" 2>/dev/null ;; esac
  done
}

# --- shell and logind files ----------------------------------------------------------------------

system_files() {
  for path in {{files}}; do file system "$path"; done
  set +f
  set -- /etc/profile.d/*curfew* /etc/systemd/logind.conf.d/*curfew* /etc/curfew/*
  set -f
  for path in "$@"; do
    [ -e "$path" ] || [ -h "$path" ] || continue
    own_file "$path"
  done
}

# TMOUT and autologout in every system-wide file that a shell or a login reads.
foreign_timeouts() {
  section timeouts
  set +f
  set -- /etc/profile /etc/profile.local /etc/profile.d/*.sh /etc/profile.d/*.csh /etc/profile.d/*.local \
    /etc/profile.d/*.zsh /etc/bash.bashrc /etc/bash.bashrc.local /etc/bashrc /etc/bash/bashrc \
    /etc/bash/bashrc.d/* /etc/bashrc.d/* /etc/zshenv /etc/zprofile /etc/zshrc /etc/zlogin /etc/zsh/* \
    /etc/ksh.kshrc /etc/mkshrc /etc/csh.cshrc /etc/csh.login /etc/tcsh.tcshrc /etc/tcsh.login \
    /etc/csh/cshrc.d/* /etc/csh/login.d/* /etc/environment /etc/environment.d/*.conf \
    /etc/security/pam_env.conf /etc/default/login /usr/etc/profile /usr/etc/bash.bashrc \
    /usr/etc/profile.d/*.sh /usr/etc/profile.d/*.csh
  set -f
  for path in "$@"; do
    shift
    case $path in */00-curfew.* | *[[:cntrl:]]*) continue ;; esac
    if [ -f "$path" ] && [ -r "$path" ]; then set -- "$@" "$path"; fi
  done
  [ $# -eq 0 ] || within awk "$assignments" "$@"
}

# Blocks of curfew count as its own only when they are closed. A line that not everybody reaches, in a branch or
# after a way out that is not about interactive shells, is shown indented, as people write it: that makes it a
# condition. A word too many counted as a branch makes a doubt, never a certainty.
# shellcheck disable=SC2016 # an awk program
assignments='
function show(text) {
  gsub(/[\001-\037\177]/, " ", text)
  return FILENAME "\t" FNR "\t" substr((inside ? " " : "") text, 1, 200)
}
function follow(text,   words, count, i) {
  sub(/[ \t;]#.*/, "", text)
  if (text ~ /(^|[ \t;&|)])(return|exit)([ \t;&|]|$)/ && text !~ /PS1|\$-|-t [012]/) left = 1
  count = split(text, words, /[ \t;&|()]+/)
  for (i = 1; i <= count; i++) {
    if (words[i] ~ /^(case|for|while|until|select|switch|foreach)$/) depth++
    else if (words[i] == "if" && (FILENAME !~ /csh/ || text ~ /then[ \t]*$/)) depth++
    else if (words[i] ~ /^(fi|esac|done|endif|endsw|end)$/ && depth > 0) depth--
  }
}
FNR == 1 { if (block) printf "%s", held; block = 0; held = ""; depth = 0; left = 0 }
{ inside = depth > 0 || left }
!/^[ \t]*#/ { follow($0) }
/^# BEGIN curfew/ { if (block) printf "%s", held; block = 1; held = ""; next }
/^# END curfew/ { block = 0; held = ""; next }
!/TMOUT|autologout/ { next }
{
  text = $0
  sub(/^[ \t]*#.*/, "", text)
  sub(/[ \t;]#.*/, "", text)
}
text ~ /(^|[^A-Za-z0-9_$])TMOUT\+?=/ || text ~ /\$\{TMOUT:?=/ || text ~ /^[ \t]*TMOUT[ \t]+(DEFAULT|OVERRIDE)=/ ||
text ~ /(^|[^A-Za-z0-9_])(readonly|declare|typeset|export|unset|setenv)[ \t]([^;&|]*[ \t])?TMOUT([^A-Za-z0-9_]|$)/ ||
text ~ /(^|[^A-Za-z0-9_])(set|unset)[ \t]([^;&|]*[ \t])?autologout([^A-Za-z0-9_]|$)/ {
  if (block) held = held show($0) "\n"; else print show($0)
}
END { if (block) printf "%s", held }
'

# --- what curfew left ----------------------------------------------------------------------------

curfew_state() {
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

own_file() {
  case $newline$regular in *"$newline$1$newline"*) ;; *) file own "$1" ;; esac
}

# In few large pieces: each of the hundreds of small writes would be an SSH packet of its own, and cost both
# ends more than everything they carry (3 ms of the controller's CPU per host, a fifth of all).
deliver() {
  if dd ibs=65536 obs=65536 </dev/null >/dev/null 2>&1; then
    main | dd ibs=65536 obs=65536 2>/dev/null
  else
    main
  fi
}

deliver </dev/null
