part_files() {
  for path in {{files}}; do file system "$path"; done
  set +f
  set -- /etc/profile.d/*curfew* /etc/systemd/logind.conf.d/*curfew* /etc/curfew/*
  set -f
  for path in "$@"; do
    [ -e "$path" ] || [ -h "$path" ] || continue
    own_file "$path"
  done
}

own_file() {
  case $newline$regular in *"$newline$1$newline"*) ;; *) file own "$1" ;; esac
}
