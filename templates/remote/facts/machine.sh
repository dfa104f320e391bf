part_machine() {
  machine
  login_address
}

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
