#!/bin/sh
# Everything curfew has to know about a host, in one go. Reads only; changes nothing.
# The other files of this folder are put between this one and end.sh when it is sent; each defines what `parts`
# names in the order of the answer: core/answer/script.ts.
# POSIX sh (dash, bash, busybox ash), POSIX tools; others are probed for.
#
# Output: sections, each `NEWLINE @TOKEN TAB name {TAB argument} NEWLINE body`. The token is random
# per run and never stands in an argument list, so no file content can forge a section.
# The last line calls all others: a script cut short by a lost connection does nothing at all.

main() {
  set -fu
  umask 077
  PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
  LC_ALL=C
  export PATH LC_ALL
  unset LANGUAGE POSIXLY_CORRECT CDPATH ENV BASH_ENV
  newline='
'
  tab='	'
  default_ifs=" $tab$newline"
  IFS=$default_ifs
  token={{token}}
  limit=262145
  regular=''
  include_directories=''
  real_of=''
  real_is=''
  limit_files=''
  # Whether timeout(1) is as POSIX has it: some old ones know no signal, older ones want -t.
  bounded='' kills=''
  if timeout -s KILL 5 true 2>/dev/null; then bounded='timeout 15' kills=yes
  elif timeout 5 true 2>/dev/null; then bounded='timeout 15'
  fi
  cd / || return

  for part in {{parts}}; do "$part"; done
  section end
}

# --- the frame -----------------------------------------------------------------------------------

section() {
  printf '\n@%s' "$token"
  printf '\t%s' "$@"
  printf '\n'
}

# A name that would break the frame is reported, never printed.
printable() {
  case $1 in
    *[[:cntrl:]]*) section unprintable; return 1 ;;
  esac
}

# Runs a command that might hang on a name service or a bus.
within() {
  # shellcheck disable=SC2086 # nothing, or the two words `timeout 15`
  $bounded "$@"
}

# Runs a command with each line of the second argument, without splitting it further.
for_lines() {
  lines_command=$1
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $2
  IFS=$default_ifs
  for line in "$@"; do "$lines_command" "$line"; done
}

# --- files ---------------------------------------------------------------------------------------

# file KIND PATH: one file as it is, with its content when it is a regular file.
file() {
  printable "$2" || return 0
  resolve "$2"
  if [ -h "$2" ] && ! [ -e "$2" ]; then
    section file "$1" "$2" "$real" dangling
  elif ! [ -e "$2" ]; then
    if [ -d "${2%/*}/" ]; then section file "$1" "$2" "$real" absent; else section file "$1" "$2" "$real" no-parent; fi
  elif [ -z "$real" ]; then
    section file "$1" "$2" "$2" unresolved
  elif [ -f "$2" ]; then
    regular="$regular$real$newline"
    section file "$1" "$2" "$real" regular
    dd if="$real" bs="$limit" count=1 2>/dev/null
  else
    section file "$1" "$2" "$real" special
  fi
}

# Sets `real` to the path without symbolic links, empty where that cannot be told.
resolve() {
  if [ -h "$1" ]; then
    real=$(readlink -f -- "$1" 2>/dev/null) || real=''
    case $real in *[[:cntrl:]]*) real='' ;; esac
    return 0
  fi
  directory=${1%/*}
  if [ "$directory" != "$real_of" ]; then
    real_of=$directory
    if cd -P -- "$directory/" 2>/dev/null; then real_is=${PWD%/}; else real_is=$directory; fi
    case $real_is in *[[:cntrl:]]*) real_is=$directory ;; esac
    cd /
  fi
  real=$real_is/${1##*/}
}
