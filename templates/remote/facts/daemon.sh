part_daemon() {
  find_listener
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
