# shellcheck shell=sh
# What cockpit's bridge takes IdleTimeout for, asked as its page asks it. Part of the facts script, and of what makes a
# change take effect.

# cockpit_dialect: c or python, by what its bridge is; nothing where there is none.
cockpit_dialect() {
  cockpit_bridge=$(command -v cockpit-bridge) || return 0
  case $(dd if="$cockpit_bridge" bs=4 count=1 2>/dev/null | tr -d '\177') in ELF*) echo c ;; *) echo python ;; esac
}

# cockpit_ask DIALECT: "reply":[[MINUTES]], or what it said of an error, or nothing. An ordinary account asks, as the bridge
# of a session is one's own. It starts no bus and no agent for it, and ends when it has answered.
cockpit_ask() {
  cockpit_call='{"call":["/config","cockpit.Config","GetUInt",["Session","IdleTimeout",0,240,0]],"id":"1"}'
  cockpit_open='{"command":"open","channel":"c","payload":"dbus-json3","bus":"internal"}'
  case $1 in
    c) cockpit_lines | cockpit_run --interact=-- | sed -n -e '/"reply"/{p;q;}' -e '/"error"/{p;q;}' ;;
    python) cockpit_frames | cockpit_run ;;
  esac | tr -d '[:space:]' | sed -n -e 's/.*\("reply":\[\[[0-9]*\]\]\).*/\1/p' -e 's/.*\("error":.\{0,300\}\).*/\1/p'
}

# The bridge in C drops what it has not answered when its input ends, so it is asked until somebody has read its answer.
cockpit_lines() {
  printf '\n%s\n--\n' "$cockpit_open" || return 0
  cockpit_round=0
  while [ "$cockpit_round" -lt 50 ]; do
    printf 'c\n%s\n--\n' "$cockpit_call" || return 0
    sleep 0.1 2>/dev/null || sleep 1
    cockpit_round=$((cockpit_round + 1))
  done
} 2>/dev/null

# Length, line feed, channel, line feed, message.
cockpit_frames() {
  for cockpit_message in '{"command":"init","version":1,"host":"localhost"}' "$cockpit_open"; do
    printf '%s\n\n%s' "$((${#cockpit_message} + 1))" "$cockpit_message"
  done
  printf '%s\nc\n%s' "$((${#cockpit_call} + 2))" "$cockpit_call"
}

cockpit_run() {
  cockpit_within env -i PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 HOME=/nonexistent XDG_RUNTIME_DIR=/ \
    DBUS_SESSION_BUS_ADDRESS=disabled: SSH_AUTH_SOCK=/nonexistent PYTHONDONTWRITEBYTECODE=1 cockpit-bridge "$@" 2>/dev/null
}

cockpit_within() {
  if command -v setpriv >/dev/null 2>&1; then
    set -- setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
  elif command -v runuser >/dev/null 2>&1; then
    set -- runuser -u nobody -- "$@"
  else
    return 0
  fi
  if timeout -k 1 5 true 2>/dev/null; then timeout -k 2 10 "$@"; else "$@"; fi
}
