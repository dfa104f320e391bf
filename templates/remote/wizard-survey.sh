#!/bin/sh
# Before the wizard's questions: who could log in, which groups may become root, and what runs now. Reads
# only; changes nothing. Runs as root, POSIX sh.
#
# Output, fields apart by tabs, foreign text without control characters:
#   account NAME UID SHELL         accounts whose shell lets somebody in, at most 2000
#   admins GROUP MEMBER,MEMBER…    groups that exist here and may become root
#   sudoer NAME                    accounts to which sudoers gives everything by name
#   clock SECONDS TICKS            since boot; ticks of the kernel's clock in a second
#   self PID                       this script
#   process PID PPID UID TTY START COMMAND   every process but the kernel's own; START in ticks since boot
#   words PID TEXT                 a process's command line, at most 300 bytes
#   end

main() {
  set -u
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  # bash takes TMOUT for the timeout of `read`.
  unset ENV BASH_ENV CDPATH TMOUT
  cd / || return
  tab='	'
  bounded=''
  if timeout 5 true 2>/dev/null; then bounded='timeout 15'; fi
  accounts
  admins
  processes
  echo end
}

# Runs a command that might hang on a name service.
within() {
  # shellcheck disable=SC2086 # nothing, or the two words `timeout 15`
  $bounded "$@"
}

database() {
  if command -v getent >/dev/null 2>&1; then within getent "$1"; else cat "/etc/$1"; fi
}

accounts() {
  database passwd | awk -F: -v OFS='\t' '
    /[[:cntrl:]]/ || NF != 7 || $3 !~ /^[0-9]+$/ { next }
    $7 ~ /\/(nologin|false|true|sync|halt|shutdown)$/ { next }
    ++count <= 2000 { print "account", $1, $3, ($7 == "" ? "/bin/sh" : $7) }'
}

# The groups that distributions give root to, and those that sudoers gives everything to.
admins() {
  rules=$(cat /etc/sudoers /etc/sudoers.d/* 2>/dev/null | sed -n 's/^\(%\{0,1\}[a-z_][A-Za-z0-9._-]\{0,63\}\)[[:blank:]].*=.*ALL[[:blank:]]*$/\1/p')
  printf '%s\n' "$rules" | sed -n 's/^[a-z_]/sudoer\t&/p' | head -n 200
  named=$(printf '%s\n' "$rules" | sed -n 's/^%//p' | head -n 50)
  # shellcheck disable=SC2086 # names without blanks, one word each
  for group in $(printf '%s\n' sudo wheel admin $named | sort -u); do
    database group | awk -F: -v OFS='\t' -v name="$group" '
      $1 == name && $4 !~ /[[:cntrl:]]/ { print "admins", $1, substr($4, 1, 4000); exit }'
  done
}

processes() {
  read -r uptime rest </proc/uptime || return 0
  printf 'clock\t%s\t%s\n' "${uptime%%.*}" "$(getconf CLK_TCK 2>/dev/null || echo 100)"
  printf 'self\t%s\n' "$$"
  for directory in /proc/[0-9]*; do process "${directory#/proc/}"; done
}

process() {
  last=''
  # A name may contain anything, line feeds too; what follows its last parenthesis is numbers.
  { while IFS= read -r line || [ -n "$line" ]; do last=$line; done <"/proc/$1/stat"; } 2>/dev/null || return 0
  command='' uid=''
  {
    while IFS=$tab read -r key value _; do
      case $key in
        Name:) command=$value ;;
        Uid:) uid=$value; break ;;
      esac
    done <"/proc/$1/status"
  } 2>/dev/null || return 0
  case $uid in '' | *[!0-9]*) return 0 ;; esac
  pid=$1
  # shellcheck disable=SC2086 # numbers
  set -- ${last##*) }
  [ $# -ge 20 ] || return 0
  # kthreadd is process 2; all other threads of the kernel are its children.
  if [ "$pid" = 2 ] || [ "$2" = 2 ]; then return 0; fi
  case $command in *[[:cntrl:]]*) command='?' ;; esac
  printf 'process\t%s\t%s\t%s\t%s\t%s\t%s\n' "$pid" "$2" "$uid" "$5" "${20}" "$command"
  case $uid:$command in
    0:sshd* | 0:tmux* | 0:screen* | 0:SCREEN* | 0:rsync* | 0:sftp-server | 0:node | [1-9]*) words "$pid" ;;
  esac
}

words() {
  text=$(head -c 300 "/proc/$1/cmdline" 2>/dev/null | tr '\000-\037\177' ' ')
  printf 'words\t%s\t%s\n' "$1" "$text"
}

main </dev/null
