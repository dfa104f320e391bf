# Every other way in: whoever comes through it meets settings that nobody asked for here. Told by what listens and by
# what the listening program is made of, or starts, not by names. Line: process number or socket unit, then the program.
part_ways() {
  section ways
  [ "$listener" != several ] || return 0
  servers=''
  [ "$started" != per-connection ] || [ -n "$connection_unit" ] ||
    printf 'the server of this login, which no socket unit starts\t%s\n' "$executable"
  own_way=$(listener_unit)
  own_accounts=$(accounts_of $$)
  for way in $(listening); do other_process "$way"; done
  for way in $(named_sshd); do is_listener "$way" && other_process "$way"; done
  [ ! -d /run/systemd/system ] || other_sockets
}

# Processes that listen on a TCP port, of this network and of others; where nothing tells which, none.
listening() {
  { within ss -ltnp; other_networks; } 2>/dev/null | sed -n 's/^LISTEN.*users:(//p' | tr ',' '\n' | sed -n 's/^pid=\([0-9]*\).*/\1/p' | sort -un
}

# What listens in the networks of processes that have this system's accounts.
other_networks() {
  command -v nsenter >/dev/null 2>&1 || return 0
  set +f
  set -- /proc/[0-9]*/root/etc/passwd /proc/$$/ns/net /proc/[0-9]*/ns/net
  set -f
  for network in $(within stat -L -c '%d:%i %n' "$@" 2>/dev/null | own=$own_accounts awk "$networks"); do
    within nsenter "--net=$network" ss -ltnp
  done
}

# One process of each, this script's own left out; so many at most.
# shellcheck disable=SC2016 # an awk program
networks='
{ split($2, part, "/") }
$2 ~ /passwd$/ { if ($1 == ENVIRON["own"]) same[part[3]] = 1; next }
!first { first = 1; seen[$1] = 1; next }
(part[3] in same) && !($1 in seen) && count < 50 { seen[$1] = 1; count++; print $2 }
'

# Which file of accounts a process sees: containers have their own.
accounts_of() {
  within stat -L -c '%d:%i' "/proc/$1/root/etc/passwd" 2>/dev/null
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
  ours "/proc/$1" || [ "$(accounts_of "$1")" = "${own_accounts:-none}" ] || return 0
  if ! is_server "/proc/$1/exe"; then
    starts_server "$1" || return 0
    servers="$servers $1"
    printf '%s\t%s\n' "$1" "$candidate"
    return 0
  fi
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

# Whether a process that listens starts a server for each connection: its command line, or what it goes by, names one.
# Files of inetd and its kind stand in the program itself; other files count where their words are those of a server that
# is started so (sshd(8) -i).
starts_server() {
  looked=0
  given=$({ tr '\000' '\n' < "/proc/$1/cmdline"; } 2>/dev/null | paths_in)
  tables=$(grep -aoE '/etc/[A-Za-z]*inetd[A-Za-z0-9._/-]*' "/proc/$1/exe" 2>/dev/null | sort -u)
  if [ -n "$tables" ]; then names_server 1 any "$tables$newline$given"; else names_server 1 inetd "$given"; fi
}

paths_in() {
  tr -cs 'A-Za-z0-9._/+-' '\n' | grep '^/' | sort -u | head -n 200
}

# names_server DEPTH any|inetd PATHS: sets `candidate` to the server that is among the paths, or named in a file there.
names_server() {
  [ "$1" -le 4 ] || return 1
  for candidate in $3; do
    if [ -d "$candidate" ] && [ "$2" = any ]; then
      candidate=$(find "$candidate/." ! -name . -prune -type f 2>/dev/null | head -n 50)
      ! names_server $(($1 + 1)) any "$candidate" || return 0
      continue
    fi
    if ! [ -f "$candidate" ] || [ "$looked" -ge 200 ]; then continue; fi
    looked=$((looked + 1))
    if [ -x "$candidate" ] && is_server "$candidate"; then return 0; fi
    if [ -x "$candidate" ]; then
      first_line=''
      { read -r first_line < "$candidate"; } 2>/dev/null
      case $first_line in '#!'*) ;; *) continue ;; esac
    fi
    text=$(head -c 65536 "$candidate" | grep -av '^[[:space:]]*#[^!]')
    [ "$2" = any ] || printf '%s\n' "$text" | grep -qE '(^|[[:space:]"=])-[A-Za-z0-9]*i([[:space:]"]|$)|tinyssh' || continue
    ! names_server $(($1 + 1)) any "$(printf '%s\n' "$text" | paths_in)" || return 0
  done
  return 1
}

# Sockets that systemd holds: it starts a program for each connection, or at the first one. Where this login itself
# came through one, that is the way that was asked about: the one on its port.
other_sockets() {
  own_port=''
  [ "$started" != per-connection ] || own_port=${address##* }
  sockets=$(within systemctl show --no-pager -p Id,ActiveState,Accept,Listen,Triggers,FragmentPath '*.socket' 2>/dev/null | awk -v own="$own_way" -v port="$own_port" "$tcp_sockets")
  [ -n "$sockets" ] || return 0
  # shellcheck disable=SC2046 # names of units
  shown=$(within systemctl show --no-pager -p Id,ExecStart $(printf '%s\n' "$sockets" | cut -f 2 | sort -u) 2>/dev/null)
  # shellcheck disable=SC2046 # paths
  named=$(grep -lsE 'clientaliveinterval|ClientAliveInterval|SSH-2[.]0-([a-z]|Teleport)|sshd|dropbear|tinyssh' $(printf '%s\n' "$shown" | paths_in))
  for_lines other_socket "$sockets"
}

# shellcheck disable=SC2016 # an awk program
tcp_sockets='
BEGIN { RS = ""; FS = "\n" }
{
  id = accept = triggers = ""
  tcp = path = generated = active = mine = 0
  for (i = 1; i <= NF; i++) {
    if ($i ~ /^Id=/) id = substr($i, 4)
    else if ($i == "ActiveState=active") active = 1
    else if ($i == "Accept=yes") accept = 1
    else if ($i ~ /^Triggers=/) triggers = substr($i, 10)
    else if ($i ~ /^FragmentPath=.*\/generator/) generated = 1
    # A path leads to whoever forwards to it; those that systemd makes by itself (systemd-ssh-generator(8)) have the
    # files of the sshd that is there.
    else if ($i ~ /^Listen=\/.* \(Stream\)$/) path = 1
    else if ($i ~ /^Listen=[^\/@]*:?[0-9]+ \(Stream\)$/ && $i !~ /vsock/) {
      tcp = 1
      if (port != "" && $i ~ ("[:=]" port " ")) mine = 1
    }
  }
  if (!active || !tcp && (!path || generated) || mine || (own != "" && triggers == own)) next
  unit = id
  sub(/\.socket$/, accept ? "@0.service" : ".service", unit)
  if (!accept && triggers ~ /^[^ ]+\.service$/) unit = triggers
  print id "\t" unit
}'

other_socket() {
  unit=${1##*"$tab"}
  program=$(printf '%s\n' "$shown" | unit=$unit awk 'BEGIN { RS = "" } index("\n" $0 "\n", "\nId=" ENVIRON["unit"] "\n")' | paths_in)
  looked=0
  for path in $program; do
    case $newline$named$newline in *"$newline$path$newline"*) ;; *) continue ;; esac
    names_server 1 any "$path" || continue
    printf '%s\t%s\n' "${1%%"$tab"*}" "$candidate"
    return 0
  done
}
