# shellcheck shell=sh
# Nothing has to be restarted: the next login's bridge reads the file. It is asked whether it reads it as meant.
activate_ask_cockpit() {
  [ "$1" = now ] || return 0
  cockpit_wanted=$(sed -n '/^# BEGIN curfew cockpit/,/^# END curfew cockpit/{
    /^#/d
    s/^.*[=:][[:space:]]*\([0-9]\{1,3\}\)[[:space:]]*$/\1/p
  }' /etc/cockpit/cockpit.conf 2>/dev/null)
  [ -n "$cockpit_wanted" ] || return 0
  cockpit_said=$(cockpit_ask "$(cockpit_dialect)")
  [ "$cockpit_said" != "\"reply\":[[$cockpit_wanted]]" ] || return 0
  echo "cockpit-bridge was asked for IdleTimeout $cockpit_wanted and said ${cockpit_said:-nothing}"
  return 1
}
