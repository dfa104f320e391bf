# Who is logged in over SSH at this moment, and what runs there. The body, fields apart by tabs:
#   process PID PPID UID TTY START NAME   sshd's own processes and all below them; START in ticks since boot
#   sshd PID NAME       processes whose binary is sshd's, of this system and not of a container
#   words PID TEXT      command lines, at most 300 bytes; sshd's are titles that it gives itself
#   idle NUMBER ATIME   /dev/pts/NUMBER, seconds since 1970
#   from PID ADDRESS    the other end of a sshd's connection, as /proc/net/tcp has it
#   person NAME TEXT    id(1) of those whom sshd's titles name
#   many                there were more processes than are shown
part_sessions() {
  { read -r up rest </proc/uptime && now=$(date +%s); } 2>/dev/null || return 0
  little=$(printf '\1\0' | od -An -td2 2>/dev/null | grep -cw 1)
  section sessions "$now" "${up%%.*}" "$(getconf CLK_TCK 2>/dev/null || echo 100)" "$$" "$little"
  logins='' daemons=''
  processes=$({ set +f; printf '%s\n' /proc/[0-9]*; } | session_processes)
  printf '%s\n' "$processes"
  for_lines session_process "$processes"
  (set +f; stat -c 'idle%n %X' /dev/pts/[0-9]* 2>/dev/null) |
    sed -n "s|^idle/dev/pts/\([0-9]*\) \([0-9]*\)\$|idle$tab\1$tab\2|p"
  session_ends
  session_people
}

session_processes() {
  awk -v OFS='\t' '
    {
      text = ""
      while ((getline line < ($1 "/stat")) > 0) text = text line
      close($1 "/stat")
      # The name between the parentheses may be anything.
      if (!match(text, /.*\) /)) next
      split(substr(text, RLENGTH + 1), field, " ")
      pid = substr($1, 7) + 0
      name[pid] = substr(text, index(text, "(") + 1, RLENGTH - index(text, "(") - 2)
      gsub(/[[:cntrl:]]/, "?", name[pid])
      parent[pid] = field[2] + 0; tty[pid] = field[5] + 0; start[pid] = field[20]
    }
    function below(pid,   steps) {
      for (steps = 0; pid in name && steps < 100; steps++) {
        if (name[pid] ~ /^sshd/) return 1
        pid = parent[pid]
      }
      return 0
    }
    function owner(pid,   line, file, word, found) {
      file = "/proc/" pid "/status"; found = "-"
      while ((getline line < file) > 0) if (line ~ /^Uid:/) { split(line, word); found = word[2]; break }
      close(file)
      return found
    }
    END {
      for (pid in name) {
        # Remote halves of editors stay when the login that started them is gone.
        if (!below(pid) && name[pid] !~ /^(node|code|cursor|windsurf|zed|java|MainThread)/) continue
        if (++count > 4000) { print "many"; exit }
        print "process", pid, parent[pid], owner(pid), tty[pid], start[pid], name[pid]
      }
    }'
}

session_process() {
  IFS=$tab
  # shellcheck disable=SC2086 # fields
  set -- $1
  IFS=$default_ifs
  [ "$1" = process ] || return 0
  session_words "$2"
  case ${7:-} in sshd*) session_daemon "$2" "$4" ;; esac
}

session_words() {
  text=$({ tr '\000-\037\177' ' ' <"/proc/$1/cmdline" | head -c 300; } 2>/dev/null)
  printf 'words\t%s\t%s\n' "$1" "$text"
}

session_daemon() {
  [ "$(readlink "/proc/$1/ns/pid" 2>/dev/null)" = "$(readlink "/proc/$$/ns/pid" 2>/dev/null)" ] || return 0
  binary=$(readlink "/proc/$1/exe" 2>/dev/null) || return 0
  binary=${binary%' (deleted)'}
  case ${binary##*/} in sshd | sshd-session | sshd-auth) ;; *) return 0 ;; esac
  printf 'sshd\t%s\t%s\n' "$1" "${binary##*/}"
  daemons="$daemons /proc/$1/fd"
  # What root's process says of itself is true.
  [ "$2" = 0 ] || return 0
  case $text in *'[listener]'* | *'[accepted]'*) return 0 ;; esac
  text=${text%"${text##*[! ]}"}
  text=${text#*: }
  case $text in
    *' ['*']') text=${text%' ['*} ;;
    *@*) text=${text%@*} ;;
    *) return 0 ;;
  esac
  case "$newline$logins" in *"$newline$text$newline"*) return 0 ;; esac
  logins="$logins$text$newline"
}

session_ends() {
  [ -n "$daemons" ] || return 0
  # shellcheck disable=SC2086 # one word each
  { cat /proc/net/tcp /proc/net/tcp6; printf '/proc/0/fd:\n'; ls -l $daemons; } 2>/dev/null | awk -v OFS='\t' '
    /^\/proc\/[0-9]+\/fd:$/ { if (pid && best != "") print "from", pid, remote[socket]; split($0, part, "/"); pid = part[3] + 0; best = ""; listed = 1; next }
    !listed { remote[$10] = $3; next }
    / -> socket:\[[0-9]+\]$/ {
      inode = $NF; gsub(/[^0-9]/, "", inode)
      if ((inode in remote) && (best == "" || $(NF - 2) + 0 < best + 0)) { best = $(NF - 2); socket = inode }
    }
    END { if (pid && best != "") print "from", pid, remote[socket] }'
}

# All of them within one bound: a name service that hangs for each would outlast everything.
session_people() {
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $logins
  IFS=$default_ifs
  # shellcheck disable=SC2016 # the other shell's own
  [ $# -eq 0 ] || within sh -c '
    for name; do
      said=$(id -- "$name" 2>/dev/null) || said=
      printf "person\t%s\t%s\n" "$name" "$(printf %s "$said" | tr "\000-\037\177" " " | head -c 4000)"
    done' sh "$@"
}
