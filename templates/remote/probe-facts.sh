#!/bin/sh
# Before probes: which of the given accounts can log in, and every file that sets a shell's timeout for
# them. Reads only; changes nothing. Runs as root.
#
# Output, fields apart by tabs:
#   account NAME UID SHELL HOME OBSTACLE   (OBSTACLE empty where a login can succeed)
#   groups NAME GROUP…
#   file PATH REALPATH                     followed by its bytes as lines `hex …`
#   end

main() {
  LC_ALL=C
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  export LC_ALL PATH
  unset ENV BASH_ENV CDPATH TMOUT
  cd / || return
  newline='
'
  homes=
  # Prints the minutes of tcsh's autologout, which it does not name.
  minutes={{minutes}}
  today=$(($(date +%s) / 86400))
  for account in {{accounts}}; do account "$account"; done
  files
  echo end
}

account() {
  entry=$(passwd_entry "$1")
  if [ -z "$entry" ]; then
    printf 'account\t%s\t\t\t\tthe account does not exist\n' "$1"
    return
  fi
  rest=${entry#*:*:}
  uid=${rest%%:*}
  shell=${entry##*:}
  home=${entry%:*}
  home=${home##*:}
  case $home$shell in *[[:cntrl:]]*) home='' shell='' ;; esac
  printf 'account\t%s\t%s\t%s\t%s\t%s\n' "$1" "$uid" "${shell:-/bin/sh}" "$home" "$(obstacle "$1" "$uid" "${shell:-/bin/sh}")"
  printf 'groups\t%s\t%s\n' "$1" "$(groups_of "$1" "$entry")"
  homes="$homes$home$newline"
}

passwd_entry() {
  if command -v getent >/dev/null 2>&1; then
    getent passwd -- "$1" | head -n 1
  else
    awk -F: -v name="$1" '$1 == name { print; exit }' /etc/passwd
  fi
}

# groups_of NAME ENTRY. id(1) would count the primary group of the number's first account, and is asked where nothing
# else can be. Names may contain blanks, so they are asked for with a terminator that cannot be part of one.
groups_of() {
  if numbers=$(getent initgroups -- "$1" 2>/dev/null); then
    own=${2#*:*:*:}
    # shellcheck disable=SC2086 # a list of numbers
    getent group "${own%%:*}" ${numbers#"$1"} | cut -d : -f 1 | tr '\n' '\t'
    return
  fi
  id -Gnz -- "$1" 2>/dev/null | tr '\000' '\t' && id -Gnz -- "$1" >/dev/null 2>&1 && return
  id -Gn -- "$1" 2>/dev/null | tr ' ' '\t'
}

obstacle() {
  case $3 in
    */nologin | */false | */true | */sync | */halt | */shutdown) echo "its shell is $3"; return ;;
  esac
  if ! [ -x "$3" ]; then echo "its shell $3 cannot be run"; return; fi
  if [ -e /etc/nologin ] || [ -e /run/nologin ]; then
    [ "$2" = 0 ] || { echo "the host admits only root at the moment (nologin)"; return; }
  fi
  awk -F: -v name="$1" -v today="$today" '
    $1 != name { next }
    $8 != "" && $8 >= 0 && $8 + 0 < today { print "the account has expired"; exit }
    $3 == "0" { print "its password must be changed at the next login"; exit }
    $3 != "" && $5 != "" && $5 >= 0 && $5 < 99999 && $3 + $5 < today { print "its password has expired" }
  ' /etc/shadow 2>/dev/null
}

# The system-wide files that shells and PAM read at a login, and the accounts' own.
files() {
  set -- /etc/profile /etc/profile.local /etc/profile.d/* /etc/bash.bashrc /etc/bash.bashrc.local /etc/bashrc \
    /etc/bash/bashrc /etc/bash/bashrc.d/* /etc/bashrc.d/* /etc/zshenv /etc/zprofile /etc/zshrc /etc/zlogin \
    /etc/zsh/* /etc/zsh.zshrc.local /etc/ksh.kshrc /etc/ksh.kshrc.local /etc/sh.shrc.local /etc/mkshrc \
    /etc/csh.cshrc /etc/csh.cshrc.local /etc/csh.login /etc/csh/cshrc.d/* /etc/csh/login.d/* \
    /etc/environment /etc/environment.d/*.conf /etc/security/pam_env.conf "$minutes" /usr/etc/profile \
    /usr/etc/bash.bashrc /usr/etc/profile.d/*
  IFS=$newline
  for home in $homes; do
    for name in .profile .bash_profile .bash_login .bashrc .zshenv .zprofile .zshrc .zlogin .kshrc .mkshrc \
      .login .cshrc .tcshrc .pam_environment; do
      set -- "$@" "$home/$name"
    done
  done
  seen=$newline
  for path in "$@"; do file "$path"; done
}

file() {
  case $1 in *[[:cntrl:]]*) return ;; esac
  [ -f "$1" ] || return 0
  if [ "$1" != "$minutes" ]; then grep -q -e TMOUT -e autologout "$1" 2>/dev/null || return 0; fi
  real=$(readlink -f -- "$1" 2>/dev/null) || return 0
  case $real in *[[:cntrl:]]*) return ;; esac
  case $seen in *"$newline$real$newline"*) return ;; esac
  seen=$seen$real$newline
  printf 'file\t%s\t%s\n' "$1" "$real"
  head -c 262144 "$real" | od -An -v -tx1 | sed 's/^/hex/'
}

main </dev/null
