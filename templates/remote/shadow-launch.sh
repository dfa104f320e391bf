#!/bin/sh
# Starts the shadow instance: chooses a free port, lays the replaced files over the originals in a
# mount namespace of its own, checks what sshd makes of it, and lets it daemonize. Adds one line to
# `outcome`: `ready PORT` or `fail REASON`. The supervising script has that file open already, so the line
# reaches it even when everything here has been cleaned up before it looked.

main() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export PATH
  umask 077
  cd / || return
  dir=/run/curfew-shadow-{{token}}
  sshd={{sshd}}
  main_file={{main}}
  # Where people come in, as sshd -C wants it; empty where that is not known.
  outside={{outside}}
  : >"$dir/log"
  trap launch_ended EXIT
  if [ -s "$dir/replace" ] && [ "${1:-}" != inside ]; then
    command -v unshare >/dev/null 2>&1 || { outcome fail "unshare is missing: files cannot be replaced for the instance alone"; return; }
    unshare -m --propagation private sh "$dir/launch.sh" inside 2>"$dir/unshare-error"
    [ -s "$dir/outcome" ] || outcome fail "no mount namespace: $(head -c 200 "$dir/unshare-error")"
    return
  fi
  lay_over || return
  choose_port || { outcome fail "none of the tried ports is free"; return; }
  daemon_options
  check || return
  launch
}

launch_ended() {
  status=$?
  [ -s "$dir/outcome" ] || outcome fail "its start ended with status $status"
}

# In one piece: half a line would be read as one.
outcome() {
  said=$(printf '%s' "$*" | tr '\n' ' ')
  printf '%s\n' "$said" >>"$dir/outcome"
}

lay_over() {
  while IFS='	' read -r copy path; do
    mount --bind "$copy" "$path" 2>"$dir/mount-error" && continue
    outcome fail "$path cannot be replaced for the instance alone: $(head -c 200 "$dir/mount-error")"
    return 1
  done <"$dir/replace"
}

# No socket of any state on it, and no process left from an earlier instance with this number.
choose_port() {
  for port in {{ports}}; do
    hex=$(printf ':%04X ' "$port")
    grep -qi "$hex" /proc/net/tcp /proc/net/tcp6 2>/dev/null && continue
    grep -qs "SSH_CONNECTION=127[.]0[.]0[.]1 [0-9]* 127[.]0[.]0[.]1 $port" /proc/[0-9]*/environ && continue
    return 0
  done
  return 1
}

# Options on the running daemon's command line (the title keeps it), which come before its file.
daemon_options() {
  given=
  listener={{listener}}
  [ -n "$listener" ] || return 0
  words=$({ tr '\000' ' ' <"/proc/$listener/cmdline"; } 2>/dev/null)
  words=${words#sshd: }
  words=${words%% \[listener\]*}
  set -f
  # shellcheck disable=SC2086 # split into words on purpose
  set -- $words
  set +f
  while [ $# -gt 0 ]; do
    case $1 in
      -o) keep_option "${2:-}" && shift ;;
      -o?*) keep_option "${1#-o}" ;;
    esac
    shift
  done
}

keep_option() {
  case $1 in
    [Ll]isten* | [Pp]ort* | [Pp]id[Ff]ile* | *[!A-Za-z0-9=,.:/_@%+*-]*) ;;
    [A-Za-z]*=*) given="$given -o $1" ;;
  esac
}

# The options on the command line come first and so win over the file's globals. A Match block still
# beats them: the controller looks at `effective` for that.
with_options() {
  set -- "$@" -o "ListenAddress=127.0.0.1:$port" -o AddressFamily=any -o "PidFile=$dir/pid"
  set -- "$@" -o "AuthorizedKeysFile=$dir/keys/%u"
  for option in {{options}}; do set -- "$@" -o "$option"; done
  as_host "$@"
}

