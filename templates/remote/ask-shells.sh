#!/bin/sh
# Runs login shells as sshd starts them and has them say what their idle timeout is; core/people/logins.ts reads it.
# Nobody's own files are run: the home is an empty directory that not even root can write to. Each shell sits on a
# terminal of its own and is typed at, since a profile may do other things without one.
#
# Standard input, fields separated by tabs:
#   env NAME=VALUE          for everybody who follows
#   own NAME=VALUE          for the next account only
#   ask NUMBER MODE NAME UID GID SHELL    MODE: login, or nested (an interactive shell that is no login shell)
# Output, fields separated by tabs: NUMBER MODE WORD VALUE, in any order.
#
# What a shell prints counts only between two random words that are typed apart, so neither the echo of what was
# typed nor anything that a profile prints can be taken for an answer. External programs print it, by paths that
# no alias or function stands for.

main() {
  set -fu
  umask 022
  newline='
'
  tab='	'
  IFS=$tab
  shared=${1:-}
  server=${2:-sshd}
  covered=''
  find_tools || return 0
  [ -n "$shared" ] || cover
  name_parents
  common=''
  own=''
  running=0
  while read -r word first rest; do
    case $word in
      env) common="$common$first$newline" ;;
      own) own="$own$first$newline" ;;
      ask)
        # shellcheck disable=SC2086 # split at tabs on purpose
        set -- "$first" $rest
        ask "$@" < /dev/null &
        own=''
        running=$((running + 1))
        [ $((running % 8)) -ne 0 ] || wait
        ;;
    esac
  done
  wait
}

# Sockets of terminal multiplexers are out of sight: a profile that attaches to one must not find somebody's.
cover() {
  for directory in /tmp /var/tmp /dev/shm /run/user /run/screen /run/tmux; do
    if [ ! -d "$directory" ] || [ -h "$directory" ]; then continue; fi
    mount -t tmpfs -o mode=1777,size=4m,nosuid,nodev curfew "$directory" 2>/dev/null || continue
    covered=${covered:-$directory}
  done
}

# A profile may look at what has started its shell: both programs above it are called as the server of a login is. Only
# where a directory was covered, so that no one else sees the links; a file of many names, as busybox is, keeps its own.
name_parents() {
  watch=timeout
  terminal=script
  [ -n "$covered" ] || return 0
  mkdir -p "$covered/.ssh-timeout" "$covered/.ssh-script" 2>/dev/null || return 0
  for program in timeout script; do
    path=$(command -v "$program")
    case $(readlink -f -- "$path" 2>/dev/null) in */"$program") ;; *) continue ;; esac
    ln -s "$path" "$covered/.ssh-$program/$server" 2>/dev/null || continue
    case $program in timeout) watch=$covered/.ssh-timeout/$server ;; *) terminal=$covered/.ssh-script/$server ;; esac
  done
}

find_tools() {
  home=/proc/tty/ldisc
  for directory in "$home" /run/sshd /var/empty /var/empty/sshd /var/lib/empty; do
    home=$directory
    ! is_empty "$home" || break
    home=''
  done
  [ -n "$home" ] || { cannot 'there is no empty directory'; return 1; }
  command -v script >/dev/null 2>&1 || { cannot 'it needs script(1) for a terminal'; return 1; }
  command -v timeout >/dev/null 2>&1 || { cannot 'it needs timeout(1)'; return 1; }
  if setpriv --reuid=0 --regid=0 --groups=0 true 2>/dev/null; then become=setpriv
  elif chroot --userspec=0:0 --groups=0 / true 2>/dev/null; then become=chroot
  else cannot 'it needs setpriv(1) or chroot --userspec'; return 1
  fi
  print=/usr/bin/printf
  [ -x "$print" ] || print=/bin/printf
  [ -x "$print" ] || { cannot 'it needs printf(1)'; return 1; }
  find_name_giver
}

