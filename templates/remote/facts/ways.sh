# Every other way in: whoever comes through it meets settings that nobody asked for here. Told by what listens and by
# what the listening program is made of, not by names. Line: process number or socket unit, then the program.
part_ways() {
  section ways
  [ "$listener" != several ] || return 0
  servers=''
  [ "$started" != per-connection ] || [ -n "$connection_unit" ] ||
    printf 'the server of this login, which no socket unit starts\t%s\n' "$executable"
  own_way=$(listener_unit)
  for way in $(listening); do other_process "$way"; done
  for way in $(named_sshd); do is_listener "$way" && other_process "$way"; done
  [ ! -d /run/systemd/system ] || other_sockets
}

# Processes that listen on a TCP port; where nothing tells which, none.
listening() {
  within ss -ltnp 2>/dev/null | sed -n 's/^LISTEN.*users:(//p' | tr ',' '\n' | sed -n 's/^pid=\([0-9]*\).*/\1/p' | sort -un
}

# Without ss(8), sshd is known by its name and by what it calls itself.
named_sshd() {
  set +f
  set -- /proc/[0-9]*
  set -f
  for process in "$@"; do
    name=''
    { read -r name < "$process/comm"; } 2>/dev/null
    [ "$name" != sshd ] || echo "${process#/proc/}"
  done
}

# Not meant are sessions and what forwards for them, what the listener has just forked, instances of curfew's own,
# and those of containers.
other_process() {
  case " $servers 1 ${listener:-1} " in *" $1 "*) return ;; esac
  ours "/proc/$1" && is_server "/proc/$1/exe" || return 0
  case $({ tr '\000' ' ' < "/proc/$1/cmdline"; } 2>/dev/null) in *curfew-shadow-*) return ;; esac
  parent_of "$1" || return 0
  [ "$parent" != "${listener:-0}" ] || return 0
  if [ "$parent" -gt 1 ] && is_server "/proc/$parent/exe"; then return 0; fi
  servers="$servers $1"
  program=$(readlink "/proc/$1/exe" 2>/dev/null)
  case $program in *[[:cntrl:]]*) program='' ;; esac
  printf '%s\t%s\n' "$1" "$program"
}

# OpenSSH's server knows its own keywords, others say their name to whoever connects. Clients, and programs that
# bring an SSH library along, do neither.
is_server() {
  grep -qsE 'clientaliveinterval|ClientAliveInterval|SSH-2[.]0-([a-z]|Teleport)' "$1"
}

# Sockets that systemd holds: it starts a program for each connection, or at the first one. Where this login itself
# came through one, that is the way that was asked about: the one on its port.
other_sockets() {
  own_port=''
  [ "$started" != per-connection ] || own_port=${address##* }
  sockets=$(within systemctl show --no-pager -p Id,ActiveState,Accept,Listen,Triggers '*.socket' 2>/dev/null | awk -v own="$own_way" -v port="$own_port" "$tcp_sockets")
  for_lines other_socket "$sockets"
}

# shellcheck disable=SC2016 # an awk program
tcp_sockets='
BEGIN { RS = ""; FS = "\n" }
{
  id = accept = triggers = ""
  tcp = active = mine = 0
  for (i = 1; i <= NF; i++) {
    if ($i ~ /^Id=/) id = substr($i, 4)
    else if ($i == "ActiveState=active") active = 1
    else if ($i == "Accept=yes") accept = 1
    else if ($i ~ /^Triggers=/) triggers = substr($i, 10)
    else if ($i ~ /^Listen=[^\/@]*:?[0-9]+ \(Stream\)$/ && $i !~ /vsock/) {
      tcp = 1
      if (port != "" && $i ~ ("[:=]" port " ")) mine = 1
    }
  }
  if (!active || !tcp || mine || (own != "" && triggers == own)) next
  unit = id
  sub(/\.socket$/, accept ? "@0.service" : ".service", unit)
  if (!accept && triggers ~ /^[^ ]+\.service$/) unit = triggers
  print id "\t" unit
}'

other_socket() {
  socket=${1%%"$tab"*}
  unit=${1##*"$tab"}
  program=$(within systemctl show --no-pager -p ExecStart "$unit" 2>/dev/null | sed -n 's/^ExecStart={ path=\([^ ;]*\) ;.*/\1/p' | head -n 1)
  [ -n "$program" ] && is_server "$program" || return 0
  printf '%s\t%s\n' "$socket" "$program"
}
