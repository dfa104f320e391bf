
# --- whether sshd answers --------------------------------------------------------------------------------
# That a process lives proves little: a new connection has to get as far as the key exchange. The host asks
# itself and nobody tries to log in, so sshd holds nothing against anybody.

# Before anything is changed: where this host can ask its own sshd, as lines of ADDRESS PORT. What is silent now
# (a packet filter, hosts.deny) says nothing later on.
remember_answers() {
  listened >"$guard/listened"
  survey >"$guard/answers"
  [ -s "$guard/answers" ]
}

survey() {
  find_tool || return 0
  survey_until=$(($(date +%s) + 15))
  answered=' '
  for line in $(addresses); do
    port=${line##*/}
    # Another way in is needed only where the first is barred.
    case $line$answered in *"/else/"*" $port "*) continue ;; esac
    [ "$(date +%s)" -lt "$survey_until" ] || return 0
    address=${line%%/*}
    ! knock "$address" "$port" || { answered="$answered$port "; printf '%s %s\n' "$address" "$port"; }
  done
}

# Its addresses, as /proc/net/tcp has them.
listened() {
  [ -z "$daemon" ] || listening "$daemon" | sed 's/^[^ ]* //' | sort -u
}

# Words of ADDRESS/first|else/PORT, at most six: where the daemon listens, or its socket unit. An address that any
# of the host stands for by the loopback's, or else by one at which somebody is connected.
addresses() {
  if [ -n "$daemon" ]; then
    { listening "$daemon" | sed 's/^/own /'; cat "/proc/$daemon/net/tcp" "/proc/$daemon/net/tcp6" 2>/dev/null; } | hexadecimal
  else
    unit_addresses
  fi | sort -u -t / -k 2,2r -k 3,3n -k 1,1 | head -n 6
}

# From lines `own INODE ADDRESS:PORT`, then those of /proc/net/tcp: each 32 bits in the machine's order.
hexadecimal() {
  order=little
  case $(printf '\001\000' | od -An -tu2 2>/dev/null) in *256*) order=big ;; esac
  awk -v order="$order" '
    function number(text,   i, value) {
      for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
      return value + 0
    }
    function octet(word, i) { return substr(word, order == "big" ? 2 * i - 1 : 9 - 2 * i, 2) }
    function four(word) {
      return number(octet(word, 1)) "." number(octet(word, 2)) "." number(octet(word, 3)) "." number(octet(word, 4))
    }
    function text(hex,   i, word, all) {
      if (length(hex) == 8) return four(hex)
      if (substr(hex, 1, 24) == "0000000000000000" (order == "big" ? "0000FFFF" : "FFFF0000")) return four(substr(hex, 25))
      for (i = 0; i < 4; i++) {
        word = substr(hex, i * 8 + 1, 8)
        all = all ":" tolower(octet(word, 1) octet(word, 2) ":" octet(word, 3) octet(word, 4))
      }
      return substr(all, 2)
    }
    function say(address, kind, port) {
      # Those of a link need its name as well.
      if (address !~ /^fe[89ab]/) print address "/" kind "/" port
    }
    $1 == "own" {
      split($3, at, ":")
      if (at[1] !~ /^0+$/) { say(text(at[1]), "first", number(at[2])); next }
      any[at[2]] = 1
      # A socket for IPv6 may serve both; of all addresses there are, one is enough.
      say("127.0.0.1", length(at[1]) == 8 ? "first" : "else", number(at[2]))
      if (length(at[1]) > 8) say("::1", "else", number(at[2]))
      next
    }
    $4 == "01" && split($2, at, ":") && (at[2] in any) && !(at[2] in other) {
      other[at[2]] = 1
      say(text(at[1]), "else", number(at[2]))
    }'
}

# As the socket units have it, drop-ins and all: `Listen=0.0.0.0:22 (Stream)`, `Listen=[::]:22 (Stream)`.
unit_addresses() {
  for socket in $(active_sockets no) $(active_sockets yes); do systemctl show -p Listen "$socket" 2>/dev/null; done |
    sed -n 's/^Listen=\(.*\):\([0-9]*\) (Stream)$/\1 \2/p' | while read -r address port; do
      case $address in
        0.0.0.0) printf '127.0.0.1/first/%s\n' "$port" ;;
        '[::]') printf '::1/else/%s\n127.0.0.1/else/%s\n' "$port" "$port" ;;
        '[fe8'* | '[fe9'* | '[fea'* | '[feb'*) ;;
        *) address=${address#\[}; printf '%s/first/%s\n' "${address%\]}" "$port" ;;
      esac
    done
}

# Sets `tool` to what this host has to ask with.
find_tool() {
  case $(ssh -V 2>&1) in OpenSSH*) tool=ssh; return 0 ;; esac
  for tool in ssh-keyscan bash nc; do ! command -v "$tool" >/dev/null || return 0; done
  tool=
  return 1
}

# knock ADDRESS PORT: whether a new connection gets its banner and the key exchange; without a client of OpenSSH,
# its banner and what sshd offers for the key exchange.
knock() {
  case $tool in
    ssh) said=$(ask_ssh "$1" "$2") ;;
    ssh-keyscan) said=$(for kind in ed25519 rsa ecdsa; do inside 8 ssh-keyscan -T 5 -t "$kind" -p "$2" "$1" 2>/dev/null; done) ;;
    bash) said=$(inside 8 bash -c "$bash_client" knock "$1" "$2" 2>/dev/null | tr -cd '[:print:]') ;;
    nc) said=$({ sleep 1; printf 'SSH-2.0-curfew\r\n'; sleep 1; } | inside 8 nc "$1" "$2" 2>/dev/null | tr -cd '[:print:]') ;;
  esac
  case $tool:$said in
    # An answer as well: sshd offers nothing that this client of the same host would take.
    ssh:*'Server host key: '* | ssh:*': no matching '*) ;;
    ssh-keyscan:*ssh-* | ssh-keyscan:*ecdsa-*) ;;
    bash:SSH-*curve25519* | bash:SSH-*diffie-hellman* | bash:SSH-*ecdh-* | nc:SSH-*curve25519* | nc:SSH-*diffie-hellman* | nc:SSH-*ecdh-*) ;;
    *) return 1 ;;
  esac
}

# Stops by itself once the server has shown its key, which nobody here knows: no login is tried.
ask_ssh() {
  inside 8 ssh -v -T -F /dev/null -o BatchMode=yes -o ConnectTimeout=5 -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -p "$2" "curfew@$1" true </dev/null 2>&1
}

# shellcheck disable=SC2016 # bash expands it
bash_client='
exec 3<>"/dev/tcp/$1/$2" || exit 1
dd bs=4096 count=1 <&3
printf "SSH-2.0-curfew\r\n" >&3
dd bs=8192 count=1 <&3'

# inside SECONDS COMMAND…: in the network that the daemon listens in, for as long at most.
inside() {
  inside_for=$1
  shift
  network=$(readlink "/proc/${daemon:-self}/ns/net" 2>/dev/null)
  if [ -n "$network" ] && [ "$network" != "$(readlink /proc/self/ns/net)" ] && command -v nsenter >/dev/null; then
    set -- nsenter --target "$daemon" --net "$@"
  fi
  bounded "$inside_for" "$@"
}

bounded() {
  if timeout 5 true 2>/dev/null; then
    timeout "$@"
    return
  fi
  bounded_for=$1
  shift
  "$@" &
  bounded_pid=$!
  { sleep "$bounded_for"; kill "$bounded_pid"; } >/dev/null 2>&1 &
  bounded_watch=$!
  wait "$bounded_pid"
  bounded_status=$?
  kill "$bounded_watch" 2>/dev/null
  return "$bounded_status"
}

# Every address that answered before the change and is still listened on; some, where there is none of those. A
# reload for a change must not have lost any.
answers() {
  silent=
  if [ "$mode" = reload ] && lost=$(lost_addresses) && [ -n "$lost" ]; then
    silent=" $lost"
    return 1
  fi
  asked=no
  now=" $(addresses | tr '\n' ' ')"
  { find_tool && [ -e "$guard/answers" ]; } || { listens; return; }
  [ -s "$guard/answers" ] || { listens; return; }
  while read -r address port <&3; do
    case $now in *" $address/"*"/$port "*) ;; *) [ "$mode" = reload ] || continue ;; esac
    asked=yes
    knock_again "$address" "$port" || silent="$silent $address port $port,"
  done 3<"$guard/answers"
  [ -z "$silent" ] || return 1
  # Somebody has moved it meanwhile.
  [ "$asked" = yes ] || [ -n "$(survey)" ] || { silent=' any address,'; return 1; }
}

lost_addresses() {
  [ -n "$daemon" ] || return 0
  listened | comm -13 - "$guard/listened" 2>/dev/null | sed 's/^/own 0 /' | hexadecimal |
    sed '\|^127.0.0.1/else|d; s|/[a-z]*/| port |' | tr '\n' ','
}

# A busy sshd may turn one away (MaxStartups).
knock_again() {
  round=0
  until knock "$1" "$2"; do
    round=$((round + 1))
    [ "$round" -lt 3 ] || return 1
    sleep 1
  done
}

# All that can be seen where nobody can ask.
listens() {
  alive || [ -n "$(active_sockets no)$(active_sockets yes)" ] || [ "$perconnection" = yes ]
}

# Fails where there was nothing to put right.
mend() {
  righted=no
  right_configuration
  find_daemon
  if [ -n "$daemon" ]; then
    [ "$righted" = yes ]
    return
  fi
  reset_failed
  socket=$(active_sockets no | head -n 1)
  [ -n "$socket" ] || { [ -z "$(active_sockets yes)" ] && start_sshd; return; }
  service=$(service_of "$socket")
  start_unit "$service" || { systemctl stop "$socket"; by_hand && started "sshd, by hand"; }
}

no_answer() {
  printf 'sshd does not answer a new connection on%s as it did before\n' "${silent%,}"
}

# Whether some process listens on a port at which sshd answered before.
taken() {
  [ -s "$guard/answers" ] && [ -r /proc/net/tcp ] || return 1
  while read -r address port <&3; do
    if cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$(printf ':%04X [0-9A-F:]* 0A ' "$port")"; then
      printf '%s' "$port"
      return 0
    fi
  done 3<"$guard/answers"
  return 1
}

# Whether sshd takes its files, with what it says about them in `complaint`. The directory is put right: it is not
# of the configuration, and systemd takes it away together with a unit that failed (RuntimeDirectory=).
right_configuration() {
  complaint=$("$sshd" -t -f "$main" 2>&1) && return 0
  case $complaint in
    *'rivilege separation directory: /'*) directory=/${complaint#*rivilege separation directory: /} ;;
    /*' must be owned by root and not group or world-writable'*) directory=${complaint%% must be owned by *} ;;
    *) return 1 ;;
  esac
  directory=$(printf '%s' "$directory" | head -n 1 | tr -d '\r')
  mkdir -p "$directory" && chown 0:0 "$directory" && chmod 0755 "$directory" || return 1
  ! command -v restorecon >/dev/null || restorecon "$directory" 2>/dev/null
  righted=yes
  # A service that a socket starts makes its own each time.
  [ -z "$daemon" ] || printf '%s was put right, without which sshd refuses everybody\n' "$directory"
  complaint=$("$sshd" -t -f "$main" 2>&1)
}