is_empty() {
  [ -d "$1" ] && [ -r "$1" ] || return 1
  set +f
  set -- "$1"/* "$1"/.[!.]* "$1"/..?*
  set -f
  for entry in "$@"; do
    if [ -e "$entry" ] || [ -h "$entry" ]; then return 1; fi
  done
}

cannot() {
  printf '0\t-\tcannot\t%s\n' "$1"
}

# What can start a program under another name: login shells are told by the hyphen in front of theirs.
find_name_giver() {
  for giver in 'bash --norc -p' 'zsh -f' ksh93 mksh ksh 'busybox ash'; do
    IFS=' '
    # shellcheck disable=SC2016,SC2086 # a command with its options
    if [ "$($giver -c 'exec -a x sh -c "echo \$0"' 2>/dev/null)" = x ]; then
      IFS=$tab
      return 0
    fi
    IFS=$tab
  done
  giver=''
}

# ask NUMBER MODE NAME UID GID SHELL
ask() {
  if ! [ -x "$6" ]; then printf '%s\t%s\tmissing\t\n' "$1" "$2"; return 0; fi
  read -r uuid < /proc/sys/kernel/random/uuid
  left=${uuid%%-*}
  right=${uuid##*-}
  # id(1) would count the primary group of the number's first account.
  if groups=$(getent initgroups -- "$3" 2>/dev/null); then groups="$5 ${groups#"$3"}"
  else groups=$(id -G -- "$3" 2>/dev/null) || groups=$5
  fi
  member_of=''
  IFS=' '
  for group in $groups; do member_of=$member_of${member_of:+,}$group; done
  IFS=$tab
  question "$6"
  title="$server: $3@pts/0"
  curfew_ask="$4 $5 $member_of"
  environment_of "$3" "$6"
  curfew_mode=$2 curfew_shell=$6 curfew_home=$home curfew_giver=$giver curfew_become=$become
  curfew_left=$left curfew_right=$right
  export curfew_ask curfew_environment curfew_mode curfew_shell curfew_home curfew_giver curfew_become
  export curfew_left curfew_right
  # The pipe is its own second writer, so script(1) never sees it end: what it does then takes a quarter of a second.
  printf '%s' "$asked" | typed 2>/dev/null | head -c 262144 |
    awk -v number="$1" -v mode="$2" -v left="$left" -v right="$right" "$answers"
}

typed() {
  exec 3<>/proc/self/fd/0 || return 1
  # Once more for a profile that threw away what was typed before its prompt.
  (sleep 2 && printf '%s' "$asked" >&3) >/dev/null 2>&1 &
  again=$!
  if [ -n "$giver" ] && [ "$terminal" != script ]; then
    IFS=' '
    # shellcheck disable=SC2016,SC2086 # a command with its options
    SHELL=/bin/sh "$watch" -s KILL 5 $giver -c 'exec -a "$1" "$2" -qc "$3" /dev/null' curfew "$title" "$terminal" "$start" <&3
  else
    SHELL=/bin/sh "$watch" -s KILL 5 "$terminal" -qc "$start" /dev/null <&3
  fi
  printf '\n%s%s[status %s]%s%s\n' "$left" "$right" "$?" "$left" "$right"
  kill "$again" 2>/dev/null
}

# As sshd(8) sets it, LOGIN PROCESS; what PAM and sshd_config add comes after it and wins.
environment_of() {
  curfew_environment="HOME=$home
USER=$1
LOGNAME=$1
SHELL=$2
MAIL=/var/mail/$1
TERM=xterm-256color
PATH=/usr/local/bin:/usr/bin:/bin:/usr/games
SSH_CONNECTION=192.0.2.1 50000 192.0.2.2 22
SSH_CLIENT=192.0.2.1 50000 22
$common$own"
}

# Sets `asked`: lines for every kind of shell; those that one does not understand are errors and nothing else. No
# single quote may stand in a line for csh; each has to be short, as the terminal holds back 4095 characters. First
# those for shells like sh, whose last one ends it: a program for each word would be most of what this costs. Only the
# process that was started ends itself: if a program on top of it did so, the shell below would answer. One that is
# killed writes no history.
question() {
  words="$left $right"
  form='"\n%s%s[%s]%s%s\n"'
  say="\\$print $form"
  refused="$words \"unset \$u$left\" $words $words \"assign \$a$left\" $words $words \"traps begin\" $words"
  # The program that tells what is exported says the rest as well.
  refused="\\/bin/sh -c 'exec $print \"\$@\" $words \"exported \${TMOUT+yes}\" $words' sh $form $refused"
  case ${1##*/} in
    # Restricted shells run nothing by its path.
    r*sh*) say="\\printf $form" refused="$say ${refused#* sh "$form" }" ;;
  esac
  asked="
