# Logins that failed and sessions that a timeout ended, newest first from the journal; where it holds none, oldest first
# from the log files of sshd. Only lines that say so leave the host, none about names that are no account here.
# The body, fields apart by tabs, JSON's escapes in what the journal says, `-` where a log file does not tell:
#   TIME PID UID PROGRAM IDENTIFIER MESSAGE   PROGRAM: its file, else (name), else `self` where only its number is known
#   end STATUS                                nothing was cut off; STATUS 124: it took too long
part_login_log() {
  log_seconds={{log_seconds}}
  now=$(date +%s) || return 0
  section login-log "$now" "$(date +%z)" "$((now - log_seconds))"
  log_lines=''
  if command -v journalctl >/dev/null 2>&1; then journal_lines; fi
  case $log_lines in '' | end*) log_files ;; esac
  log_accounts
}

# Newest first, so that what is cut off, or not reached in time, is the oldest; the reader ends with the cut.
journal_lines() {
  begins=$(within journalctl -q --no-pager -o short-unix 2>/dev/null | head -n 1)
  begins=${begins%%.*}
  case $begins in '' | *[!0-9]*) return 0 ;; esac
  log_lines=$({
    within journalctl -q --no-pager -r -o json --since="@$((now - log_seconds))" \
      --output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,_UID,_COMM,_EXE \
      -t sshd -t sshd-session -t curfew-watchdog -t systemd-logind 2>/dev/null
    echo "status $?"
  } | awk "$log_wanted$journal_awk" | head -c 262144)
  section log-journal "$begins"
  printf '%s\n' "$log_lines"
}

log_files() {
  log_lines=''
  for path in /var/log/auth.log /var/log/secure; do
    [ -f "$path" ] || continue
    set +f
    set -- "$path".1 "$path"-[0-9]*[0-9]
    set -f
    shift $(($# - 1))
    if [ -f "$path.1" ]; then log_file "$path.1"; elif [ -f "$1" ]; then log_file "$1"; fi
    log_file "$path"
    return 0
  done
}

# The end of it, as far as 32 MiB reach.
log_file() {
  printable "$1" || return 0
  size=$(wc -c <"$1" 2>/dev/null) || return 0
  skipped=''
  [ "$size" -le 33554432 ] || skipped=skipped
  begins=$(head -n 1 "$1" 2>/dev/null | cut -c 1-40 | tr '\000-\037\177' '?')
  case $begins in [0-9]*) begins=${begins%% *} ;; *) begins=${begins%"${begins#???????????????}"} ;; esac
  section log-file "$1" "$skipped" "$begins"
  { tail -c 33554432 "$1" 2>/dev/null; echo; } | within awk "$log_wanted$file_awk" | tail -c 262144
}

# What the accounts are called whose processes said something: nobody can speak for another one.
log_accounts() {
  # shellcheck disable=SC2046 # numbers
  set -- $(printf '%s\n' "$log_lines" | cut -f 3 | grep '^[1-9][0-9]*$' | sort -u | head -n 200)
  section log-accounts
  # shellcheck disable=SC2016 # the other shell's own
  [ $# -eq 0 ] || within sh -c 'for number; do printf "%s\t%s\n" "$number" "$(id -nu "$number" 2>/dev/null)"; done' sh "$@"
}

# shellcheck disable=SC2016 # an awk program
log_wanted='
function wanted(text) {
  if (length(text) > 1000) return 0
  sub(/^message repeated [0-9]+ times: \[ /, "", text)
  if (text ~ /^(Failed [^ ]+|error: PAM: [^:]*|error: maximum authentication attempts exceeded) for (invalid|illegal) user /) return 0
  return text ~ /^(Accepted|Failed) [^ ]+ for / ||
    text ~ /^error: (PAM: [^:]*|maximum authentication attempts exceeded) for / ||
    text ~ /^(Connection closed by|Connection reset by|Disconnected from|Disconnecting) (authenticating )?user / ||
    text ~ /^Timeout(, client not responding from user| before authentication for) / ||
    text ~ /^terminating inactive connection from / ||
    text ~ /^([^ ]+: )?channel [0-9]+: closing after [0-9.]+ seconds of inactivity/ ||
    text ~ /^Close session: user / ||
    text ~ /^Session .* is idle, stopping/ ||
    text ~ /^ended the session of /
}
'

# The journal escapes every quotation mark within a value, so no message can pass for a field.
# shellcheck disable=SC2016 # an awk program
journal_awk='
function field(name,   at, rest) {
  at = index($0, "\"" name "\":\"")
  if (at == 0) return ""
  rest = substr($0, at + length(name) + 4)
  match(rest, /^([^"\\]|\\.)*/)
  return substr(rest, 1, RLENGTH)
}
/^status [0-9]+$/ { print "end\t" $2; exit }
{
  message = field("MESSAGE")
  if (!wanted(message)) next
  pid = field("_PID")
  program = field("_EXE")
  if (program == "" && (name = field("_COMM")) != "") program = "(" name ")"
  if (program == "" && field("SYSLOG_PID") == pid) program = "self"
  print field("__REALTIME_TIMESTAMP") "\t" pid "\t" field("_UID") "\t" program "\t" field("SYSLOG_IDENTIFIER") "\t" message
}
'

# The name of the program counts only where it stands behind the time and the host: messages may hold anything.
# shellcheck disable=SC2016 # an awk program
file_awk='
{
  if (!match($0, /^([A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]+|[0-9]+-[0-9][0-9]-[0-9][0-9]T[^ ]+) [^ ]+ (sshd|sshd-session|curfew-watchdog|systemd-logind)(\[[0-9]+\])?: /)) next
  head = substr($0, 1, RLENGTH - 2)
  message = substr($0, RLENGTH + 1)
  gsub(/[[:cntrl:]]/, "?", message)
  if (!wanted(message)) next
  stamp = head ~ /^[A-Z]/ ? substr(head, 1, 15) : substr(head, 1, index(head, " ") - 1)
  sub(/^.* /, "", head)
  pid = "-"
  if (match(head, /\[[0-9]+\]$/)) { pid = substr(head, RSTART + 1, RLENGTH - 2); head = substr(head, 1, RSTART - 1) }
  print stamp "\t" pid "\t-\t-\t" head "\t" message
}
END { print "end\t0" }
'
