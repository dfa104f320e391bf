#!/bin/sh
# Looks into the files of people's own that a login reads, for lines that may keep their shells from ending; part
# own-files of the facts uses it, and core/facts/own-files.ts reads it. Runs nothing of theirs; says where, not what.
#
# Standard input, fields separated by tabs:
#   keys REPRESENTATIVE PATTERNS     AuthorizedKeysFile of a class
#   environment REPRESENTATIVE       its members may bring an environment: PermitUserEnvironment
#   home NUMBER REPRESENTATIVE NAME UID SHELL HOME
# Output, fields separated by tabs: NUMBER NAME WORD ROOT WHERE, and `NUMBER NAME read` last for each home.

main() {
  set -u
  tab='	'
  newline='
'
  # A file that never ends takes no memory but ours.
  # shellcheck disable=SC3045 # every shell that is sh on Linux has it
  ulimit -v 524288 2>/dev/null
  list_files | awk "$judge"
}

list_files() {
  keys=''
  environment=''
  while IFS=$tab read -r word number rest; do
    case $word in
      keys) keys="$keys$newline$number$tab$rest" ;;
      environment) environment="$environment $number " ;;
      home) home_of "$number" "$rest" ;;
    esac
  done
}

# home_of NUMBER 'REPRESENTATIVE NAME UID SHELL HOME'
home_of() {
  number=$1
  IFS=$tab read -r representative name uid shell home <<END
$2
END
  printf 'begin\t%s\t%s\t%s\t%s\n' "$number" "$name" "$shell" "$home"
  case $home in
    /*) look_into ;;
    *) printf 'unread\tthe home is not known\n' ;;
  esac
  printf 'end\n'
}

look_into() {
  if ! [ -d "$home" ]; then
    real=/
    [ ! -e "$home" ] || printf 'unread\t%s is no directory\n' "$home"
  elif ! [ -x "$home" ] || ! [ -r "$home" ]; then
    printf 'unread\t%s cannot be read\n' "$home"
    return
  else
    real=$(cd -P -- "$home" && pwd)
    own_files
  fi
  key_files
}

own_files() {
  case ${shell##*/} in
    *zsh*) set -- .zshenv .zprofile .zshrc .zlogin .zlogout ;;
    *csh*) if [ -e "$home/.tcshrc" ]; then set -- .tcshrc .login .logout; else set -- .cshrc .login .logout; fi ;;
    *bash*)
      for first in .bash_profile .bash_login .profile; do [ ! -e "$home/$first" ] || break; done
      set -- "$first" .bashrc .bash_logout
      ;;
    *ksh*) set -- .profile .kshrc .mkshrc .shrc ;;
    *) set -- .profile .bash_profile .bash_login .bashrc .bash_logout .kshrc .mkshrc .shrc ;;
  esac
  for root in "$@" .ssh/rc; do one_file "$root" "$home/$root"; done
  case $* in
    *.bashrc*) for path in "$home"/.bashrc.d/*; do one_file .bashrc "$path"; done ;;
  esac
  # Everybody's, and as nobody asked a shell what it does when it ends, looked into here.
  case ${shell##*/} in
    *zsh*) set -- .zlogout /etc/zlogout /etc/zsh/zlogout ;;
    *csh*) set -- .logout /etc/csh.logout /etc/.logout ;;
    *bash*) set -- .bash_logout /etc/bash.bash_logout /etc/bash/bash_logout ;;
    *) set -- none ;;
  esac
  root=$1
  shift
  for path in "$@"; do one_file "$root" "$path"; done
  case $environment in *" $representative "*) one_file environment "$home/.ssh/environment" ;; esac
}

# one_file ROOT PATH
one_file() {
  case $2 in *[[:cntrl:]]*) printf 'unread\ta file name in %s has control characters\n' "$home"; return ;; esac
  if ! [ -e "$2" ]; then [ ! -h "$2" ] || printf 'unread\t%s is a link to nothing\n' "$2"; return; fi
  if ! leads_home "$2"; then printf 'unread\t%s is a link out of the home\n' "$2"; return; fi
  case $1 in .kshrc | .mkshrc | .*logout) if cmp -s "$2" "/etc/skel/$1"; then return; fi ;; esac
  if [ -f "$2" ] && [ -r "$2" ]; then printf 'file\t%s\t%s\n' "$1" "$2"
  elif [ -f "$2" ]; then printf 'unread\t%s cannot be read\n' "$2"
  elif ! [ -d "$2" ] && ! [ -c "$2" ]; then printf 'unread\t%s is no regular file\n' "$2"
  fi
}