$say $words \"pid \$\$\" $words $words \"value \${TMOUT-}\" $words $words \"set \${TMOUT+yes}\" $words $words \"bash \${BASH_VERSION-}\" $words $words \"zsh \${ZSH_VERSION-}\" $words $words \"ksh \${KSH_VERSION-}\" $words $words \"flags \$-\" $words
(unset TMOUT) && u$left=no || u$left=refused
case \${KSH_VERSION-} in *93*) a$left= ;; *) (TMOUT=1) && a$left=no || a$left=refused ;; esac
$refused
\\trap
$say $words \"traps end\" $words $words \"end yes\" $words
$say $words \"trapalrm \${+functions[TRAPALRM]}\" $words $words \"leavers \${+functions[TRAPEXIT]}\${+functions[zshexit]}\${#zshexit_functions}\" $words
case \${CURFEW_ASKED-} in \$\$) \\kill -KILL \$\$ ;; esac
$say $words \"cpid \$\$\" $words $words \"version \$version\" $words $words \"minutes-set \$?autologout\" $words
(unset autologout) && $say $words \"minutes-unset no\" $words || $say $words \"minutes-unset refused\" $words
$say $words \"minutes \$autologout\" $words
$say $words \"fpid \$fish_pid\" $words $words \"fish \$FISH_VERSION\" $words
if (\$?CURFEW_ASKED) if (\$CURFEW_ASKED == \$\$) kill -KILL \$\$
test \"\$CURFEW_ASKED\" = \"\$fish_pid\"; and kill -KILL \$fish_pid
"
}

# What script(1) runs: becomes the account and then the shell, in the same process.
# shellcheck disable=SC2016 # run by another sh
start='
cd "$curfew_home"
stty rows 24 cols 80 2>/dev/null
printf "\n%s%s[self %s]%s%s\n" "$curfew_left" "$curfew_right" "$$" "$curfew_left" "$curfew_right"
set -f
IFS=" "
set -- $curfew_ask
case $curfew_become in
  setpriv) become="setpriv --reuid=$1 --regid=$2 --groups=$3" ;;
  *) become="chroot --userspec=$1:$2 --groups=$3 / env -C $curfew_home" ;;
esac
terminal=$(tty)
set -- "$curfew_shell" $curfew_giver
shell=$1 mode=$curfew_mode
shift
IFS="
"
for line in $curfew_environment "SSH_TTY=$terminal" "CURFEW_ASKED=$$"; do export "$line"; done
unset curfew_ask curfew_environment curfew_mode curfew_shell curfew_home curfew_giver curfew_become
unset curfew_left curfew_right PWD OLDPWD SHLVL
IFS=" "
case $mode,$# in
  login,0) exec $become "$shell" -l ;;
  login,*) exec $become "$@" -c "unset SHLVL PWD OLDPWD; exec -a \"\$1\" \"\$2\"" curfew "-${shell##*/}" "$shell" ;;
  *) exec $become "$shell" ;;
esac
'

# Whether the process that answers is the one that was started tells a shell that took its place from one that runs
# on top of it. The first of each word counts.
# shellcheck disable=SC2016 # an awk program
answers='
BEGIN { open = left right "["; close_it = "]" left right; ORS = "" }
{
  gsub(/\r/, "")
  # A subshell of zsh has none of them, so the shell lists its traps itself.
  if (traps == "begin" && $0 ~ /[ \t](SIG)?EXIT$/) found("leaving yes")
  if (traps == "begin" && $0 ~ /[ \t](SIG)?ALRM$/) found("alarm yes")
  while ((at = index($0, open)) > 0) {
    rest = substr($0, at + length(open))
    end = index(rest, close_it)
    if (end == 0) next
    found(substr(rest, 1, end - 1))
    $0 = substr(rest, end + length(close_it))
  }
}
function found(text,   word, value) {
  word = text
  sub(/ .*/, "", word)
  value = substr(text, length(word) + 2)
  if (value ~ /[\001-\037\177]/ || length(value) > 200) value = "?"
  if (word == "self") { self = value; return }
  if (word == "traps") { traps = value; return }
  if (word ~ /^.?pid$/) { if (value == "") return; value = value == self ? "same" : "other" }
  if (word in seen || value == "" && word !~ /^(value|exported|missing)$/) return
  seen[word] = 1
  print number "\t" mode "\t" word "\t" value "\n"
}
'

main "$@"
