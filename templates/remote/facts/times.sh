part_times() {
  attributes
  file_times
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

# When each regular file changed, and when sshd last read its own: it makes its PidFile anew whenever it
# starts or is reloaded (sshd(8), SIGHUP), so the file is as old as that, whoever touches it later. A file that was taken out of an Include's directory changes that
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
  born=''
  [ -z "$pid_file" ] || born=$(TZ=UTC0 stat -c %w -- "$pid_file" 2>/dev/null)
  section times "$pid_file" "$said" "${born#-}"
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $regular $include_directories $pid_file
  IFS=$default_ifs
  [ $# -eq 0 ] || TZ=UTC0 stat -c '%z %y %n' -- "$@" /proc/self/stat 2>/dev/null
}