leads_home() {
  case $1 in "$home"/*) ;; *) return 0 ;; esac
  if ! [ -h "$1" ] && ! [ -h "${1%/*}" ]; then return 0; fi
  case $(readlink -f -- "$1") in "${real%/}"/* | /dev/null) ;; *) return 1 ;; esac
}

key_files() {
  patterns='.ssh/authorized_keys .ssh/authorized_keys2'
  case $keys in
    *"$newline$representative$tab"*)
      patterns=${keys#*"$newline$representative$tab"}
      patterns=${patterns%%"$newline"*}
      ;;
  esac
  set -f
  # shellcheck disable=SC2086 # split at blanks on purpose
  set -- $patterns
  set +f
  for pattern in "$@"; do
    [ "$pattern" != none ] || continue
    expand "$pattern"
    one_file keys "$path"
  done
}

# Sets `path`: sshd_config(5), TOKENS.
expand() {
  path=''
  rest=$1
  while :; do
    case $rest in
      *%*) ;;
      *) path=$path$rest; break ;;
    esac
    path=$path${rest%%\%*}
    rest=${rest#*%}
    case $rest in
      h*) path=$path$home ;;
      u*) path=$path$name ;;
      U*) path=$path$uid ;;
      %*) path=$path% ;;
    esac
    rest=${rest#?}
  done
  case $path in /*) ;; *) path=$home/$path ;; esac
}

# What is a command is told by what stands before it, after quotes are taken away: rather once too often.
# shellcheck disable=SC2016 # an awk program
judge='
BEGIN {
  FS = "\t"
  before = "(^|[;&|({)`!]|(^|[;&|({)`! \t])(if|then|do|else|elif|while|until|command|builtin|env|nohup|time|sudo|doas|setsid|noglob|ssh-agent|dbus-run-session)[ \t])[ \t]*([A-Za-z_][A-Za-z0-9_]*=[^ \t;&|]*[ \t]+)*"
  shells = "bash|rbash|zsh|fish|ksh|ksh93|mksh|lksh|oksh|dash|ash|sh|csh|tcsh|yash|posh|nu|xonsh|elvish|pwsh|busybox|[$]SHELL|[$][{]SHELL[}]"
  others = "tmux|screen|byobu|byobu-launch|byobu-launcher|zellij|dtach|abduco|tmate|su|newgrp|sg|script|ssh|mosh|login|top|htop|watch|mc|python|python3"
  program = before "([^ \t;&|(){}`=<>]*/)?(" shells "|" others ")([ \t;&|)}<>`]|$)"
  sourced = before "([.]|source)[ \t]+"
  computed = before "eval[ \t]"
}
$1 == "begin" { number = $2; name = $3; shell = $4; home = $5; hits = bytes = 0; split("", seen); next }
$1 == "unread" { say("unread", "-", $2); next }
$1 == "end" { print number "\t" name "\tread"; fflush(); next }
$1 == "file" {
  queue[1] = $3
  last = 1
  for (at = 1; at <= last && at <= 40; at++) read_file($2, queue[at])
  if (last > 40) say("unread", "-", $3 " reads more than 40 files")
}
function read_file(root, path,   line, number_of_line, whole) {
  if (path in seen) return
  seen[path] = 1
  loop = 0
  while ((getline line < path) > 0) {
    number_of_line++
    bytes += length(line) + 1
    if (bytes > 524288) { say("unread", "-", path " is too long"); break }
    whole = whole line
    if (whole ~ /\\$/) { whole = substr(whole, 1, length(whole) - 1); continue }
    examine(root, whole, path ":" number_of_line)
    whole = ""
  }
  if (whole != "") examine(root, whole, path ":" number_of_line)
  close(path)
}
function examine(root, text, at_line) {
  where = at_line
  sub(/^[ \t]+/, "", text)
  if (text == "" || text ~ /^#/) return
  if (root == "keys") key(text)
  else if (root != "environment") script(root, text)
  else if (text ~ /^(TMOUT|ENV|ZDOTDIR|SHELLOPTS|BASHOPTS|POSIXLY_CORRECT|LD_PRELOAD)=/) say("environment", root, where)
}
function key(text,   lower) {
  if (match(text, /(^|[ \t])(ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+[ \t]+AAAA/)) text = substr(text, 1, RSTART)
  # What cloud-init puts before the keys of root: it says who to log in as, and ends.
  gsub(/command="echo \047Please login as the user [^;]*;echo;sleep 10(;exit 142)?"/, "", text)
  lower = tolower(text)
  if (lower ~ /(^|,)[ \t]*command=/) say("command", "keys", where)
  if (lower ~ /(^|,)[ \t]*environment=/) say("key-environment", "keys", where)
  if (lower ~ /(^|,)(no-pty|restrict)([ \t,]|$)/ && lower !~ /(^|,)pty([ \t,]|$)/) say("no-pty", "keys", where)
}
function script(root, text,   before_hash, raw) {
  if (match(text, /[ \t]#/)) {
    before_hash = substr(text, 1, RSTART - 1)
    if (before_hash !~ /["\047`\\]/) text = before_hash
  }
  raw = tolower(text)
  gsub(/["\047\\]/, "", text)
  # Stock files of distributions.
  gsub(/eval[ \t]+([$][(]|`)(SHELL=\/bin\/sh[ \t]+)?(\/usr\/bin\/)?(lesspipe|dircolors)[^)`;|&]*[)`]/, ":", text)
  if (text ~ /in (~|[$]HOME)\/[.]bashrc[.]d\/[*]/) loop = 1
  if (loop && root == ".bashrc" && text ~ /^[.] [$]rc$/) return
  gsub(/exec[ \t]+[0-9]*[<>][^;]*/, ":", text)
  if (text ~ /(^|[^A-Za-z0-9_])(TMOUT|autologout)([^A-Za-z0-9_]|$)/) say("tmout", root, where)
  if (text ~ /TRAPALRM|trap[ \t].*(ALRM|[ \t]14([ \t;]|$))/ || traps(raw, "(alrm|14)")) say("alarm", root, where)
  if (text ~ /(^|[ \t;&|({)`!])exec[ \t]+[^ \t]/) say("exec", root, where)
  if (text ~ program) say("program", root, where)
  if (shell ~ /zsh/ && (text ~ /ZDOTDIR=/ || tolower(text) ~ /set(opt)?[ \t].*rcs/)) say("elsewhere", root, where)
  if (shell ~ /ksh|\/sh$/ && text ~ /(^|[ \t;&|({)])ENV=/ && text !~ /ENV=(~|[$]HOME|[$][{]HOME[}])\/[.](mksh|ksh|sh)rc([ \t;&|)}]|$)/) say("elsewhere", root, where)
  if (text ~ computed) say("computed", root, where)
  if (leaving(root, text) || traps(raw, "(exit|0)")) say("leaving", root, where)
  follow(root, text)
}
# bash, ksh and dash take a name of a signal in any case, and one of several lines has it behind the last quote.
function traps(raw, signal) {
  gsub(/"[^"]*"|\047[^\047]*\047/, "_", raw)
  return raw ~ ("trap[ \t][^;&|]*[ \t](sig)?" signal "([ \t;&|)}]|$)") || raw ~ ("[\"\047][ \t]+(sig)?" signal "[ \t]*([;&|)}]|$)")
}
# What ends a shell can keep its session: bash runs its logout file and its trap although its time is over.
function leaving(root, text,   n, i, words) {
  if (root !~ /logout$/) return text ~ /trap[ \t].*(EXIT|[ \t]0([ \t;]|$))|TRAPEXIT|zshexit/
  gsub(/[][(){};&|!`]/, "\n", text)
  gsub(/(^|[ \t\n])(if|then|else|elif|fi|endif|do|done|case|esac|in)([ \t\n]|$)/, "\n&\n", text)
  n = split(text, words, "\n")
  for (i = 1; i <= n; i++) {
    sub(/^[ \t]+/, "", words[i])
    if (words[i] == "" || words[i] ~ /^([$]SHLVL|-[a-z]|=|[$][A-Z_]+ +(=|-[a-z]))/) continue
    # Waits for an answer, or halts the shell.
    if (words[i] ~ /^[^ \t]*rm[ \t]+(-[a-zA-Z]+[ \t]+)*-[a-zA-Z]*[iI]|^kill[ \t].*(STOP|TSTP|TTIN|TTOU|-19|-20|-21|-22)/) return 1
    if (words[i] ~ /^[ \t]*(if|then|else|elif|fi|endif|test)([ \t]|$)/) continue
    if (words[i] !~ /^(\/usr\/bin\/|\/bin\/)?(clear|clear_console|echo|printf|reset|tput|rm|kill|history|unset|hash|true|exit|return|:)([ \t]|$)/) return 1
  }
  return 0
}
function follow(root, text,   path) {
  while (match(text, sourced)) {
    text = path = substr(text, RSTART + RLENGTH)
    sub(/[ \t;&|)}].*/, "", path)
    if (text ~ /^[$][{]HOME[}]\//) { path = substr(text, 8); sub(/[ \t;&|)}].*/, "", path); path = home path }
    sub(/^(~|[$]HOME)\//, home "/", path)
    if (path ~ /^[A-Za-z0-9_.-]/) path = home "/" path
    if (path ~ /^\/(etc|usr|opt|nix|lib|snap)\// && path !~ /\.\./ || path == "/dev/null") continue
    if (path ~ /[$*?`(<[~]/ || index(path, home "/") != 1 || path ~ /[\001-\037\177]/) say("computed", root, where)
    else queue[++last] = path
  }
}
function say(word, root, value,   for_what) {
  gsub(/[\001-\037\177]/, "?", value)
  for_what = root
  # Each file counts: what is lost there is looked up.
  if (word == "tmout") { for_what = value; sub(/:[0-9]+$/, "", for_what) }
  if (((word, for_what) in told) && told[word, for_what] == number " " name || ++hits > 60 && word != "unread") return
  if (word != "unread") told[word, for_what] = number " " name
  else if (++hits > 80) return
  print number "\t" name "\t" word "\t" root "\t" substr(value, 1, 300)
}
'

main
