# shellcheck shell=sh
# MariaDB's servers of this machine, and what one of them says to root over its own socket. Part of the facts script,
# of what makes a change take effect, and of the watchdog on the host. Never asks by way of a service that would start
# a server first: only what runs is found.

# mariadb_find: "PID STATE SOCKET" for each running server. own: it is this system's, and its socket is known;
# container: another pid namespace's; person: an ordinary account runs it, so its word is not root's to trust; mute: it
# has no socket that could be asked.
mariadb_find() (
  set +f
  for mariadb_process in /proc/[0-9]*; do
    mariadb_name=''
    { read -r mariadb_name <"$mariadb_process/comm"; } 2>/dev/null
    # A name can be forged; what it runs, and as whom, cannot.
    case $mariadb_name in mariadbd | mysqld) mariadb_found "${mariadb_process#/proc/}" ;; esac
  done 2>/dev/null | sort -n | sed 20q
)

mariadb_found() {
  mariadb_binary=$(readlink "/proc/$1/exe") || return 0
  mariadb_binary=${mariadb_binary%' (deleted)'}
  case ${mariadb_binary##*/} in mariadbd | mysqld) ;; *) return 0 ;; esac
  if [ "$(readlink "/proc/$1/ns/pid")" != "$(readlink "/proc/$$/ns/pid")" ]; then
    echo "$1 container"
  elif [ "$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$1/status")" -ge 1000 ]; then
    echo "$1 person"
  else
    mariadb_path=$(mariadb_socket "$1")
    case $mariadb_path in
      /*[[:cntrl:][:space:]]*) mariadb_path='' ;;
      /*) [ -S "$mariadb_path" ] || mariadb_path=/proc/$1/root$mariadb_path ;;
    esac
    if [ -S "$mariadb_path" ]; then echo "$1 own $mariadb_path"; else echo "$1 mute"; fi
  fi
}

# The path at which a process really listens: its configuration may say another one by now.
mariadb_socket() {
  { ls -l "/proc/$1/fd"; cat "/proc/$1/net/unix"; } 2>/dev/null | awk '
    / -> socket:/ { inode = $NF; gsub(/[^0-9]/, "", inode); own[inode] = 1; next }
    $4 == "00010000" && $5 == "0001" && ($7 in own) && $8 ~ /^\// {
      at = index($0, " /")
      print substr($0, at + 1)
      exit
    }'
}

# mariadb_ask SOCKET SQL: the answer in lines of fields with tabs between them, errors among them. No file of options is
# read, root's least of all: it may hold a password, or commands. The server is not believed where it asks for a file of
# this machine, and nothing waits for a password.
mariadb_ask() {
  mariadb_client=''
  for mariadb_program in mariadb mysql; do
    if command -v "$mariadb_program" >/dev/null 2>&1; then mariadb_client=$mariadb_program; break; fi
  done
  if [ -z "$mariadb_client" ]; then echo 'ERROR: there is no client program mariadb or mysql on the PATH'; return 1; fi
  mariadb_bounded env -i "PATH=$PATH" HOME=/nonexistent LC_ALL=C "$mariadb_client" --no-defaults --no-auto-rehash \
    --batch --skip-column-names --local-infile=0 --connect-timeout=5 --protocol=socket --socket="$1" --user=root \
    --execute="$2" 2>&1 </dev/null
}

mariadb_bounded() {
  if timeout -k 1 5 true 2>/dev/null; then timeout -k 2 15 "$@"; else "$@"; fi
}