# As the host's own daemon would.
as_host() {
  # shellcheck disable=SC2086 # pairs of words without blanks
  set -- "$@" $given
  if [ -n "$main_file" ]; then set -- "$@" -f "$main_file"; fi
  "$sshd" "$@"
}

# Whatever Match blocks ask for is told: without, 8.0 says nothing at all. What is looked at here goes under none.
check() {
  [ -d /run/sshd ] || mkdir -m 0755 /run/sshd 2>/dev/null
  if ! with_options -T -C "user=,host=,addr=,laddr=,lport=$port" >"$dir/configuration" 2>"$dir/check-error"; then
    outcome fail "sshd refuses the host's configuration: $(head -c 200 "$dir/check-error")"
    return 1
  fi
  # ListenAddress lines add up: a second one could take the port of the host's own daemon.
  if [ "$(grep -ci '^listenaddress ' "$dir/configuration")" != 1 ]; then
    outcome fail "the configuration names a ListenAddress that could not be taken out"
    return 1
  fi
  sed -n 's/^[Hh]ost[Kk]ey /hostkey /p' "$dir/configuration" >"$dir/keyfiles"
  for account in {{accounts}}; do
    echo "effective $account"
    with_options -T -C "user=$account,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=$port" 2>&1 | sed 's/^/is /'
    [ -n "$outside" ] || continue
    echo "outside $account"
    as_host -T -C "user=$account,$outside" >"$dir/outside" 2>&1
    { cat "$dir/outside"; own_keys "$account"; } | sed 's/^/is /'
  done >"$dir/effective"
}

# `key OPTION…` for each key of the account's own: those of its options that make its session another one, `plain`
# where it has none, `unknown` where a program is asked. Whatever else stands in these files is told to nobody.
own_keys() {
  if [ -n "$(awk 'tolower($1) == "authorizedkeyscommand" && $2 != "none"' "$dir/outside")" ]; then echo "key unknown"; fi
  home=$(getent passwd -- "$1" 2>/dev/null || awk -F: -v name="$1" '$1 == name' /etc/passwd)
  home=$(printf '%s\n' "$home" | awk -F: 'NR == 1 { print $6 }')
  files=$(awk 'tolower($1) == "authorizedkeysfile" { $1 = ""; print }' "$dir/outside")
  set -f
  for file in $files; do
    case $file in *%h*) file=${file%%"%h"*}$home${file#*"%h"} ;; esac
    case $file in *%u*) file=${file%%"%u"*}$1${file#*"%u"} ;; esac
    case $file in /*) ;; *) file=$home/$file ;; esac
    [ ! -f "$file" ] || head -c 262144 "$file" | awk "$key_options"
  done
  set +f
}

# shellcheck disable=SC2016 # an awk program
key_options='
{ sub(/^[ \t]+/, "") }
/^(#|$)/ { next }
{
  gsub(/"([^"\\]|\\.)*"/, "")
  if ($1 ~ /^(ssh|ecdsa|sk|webauthn)-/) $1 = ""
  count = split(tolower($1), option, ",")
  said = ""
  tty = 1
  for (i = 1; i <= count; i++) {
    sub(/=.*/, "", option[i])
    if (option[i] == "restrict" || option[i] == "no-pty") tty = 0
    else if (option[i] == "pty") tty = 1
    else if (option[i] == "command" || option[i] == "environment") said = said " " option[i]
  }
  if (!tty) said = said " no-pty"
  print "key" (said == "" ? " plain" : said)
}'

launch() {
  echo "$port" >"$dir/port"
  umask 022
  with_options -E "$dir/log" 2>"$dir/launch-error"
  waited=0
  while [ ! -s "$dir/pid" ]; do
    waited=$((waited + 1))
    if [ $waited -gt 80 ] || grep -q -e 'Cannot bind any address' -e '^fatal:' "$dir/log"; then
      outcome fail "sshd did not start: $(cat "$dir/launch-error" "$dir/log" | head -c 200)"
      return
    fi
    sleep 0.1
  done
  outcome ready "$port"
}

main "$@"
