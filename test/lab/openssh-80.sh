#!/bin/bash
# In the place of /usr/sbin/sshd: Debian 11's daemon, refusing what OpenSSH 8.0 refuses (servconf.c of 8.0p1):
# Include, and -T whose -C does not name everything that a Match block asks for.
real=/usr/lib/openssh-8.0/sshd
file=/etc/ssh/sshd_config
dump=
said=
child=
while getopts :46DGQRTdeiqrtVC:E:b:c:f:g:h:k:o:p:u: option; do
  case $option in
    f) file=$OPTARG ;;
    T) dump=yes ;;
    C) said=$said,$OPTARG ;;
    R) child=yes ;;
    *) ;;
  esac
done

if [ -z "$child" ]; then
  line=$(awk 'tolower($1) == "include" { print NR; exit }' "$file" 2>/dev/null)
  if [ -n "$line" ]; then
    printf '%s: line %s: Bad configuration option: Include\r\n' "$file" "$line" >&2
    printf '%s: terminating, 1 bad configuration options\r\n' "$file" >&2
    exit 255
  fi
fi
if [ -n "$dump" ]; then
  # One line for each criterion, in the order in which they are looked at.
  while read -r criterion; do
    case ${criterion,,} in
      user | group) word=user ;;
      host) word=host ;;
      address) word=addr ;;
      localaddress) word=laddr ;;
      localport) word=lport ;;
      *) continue ;;
    esac
    case ",$said" in *",lport=0"*) [ "$word" != lport ] || said= ;; esac
    case ",$said," in
      *",$word="*) ;;
      *)
        printf "'Match %s' in configuration but '%s' not in connection test specification.\r\n" "$criterion" "$word" >&2
        exit 255
        ;;
    esac
  done < <(awk 'tolower($1) == "match" { for (i = 2; i <= NF; i += 2) print $i }' "$file")
fi
exec -a /usr/sbin/sshd "$real" "$@"
