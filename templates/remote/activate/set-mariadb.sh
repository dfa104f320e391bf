# shellcheck shell=sh disable=SC2154 # guard is that of guard-undo.sh, which stands in front of it
# Runs the timer of MariaDB's watchdog where its file is, and stops it where it is not, as restart-watchdog.sh does. The
# limit of interactive sessions is set in the running server as its files say it. No server is started or restarted.
activate_set_mariadb() {
  mariadb_watchdog
  mariadb_units=$?
  mariadb_limit "$1" && return "$mariadb_units"
}

mariadb_watchdog() {
  if [ ! -d /run/systemd/system ]; then
    [ -e /etc/curfew/mariadb.sh ] || rm -rf /run/curfew-mariadb
  elif [ -e /etc/systemd/system/curfew-mariadb.timer ]; then
    units_were_read
    rm -f /run/curfew-mariadb/last
    systemctl daemon-reload && systemctl --no-block restart curfew-mariadb.timer
  else
    systemctl stop curfew-mariadb.timer curfew-mariadb.service 2>/dev/null
    systemctl reset-failed curfew-mariadb.timer curfew-mariadb.service 2>/dev/null
    rm -rf /run/curfew-mariadb
    units_were_read
    systemctl daemon-reload
  fi
}

# What the server had before, and what curfew set since: "SERVER EARLIER OURS", where OURS is two numbers while one
# gives way to the other. A server that was started since has read the files, and nobody's earlier setting lives on.
mariadb_record=/var/lib/curfew/mariadb

mariadb_limit() {
  mariadb_wanted=$(sed -n 's/^interactive_timeout = \([0-9]\{1,9\}\)$/\1/p' /etc/mysql/mariadb.conf.d/zz-curfew.cnf \
    /etc/my.cnf.d/zz-curfew.cnf 2>/dev/null | sed 1q)
  [ -n "$mariadb_wanted" ] || [ -e "$mariadb_record" ] || mariadb_unrecorded || return 0
  # At boot the server starts after this, and reads what is there.
  if [ "$1" = boot ]; then mariadb_forget; return 0; fi
  mariadb_server=$(mariadb_started)
  if [ -z "$mariadb_server" ]; then
    # One that starts later reads what is there, and what is there is curfew's.
    mariadb_forget
    [ -z "$mariadb_wanted" ] || mariadb_remember none "$mariadb_wanted" "$mariadb_wanted"
    return
  fi
  mariadb_pid=${mariadb_server%% *}
  mariadb_path=${mariadb_server#* own }
  mariadb_current=$(mariadb_now) || { echo "MariaDB did not answer: $mariadb_current"; return 1; }
  mariadb_settle
}

# Somebody removed the record: what this change takes away is known nevertheless. Fails where that is nothing.
mariadb_unrecorded() {
  mariadb_gone=$(sed -n 's/^interactive_timeout = \([0-9]\{1,9\}\)$/\1/p' "$guard"/was-* 2>/dev/null | sed 1q)
  [ -n "$mariadb_gone" ] && mariadb_remember none "$mariadb_gone" "$mariadb_gone"
}

# The first server that can be asked. One that has only just begun to start has read the files as they were.
mariadb_started() {
  mariadb_round=0
  while :; do
    mariadb_all=$(mariadb_find)
    case $mariadb_all in
      *' own '* | '') break ;;
      *' mute'*) mariadb_round=$((mariadb_round + 1)) ;;
      *) break ;;
    esac
    [ "$mariadb_round" -lt 20 ] || break
    sleep 1
  done
  printf '%s\n' "$mariadb_all" | grep ' own ' | sed 1q
}

# It may not answer at once.
mariadb_now() {
  mariadb_round=0
  while :; do
    mariadb_said=$(mariadb_ask "$mariadb_path" 'SELECT @@GLOBAL.interactive_timeout')
    case $mariadb_said in
      '' | *[!0-9]*) ;;
      *) echo "$mariadb_said"; return 0 ;;
    esac
    mariadb_round=$((mariadb_round + 1))
    if [ "$mariadb_round" -ge 10 ]; then printf '%s' "$mariadb_said" | cut -c 1-300; return 1; fi
    sleep 1
  done
}

# Never looser than what somebody else has set, and theirs again once curfew's is gone; what they set since stays.
mariadb_settle() {
  mariadb_base=$mariadb_current
  mariadb_self=$(mariadb_identity)
  mariadb_was='' mariadb_earlier='' mariadb_ours=''
  { read -r mariadb_was mariadb_earlier mariadb_ours <"$mariadb_record"; } 2>/dev/null
  case " $mariadb_ours " in
    *" $mariadb_current "*)
      if [ "$mariadb_was" = "$mariadb_self" ]; then mariadb_base=$mariadb_earlier; else mariadb_base=$(mariadb_without); fi
      ;;
  esac
  mariadb_target=$mariadb_base
  if [ -n "$mariadb_wanted" ] && [ "$mariadb_wanted" -lt "$mariadb_base" ]; then mariadb_target=$mariadb_wanted; fi
  if [ "$mariadb_target" != "$mariadb_current" ]; then
    # Before it is set: whoever is killed in between leaves what can be set back.
    [ -z "$mariadb_wanted" ] || mariadb_remember "$mariadb_self" "$mariadb_base" "$mariadb_wanted $mariadb_current" || return 1
    mariadb_said=$(mariadb_ask "$mariadb_path" "SET GLOBAL interactive_timeout = $mariadb_target; SELECT @@GLOBAL.interactive_timeout")
    if [ "$mariadb_said" != "$mariadb_target" ]; then echo "MariaDB did not take interactive_timeout: $mariadb_said"; return 1; fi
  fi
  if [ -n "$mariadb_wanted" ]; then mariadb_remember "$mariadb_self" "$mariadb_base" "$mariadb_wanted"; else mariadb_forget; fi
}

# A process number may come again.
mariadb_identity() {
  printf '%s:%s:%s' "$(cat /proc/sys/kernel/random/boot_id)" "$mariadb_pid" \
    "$(sed 's/.*) //' "/proc/$mariadb_pid/stat" | cut -d ' ' -f 20)"
}

# What the server would have started with but for curfew's file.
mariadb_without() {
  mariadb_found=$(mariadb_start "$mariadb_pid")
  [ -z "$mariadb_wanted" ] || mariadb_found=$(printf '%s\n' "$mariadb_found" | mariadb_less "$mariadb_wanted")
  mariadb_found=$(printf '%s\n' "$mariadb_found" | sed -n '$p')
  case $mariadb_found in
    '') mariadb_ask "$mariadb_path" "SELECT DEFAULT_VALUE FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = 'INTERACTIVE_TIMEOUT'" ;;
    *[kK]) echo $((${mariadb_found%?} * 1024)) ;;
    *[mM]) echo $((${mariadb_found%?} * 1048576)) ;;
    *) echo "$mariadb_found" ;;
  esac
}

# All lines but the last of those that are the word.
mariadb_less() {
  awk -v word="$1" '{ line[NR] = $0; if ($0 == word) last = NR } END { for (i = 1; i <= NR; i++) if (i != last) print line[i] }'
}

mariadb_remember() {
  mkdir -p "${mariadb_record%/*}" && printf '%s %s %s\n' "$1" "$2" "$3" >"$mariadb_record.new" &&
    mv -f "$mariadb_record.new" "$mariadb_record"
}

mariadb_forget() {
  rm -f "$mariadb_record" "$mariadb_record.new"
}
