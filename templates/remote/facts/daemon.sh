part_daemon() {
  find_listener
  connection_unit=''
  [ "$started" != per-connection ] || connection_command
  daemon_options
  daemon
}

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

# One that was started for this connection no longer shows its command line: its unit does, and what that takes from
# the environment. The unit is that of the socket on this login's port.
connection_command() {
  [ -d /run/systemd/system ] || return 0
  socket=$(within systemctl show --no-pager -p Id,ActiveState,Accept,Listen '*.socket' 2>/dev/null | awk -v port="${address##* }" "$accepting")
  [ -n "$socket" ] || return 0
  connection_unit=${socket%.socket}@0.service
  shown=$(within systemctl show --no-pager -p ExecStart,Environment,EnvironmentFiles "$connection_unit" 2>/dev/null)
  given=$(printf '%s\n' "$shown" | sed -n 's/^ExecStart={ path=[^;]*; argv\[\]=\(.*\) ; ignore_errors=.*/\1/p' | head -n 1)
  for file in $(printf '%s\n' "$shown" | sed -n 's/^EnvironmentFiles=\([^ ]*\) (.*/\1/p'); do
    shown="$shown$newline$(sed 's/^[[:blank:]]*//; /^[#;]/d; s/^/Environment=/' "$file" 2>/dev/null)"
  done
  command_line=$(printf '%s\n' "$given" | shown=$shown awk "$with_environment")
}

# shellcheck disable=SC2016 # an awk program
accepting='
BEGIN { RS = ""; FS = "\n" }
{
  id = ""
  active = accept = mine = 0
  for (i = 1; i <= NF; i++) {
    if ($i ~ /^Id=/) id = substr($i, 4)
    else if ($i == "ActiveState=active") active = 1
    else if ($i == "Accept=yes") accept = 1
    else if ($i ~ ("^Listen=.*[:=]" port " [(]Stream[)]")) mine = 1
  }
  if (active && accept && mine) { print id; exit }
}'

# A word that is a variable is split at blanks, as systemd does it (systemd.service(5), COMMAND LINES). One a line.
# shellcheck disable=SC2016 # an awk program
with_environment='
function value_of(name,   lines, n, i, at, found) {
  n = split(ENVIRON["shown"], lines, "\n")
  for (i = 1; i <= n; i++) {
    if (lines[i] !~ /^Environment=/) continue
    lines[i] = " " substr(lines[i], 13)
    gsub(/[\"\047]/, "", lines[i])
    at = index(lines[i], " " name "=")
    if (at == 0) continue
    found = substr(lines[i], at + length(name) + 2)
  }
  return found
}
{
  n = split($0, words, " ")
  for (i = 1; i <= n; i++) {
    if (words[i] ~ /^[$][{]?[A-Za-z_][A-Za-z0-9_]*[}]?$/) {
      gsub(/[${}]/, "", words[i])
      m = split(value_of(words[i]), parts, " ")
      for (j = 1; j <= m; j++) print parts[j]
    } else print words[i]
  }
}'

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
}
