# The web console: whether it is here, what its bridge takes IdleTimeout for, and who may not log in to it; cockpit-ask.sh
# stands in front of it.
part_cockpit() {
  cockpit_ws=''
  for cockpit_directory in /usr/lib/cockpit /usr/libexec /usr/lib64/cockpit /usr/local/libexec; do
    [ ! -x "$cockpit_directory/cockpit-ws" ] || cockpit_ws=$cockpit_directory/cockpit-ws
  done
  [ -n "$cockpit_ws" ] || return 0
  cockpit_version=$(within "$cockpit_ws" --version 2>/dev/null | sed -n 's/^Version: \([^[:space:][:cntrl:]]*\).*/\1/p' | sed 1q)
  cockpit_page=no cockpit_socket=''
  [ ! -d /usr/share/cockpit/shell ] || cockpit_page=yes
  [ ! -d /run/systemd/system ] || cockpit_socket=$(within systemctl is-active cockpit.socket 2>/dev/null)
  cockpit_kind=$(cockpit_dialect)
  section cockpit "$cockpit_version" "$cockpit_kind" "$cockpit_page" "$cockpit_socket"
  [ -n "$cockpit_kind" ] || return 0
  section cockpit-said
  cockpit_ask "$cockpit_kind" | cut -c 1-1000 | sed 1q
  section cockpit-disallowed
  cockpit_disallowed
  section cockpit-elsewhere
  # A session's bridge has what PAM sets, and reads another cockpit.conf where that says so.
  for cockpit_file in /etc/environment /etc/security/pam_env.conf /etc/default/locale; do
    ! grep -qs '^[^#]*XDG_CONFIG_DIRS' "$cockpit_file" || echo "$cockpit_file"
  done
}

# Nobody is kept out where PAM does not look.
cockpit_disallowed() {
  grep -qs '^[[:space:]]*a[[:alpha:]]*[[:space:]]\{1,\}\(required\|requisite\)[[:space:]].*pam_listfile[.]so.*item=user.*sense=deny.*file=/etc/cockpit/disallowed-users' \
    /etc/pam.d/cockpit || return 0
  sed -n 's/^\([^#[:space:][:cntrl:]]\{1,256\}\)$/\1/p' /etc/cockpit/disallowed-users 2>/dev/null | sed 1000q
}
