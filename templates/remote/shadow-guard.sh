#!/bin/sh
# Watches over a shadow instance, has noted whose sessions begin, and cleans up behind it: when its sshd
# ended, when the supervising script is gone, or when the controller gave no sign of life for 45 s. Seconds
# are counted in sleeps, so a clock that is set does not matter.

main() {
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export PATH
  cd / || return
  dir=/run/curfew-shadow-{{token}}
  [ "${1:-}" != launch ] || sh "$dir/launch.sh"
  # Removed by the supervising script: nothing left to do.
  while [ -d "$dir" ]; do
    if ! lives; then
      sh "$dir/clean.sh"
      return
    fi
    if [ -e "$dir/begun" ]; then
      rm -f "$dir/begun"
      sh "$dir/clean.sh" note
    fi
    sleep 1
  done
}

silence=0
last=

lives() {
  read -r supervisor <"$dir/supervisor" || return
  kill -0 "$supervisor" || return
  read -r sshd_pid <"$dir/pid" || return
  kill -0 "$sshd_pid" || return
  read -r beat <"$dir/beat" || beat=
  if [ "$beat" = "$last" ]; then silence=$((silence + 1)); else silence=0; fi
  last=$beat
  [ $silence -lt 45 ]
} 2>/dev/null

main "$@"
