#!/bin/sh
# Looks into the files of people's own that a login reads, for lines that may keep their shells from ending; part
# own-files of the facts uses it, and core/people/own-files.ts reads it. Runs nothing of theirs; says where, not what.
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
  default_ifs=" $tab$newline"
  # A file that never ends takes no memory but ours.
  # shellcheck disable=SC3045 # every shell that is sh on Linux has it
  ulimit -v 524288 2>/dev/null
  list_files | awk "$judge"
}

list_files() {
  keys=''
  environment=''
  last_shell=''
  real_shell=''
  by_system=$(read_by_system)
  while IFS=$tab read -r word number rest; do
    case $word in
      keys) keys="$keys$newline$number$tab$rest" ;;
      environment) environment="$environment $number " ;;
      home) home_of "$number" "$rest" ;;
    esac
  done
}

# What of a home everybody's files mention, so that they may read it: the shells were asked in an empty one.
read_by_system() {
  set -- /etc/profile /etc/profile.d/* /etc/bash.bashrc /etc/bashrc /etc/zsh* /etc/zsh/* /etc/*ksh* /etc/csh.*
  for path in "$@"; do
    shift
    if [ -f "$path" ] && [ -r "$path" ]; then set -- "$@" "$path"; fi
  done
  [ $# -eq 0 ] || awk "$mentions" "$@" | sort -u | head -n 40
}

# shellcheck disable=SC2016 # an awk program
mentions='
{
  sub(/(^|[ \t])#.*/, "")
  gsub(/["\047]/, "")
  lists = $0 ~ /(^|[;&|({ \t`])([.]|source|eval|for|ls|find|run-parts)[ \t]/
  in_home($0)
  # What begins anywhere and goes on to the end takes the square of the length: nobody writes such a line by hand.
  if (length($0) > 4000) next
  # A name of which only a login shows a part is any; of a variable its default counts.
  gsub(/[$][(][^()]*[)]|`[^`]*`/, "*")
  while (match($0, /[$][{][A-Za-z_][A-Za-z0-9_]*:?[-=](~|[$]HOME|[$][{]HOME[}])[^{}]*[}]/)) {
    path = substr($0, RSTART, RLENGTH - 1)
    sub(/^[$][{][A-Za-z_][A-Za-z0-9_]*:?[-=]/, "", path)
    $0 = substr($0, 1, RSTART - 1) path substr($0, RSTART + RLENGTH)
  }
  while (match($0, /[A-Za-z_][A-Za-z0-9_]*=(~|[$]HOME|[$][{]HOME[}])\/[A-Za-z0-9._*\/-]+/)) {
    path = substr($0, RSTART, RLENGTH)
    $0 = substr($0, 1, RSTART - 1) ";" substr($0, RSTART + RLENGTH)
    name = path
    sub(/=.*/, "", name)
    sub(/^[^\/]*\//, "", path)
    if (name != "PATH") place[name] = path
    tell(path)
  }
  in_home($0)
  rest = $0
  while (match(rest, /[$][{]?[A-Za-z_][A-Za-z0-9_]*[}]?\/([A-Za-z0-9._*\/-]|[$][{]?[A-Za-z0-9_]+[}]?)+/)) {
    path = name = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    sub(/\/.*/, "", name)
    gsub(/[^A-Za-z0-9_]/, "", name)
    sub(/^[^\/]*\//, "", path)
    if (name in place) tell(place[name] "/" path)
  }
}
function in_home(text,   path) {
  while (match(text, /(~|[$]HOME|[$][{]HOME[}])\/([A-Za-z0-9._*\/-]|[$][{]?[A-Za-z0-9_]+[}]?)+/)) {
    path = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    sub(/^[^\/]*\//, "", path)
    tell(path)
  }
}
function tell(path) {
  gsub(/[$][{]?[A-Za-z0-9_]+[}]?/, "*", path)
  gsub(/[*][*]+/, "*", path)
  if (path !~ /[A-Za-z]/ || path ~ /\.\.\//) return
  print path
  # What is in a directory counts where something goes through it; programs do not.
  if (lists && path !~ /(^|\/)s?bin(\/|$)/) print path "/*"
}'

# home_of NUMBER 'REPRESENTATIVE NAME UID SHELL HOME'
home_of() {
  number=$1
  IFS=$tab read -r representative name uid shell home <<END
$2
END
  if [ "$shell" != "$last_shell" ]; then
    last_shell=$shell
    real_shell=$(readlink -f -- "$shell" 2>/dev/null) || real_shell=$shell
    real_shell=${real_shell##*/}
  fi
  printf 'begin\t%s\t%s\t%s %s\t%s\n' "$number" "$name" "$shell" "$real_shell" "$home"
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
    real=''
    if cd -P -- "$home" 2>/dev/null; then real=$PWD; fi
    cd /
    own_files
  fi
  key_files
}

own_files() {
  # Under another name it may read what both names read. Sorted files would not be in the order of reading.
  names=' '
  files_of "${shell##*/}"
  [ "$real_shell" = "${shell##*/}" ] || files_of "$real_shell"
  # shellcheck disable=SC2086 # words
  set -- $names
  for root in "$@" .ssh/rc; do one_file "$root" "$home/$root"; done
  # Run for whoever has no such file, or may not have one: sshd(8), SSHRC.
  one_file sshrc /etc/ssh/sshrc
  case $* in
    *.bashrc*) for path in "$home"/.bashrc.d/*; do one_file .bashrc "$path"; done ;;
  esac
  for mentioned in $by_system; do
    for path in "$home"/$mentioned; do one_file site "$path"; done
  done
  # Everybody's, and as nobody asked a shell what it does when it ends, looked into here.
  for root in "$@"; do
    case $root in
      .zlogout) for path in /etc/zlogout /etc/zsh/zlogout; do one_file "$root" "$path"; done ;;
      .logout) for path in /etc/csh.logout /etc/.logout; do one_file "$root" "$path"; done ;;
      .bash_logout) for path in /etc/bash.bash_logout /etc/bash/bash_logout; do one_file "$root" "$path"; done ;;
    esac
  done
  case $environment in *" $representative "*) one_file environment "$home/.ssh/environment" ;; esac
}

# files_of NAME: adds to `names` what a shell of this name reads; of a name that says nothing, what any does.
files_of() {
  case $1 in
    *zsh*) name_files .zshenv .zprofile .zshrc .zlogin .zlogout ;;
    *csh*) csh_files ;;
    *bash*) bash_files ;;
    *ksh*) name_files .profile .kshrc .mkshrc .shrc ;;
    sh | dash | ash | busybox* | posh | yash) name_files .profile .bash_profile .bash_login .bashrc .bash_logout .kshrc .mkshrc .shrc ;;
    *)
      name_files .profile .bash_profile .bash_login .bashrc .bash_logout .kshrc .mkshrc .shrc
      name_files .zshenv .zprofile .zshrc .zlogin .zlogout
      csh_files
      ;;
  esac
}

csh_files() {
  if [ -e "$home/.tcshrc" ]; then name_files .tcshrc .login .logout; else name_files .cshrc .login .logout; fi
}

bash_files() {
  for first in .bash_profile .bash_login .profile; do [ ! -e "$home/$first" ] || break; done
  name_files "$first" .bashrc .bash_logout .inputrc
}

name_files() {
  for each; do
    case $names in *" $each "*) ;; *) names="$names$each " ;; esac
  done
}

# one_file ROOT PATH
one_file() {
  case $2 in *[[:cntrl:]]*) printf 'unread\ta file name in %s has control characters\n' "$home"; return ;; esac
  if ! [ -e "$2" ]; then [ ! -h "$2" ] || printf 'unread\t%s is a link to nothing\n' "$2"; return; fi
  if ! leads_home "$2"; then printf 'unread\t%s is a link out of the home\n' "$2"; return; fi
  if [ -f "$2" ] && [ -r "$2" ]; then
    like=''
    case $1 in .kshrc | .mkshrc | .*logout) [ ! -f "/etc/skel/$1" ] || like=/etc/skel/$1 ;; esac
    printf 'file\t%s\t%s\t%s\n' "$1" "$2" "$like"
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
    [ "$pattern" = none ] || keys_at "$pattern"
  done
  # sshd does not print the quotes of a name with blanks: what is there by such a name is looked into as well.
  while [ $# -gt 1 ]; do
    whole=$1
    shift
    for pattern in "$@"; do
      whole="$whole $pattern"
      expand "$whole"
      [ ! -e "$path" ] || one_file keys "$path"
    done
  done
}

keys_at() {
  expand "$1"
  one_file keys "$path"
  # In OpenSSH 10.0 and newer it may be a pattern of glob(7).
  case $path in *[*?[]*) ;; *) return ;; esac
  IFS=''
  # shellcheck disable=SC2086 # a pattern on purpose
  set -- $path
  IFS=$default_ifs
  for each in "$@"; do one_file keys "$each"; done
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
  # Come back by themselves, whatever they are given.
  split(": . source true false [ test echo printf print export declare typeset local readonly integer set unset setenv unsetenv shopt setopt unsetopt alias unalias bind bindkey complete compctl uncomplete compdef compinit compinstall bashcompinit promptinit prompt colors add-zsh-hook autoload zstyle zmodload zle hash rehash unhash type which whence where cd chdir pushd popd dirs pwd umask ulimit limit unlimit history fc shift return exit logout break continue let trap getopts eval enable disable emulate stty tput tset setterm tabs tty mesg biff date hostname dnsdomainname uname whoami id groups logname uptime w who users last lastlog ls dir vdir basename dirname readlink realpath mkdir rm rmdir mv cp ln touch chmod chown chgrp stat file find expr seq env printenv locale localectl dircolors lesspipe clear clear_console reset quota df du free ps kill jobs disown pgrep pidof cal calendar figlet toilet banner fortune cowsay neofetch fastfetch screenfetch lsb_release nproc arch getconf getent tac rev fold sum md5sum sha256sum cksum cmp diff xset xrdb xmodmap setxkbmap ssh-agent gpgconf gpg-connect-agent systemctl loginctl xdg-user-dirs-update dbus-update-activation-environment run-parts command builtin module ml zcompile compaudit vcs_info is-at-least @ breaksw default: endif end endsw fi done esac in fignore nohup onintr hashstat log notify sync tee", names, " ")
  for (i in names) harmless[names[i]] = 1
  # Come back where they are given a file, and otherwise wait for what is typed: how many words each needs.
  split("cat 1 head 1 tail 1 sort 1 uniq 1 wc 1 nl 1 cut 2 tr 9 grep 2 egrep 2 fgrep 2 sed 2 awk 2 gawk 2 mawk 2 od 1 column 1 paste 1 join 2 base64 1 strings 1", names, " ")
  for (i = 1; (i + 1) in names; i += 2) needs[names[i]] = names[i + 1]
  # Asked for a value they come back.
  split("git brew go node npm gem rustc cargo java javac gcc cc python python3 ruby perl php xcode-select nvidia-smi curl dpkg rpm pip pip3 opam ghcup stack tlmgr jq", names, " ")
  for (i in names) asked[names[i]] = 1
  # Read by the shells that were asked, or out of packages; and what an administrator may have put up beside them.
  systems = "^(/nix|/snap|/lib|/usr/(share|lib|lib64|libexec|etc))/|^/etc/(profile|profile[.]d/.*|bashrc|bash[.]bashrc|bash_completion|bash_completion[.]d/.*|zsh.*|zprofile|zlogin|csh[.].*|mkshrc|ksh[.]kshrc|skel/.*|os-release|lsb-release|default/.*|sysconfig/.*)$"
  site = "^/(etc|usr|opt)/"
  keyword = "^(if|then|else|elif|do|while|until|!|time|[{]|[}]|coproc|noglob|nocorrect|-|nohup|repeat[ \t]+[^ \t]+|command|builtin|env)([ \t]+|$)"
}
$1 == "begin" { number = $2; name = $3; shell = $4; home = $5; hits = bytes = 0; split("", seen); split("", mine); next }
$1 == "unread" { say("unread", "-", $2); next }
$1 == "end" { print number "\t" name "\tread"; fflush(); next }
$1 == "file" {
  # As the system gives it to everybody.
  if ($4 != "" && content($3) == stock($4)) next
  queue[1] = $3
  last = 1
  for (at = 1; at <= last && at <= 40; at++) read_file($2, queue[at])
  if (last > 40) say("unread", "-", $3 " reads more than 40 files")
}
# Lines and their number, and nothing for a file that is too long for that.
function content(path,   line, count, whole) {
  while ((getline line < path) > 0 && ++count <= 1000 && length(whole) < 65536) whole = whole line "\n"
  close(path)
  return count > 1000 || length(whole) >= 65536 ? "" : count + 0 "\n" whole
}
function stock(path,   whole) {
  if (!(path in stocked)) stocked[path] = content(path)
  # What has no end here is like nothing.
  return stocked[path] == "" ? "-" : stocked[path]
}
function read_file(root, path,   line, number_of_line, whole, before_file) {
  if (path in seen) return
  seen[path] = 1
  moved = 0
  before_file = hits
  loop = cases = array = 0
  quote = document = ""
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
  # Then what stands behind it was not understood.
  if (quote != "" && hits == before_file && root !~ /^(keys|environment|[.]inputrc|.*logout)$/) say("program", root, path ":" number_of_line)
  close(path)
}
function examine(root, text, at_line) {
  where = at_line
  sub(/^[ \t]+/, "", text)
  if (document != "" && root != "keys") {
    if (text == document) document = ""
    if (text !~ /[$][(]|`/) return
  }
  if (quote == "" && (text == "" || text ~ /^#/)) return
  if (root == "keys") key(text)
  else if (root == ".inputrc") macro(text)
  else if (root != "environment") script(root, text)
  else if (text ~ /^(TMOUT|ENV|ZDOTDIR|SHELLOPTS|BASHOPTS|POSIXLY_CORRECT|LD_PRELOAD)=/) say("environment", root, where)
}
function key(text,   lower) {
  if (match(text, /(^|[ \t])(ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+[ \t]+AAAA/)) text = substr(text, 1, RSTART)
  # What cloud-init puts before the keys of root: it says who to log in as, and ends.
  gsub(/command="echo \047Please login as the user [^;]*;echo;sleep 10(;exit 142)?"/, "", text)
  lower = tolower(text)
  if (lower ~ /(^|,)[ \t]*command=/) say("command", "keys", where)
  if (lower ~ /(^|,)[ \t]*cert-authority([ \t,]|$)/) say("certificate", "keys", where)
  if (lower ~ /(^|,)[ \t]*environment=/) say("key-environment", "keys", where)
  if (lower ~ /(^|,)(no-pty|restrict)([ \t,]|$)/ && lower !~ /(^|,)pty([ \t,]|$)/) say("no-pty", "keys", where)
}
# A line that a key types: where it starts something, nobody else types it.
function macro(text) {
  if (!match(text, /:[ \t]*["\047]/)) return
  text = substr(text, RSTART + RLENGTH)
  gsub(/\\[A-Z]-[a-z]|\\[a-z]|["\047\\]/, " ", text)
  if (text ~ /(^|[ \t;&|({)`!])exec[ \t]+[^ \t]/ || text ~ program || text ~ /TMOUT/) say("program", ".inputrc", where)
}
function script(root, text,   before_hash, raw, original, hits_before, hook) {
  original = text
  hits_before = hits
  if (match(text, /[ \t]#/)) {
    before_hash = substr(text, 1, RSTART - 1)
    if (before_hash !~ /["\047`\\]/) text = before_hash
  }
  raw = tolower(text)
  # A name with a blank in it, of which only the beginning would be found.
  if (text ~ /(^|[;&|({ \t])([.]|source)[ \t]+[^ \t;&|]*("[^"]*[ \t][^"]*"|\047[^\047]*[ \t][^\047]*\047|\\[ \t])/) say("computed", root, where)
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
  if (shell ~ /ksh|\/sh / && text ~ /(^|[ \t;&|({)])ENV=/ && text !~ /ENV=(~|[$]HOME|[$][{]HOME[}])\/[.](mksh|ksh|sh)rc([ \t;&|)}]|$)/) say("elsewhere", root, where)
  if (text ~ computed) say("computed", root, where)
  if (leaving(root, text) || traps(raw, "(exit|0)")) say("leaving", root, where)
  follow(root, text)
  hook = command_in(original)
  original = simple(original)
  if (root ~ /logout$/ || hits > hits_before) return
  if (waits(root, original) || hook != "" && waits(root, simple(hook))) say("program", root, where)
}
# What a shell runs at each prompt, or at a signal, out of its quotes.
function command_in(text,   mark) {
  if (!match(text, /(PROMPT_COMMAND[^= \t]*[+]?=[(]?|trap[ \t]+|alias[ \t]+(precmd|postcmd|cwdcmd|periodic|jobcmd|beepcmd)[ \t]+)["\047]/)) return ""
  mark = substr(text, RSTART + RLENGTH - 1, 1)
  text = substr(text, RSTART + RLENGTH)
  return index(text, mark) > 0 ? substr(text, 1, index(text, mark) - 1) : text
}
# A line without what is quoted, with everything that separates commands as a semicolon. Before a command, \001: it reads
# from a pipe, \002: its output is a value.
function simple(text,   at, path, found) {
  if (quote != "") {
    if ((at = index(text, quote)) == 0) return ""
    text = ": _" substr(text, at + 1)
    quote = ""
  }
  if (text !~ /<<</ && text !~ /[(][(]/ && match(text, /<<-?[ \t]*["\047\\]?[A-Za-z_][A-Za-z0-9_]*/)) {
    document = substr(text, RSTART, RLENGTH)
    gsub(/[^A-Za-z0-9_]/, "", document)
  }
  gsub(/\\\\/, "", text)
  gsub(/\\["\047`$]/, "_", text)
  if (text ~ /^[ \t]*("[a-z]+"|\047[a-z]+\047)[ \t]/) {
    sub(/["\047]/, "", text)
    sub(/["\047]/, "", text)
  }
  gsub(/"[^"]*"|\047[^\047]*\047/, "_", text)
  sub(/(^|[ \t;])#.*/, "", text)
  if ((at = match(text, /["\047]/)) > 0) {
    quote = substr(text, at, 1)
    text = substr(text, 1, at - 1) "_"
  }
  gsub(/\\/, "", text)
  if (array) {
    if ((at = index(text, ")")) == 0) return text ~ /[$][(]|`/ ? text : ""
    text = substr(text, at + 1)
    array = 0
  }
  while (match(text, /[$][{][^{}]*[}]/)) text = put(text, "$_")
  while (match(text, /[A-Za-z0-9_\]][+]?=[(][^()]*[)]/)) text = put(text, "x=_")
  if (shell ~ /csh/) {
    gsub(/=[ \t]*[(][^()]*[)]/, "=_", text)
    gsub(/(^|[;&| \t])(if|while|switch|foreach[ \t]+[A-Za-z0-9_]+)[ \t]*[(].*[)]/, ";", text)
  }
  if (match(text, /[A-Za-z0-9_\]][+]?=[(][^()]*$/)) { text = put(text, "x=_"); array = 1 }
  text = without(without(text, "[[", "]]"), "((", "))")
  gsub(/<[ \t]*\/dev\/(tty|stdin)/, " ", text)
  gsub(/[0-9]*<+-?[ \t]*[^ \t;&|()<>]+/, " \001 ", text)
  gsub(/[0-9]*(&>>|&>|>>|>[|]|>&|<&|<>|>|<)[ \t]*[^ \t;&|()<>]*/, " ", text)
  found = text ~ /(^|[;&|({ \t])case[ \t]/
  gsub(/(^|[;&|({ \t])case[ \t]+[^;]*[ \t]in[ \t]+[(]?[^();]*[)]/, ";", text)
  gsub(/(^|[;&|({ \t])case[ \t]+[^;]*[ \t]in[ \t]*$/, ";", text)
  if (cases > 0) sub(/^[ \t]*[(]?[^();&$`]*[)]/, ";", text)
  if (cases > 0 || found) gsub(/;;&?[ \t]*[(]?[^();&$`]*[)]/, ";", text)
  cases += found - (text ~ /(^|[; \t])esac([; \t)]|$)/)
  if (cases < 0) cases = 0
  while (match(text, /(^|[;&|{} \t])(function[ \t]+)?[A-Za-z_][A-Za-z0-9_:.+-]*[ \t]*[(][ \t]*[)]|(^|[;&|{} \t])function[ \t]+[A-Za-z_][A-Za-z0-9_:.+-]*/)) {
    path = substr(text, RSTART, RLENGTH)
    gsub(/(^|[;&|{} \t])function[ \t]|[^A-Za-z0-9_:.+-]/, "", path)
    mine[path] = 1
    text = put(text, ";")
  }
  # Where a command should stand its name is put together.
  if (text ~ /(^|[;&|({!])[ \t]*([$][(]|`)|(^|[ \t;])(then|do|else|if|elif|while|until|exec|command|builtin|env)[ \t]+([$][(]|`)/) text = "$_;" text
  gsub(/&&|[|][|]/, ";", text)
  gsub(/[|]&?/, ";\001", text)
  gsub(/[^;|(){}&`]*&/, ";", text)
  gsub(/[$][(]/, ";\002", text)
  gsub(/`/, ";\002", text)
  gsub(/[()]/, ";", text)
  return text
}
function put(text, instead) {
  return substr(text, 1, RSTART - 1) instead substr(text, RSTART + RLENGTH)
}
function without(text, open, closing,   at, end) {
  while ((at = index(text, open)) > 0) {
    end = index(substr(text, at), closing)
    if (end == 0) break
    text = substr(text, 1, at - 1) "true" substr(text, at + end + 1)
  }
  return text
}
# Whether a line has a command that is not known to come back by itself: a menu, a reader, a loop, a name put together.
function waits(root, text,   n, i, words) {
  n = split(text, words, ";")
  for (i = 1; i <= n; i++) if (command_waits(root, words[i])) return 1
  return 0
}
function command_waits(root, text,   piped, value, loops, first, n, args) {
  # sshd gives it something to read, and an end of it.
  piped = text ~ /\001/ || root ~ /^([.]ssh\/rc|sshrc)$/
  value = text ~ /\002/
  gsub(/[\001\002]/, "", text)
  for (;;) {
    sub(/^[ \t]+/, "", text)
    if (text ~ /^(command|builtin)[ \t]+-[vVp]/) return 0
    if (text ~ /^(while|until)[ \t]/) loops = 1
    if (!sub(keyword, "", text) && !sub(/^[A-Za-z_][A-Za-z0-9_]*([[][^]]*[]])?[+]?=[^ \t]*/, "", text)) break
  }
  if (text == "" || text ~ /^(for|foreach|case)([ \t]|$)/) return 0
  n = split(text, args, /[ \t]+/)
  if (args[n] == "") n--
  first = args[1]
  sub(/^(\/usr)?(\/local)?\/s?bin\//, "", first)
  if (loops && first ~ /^(:|true|false|sleep)$/) return 1
  if (first in mine) return 0
  if (first == "exec") return n > 1
  if (first == "sleep") return args[2] !~ /^[0-9.]$/
  if (first == "read") return !piped
  if (first == "alias") { sub(/=.*/, "", args[2]); other[args[2]] = number; return 0 }
  if (other[first] == number) return 1
  if (first in needs) return text ~ /[ \t](-[a-zA-Z]*[fF]|--follow)/ && first == "tail" || !piped && words_in(args, n) < needs[first]
  if (value && (first in asked)) return n < 2
  if (first == "rm") return text ~ /[ \t]-[a-zA-Z]*[iI]/
  if (first == "kill") return text ~ /(STOP|TSTP|TTIN|TTOU|-19|-20|-21|-22)/
  return !(first in harmless)
}
function words_in(args, n,   i, count) {
  for (i = 2; i <= n; i++) if (args[i] !~ /^-/ || args[i] ~ /^-[ef].*[_=]/) count++
  return count + 0
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
  if (text ~ /(^|[;&|({ \t])(cd|chdir|pushd)([ \t;&|)}]|$)/) moved = 1
  while (match(text, sourced)) {
    text = path = substr(text, RSTART + RLENGTH)
    sub(/^--[ \t]+/, "", path)
    text = path
    sub(/[ \t;&|)}].*/, "", path)
    if (text ~ /^[$][{]HOME[}]\//) { path = substr(text, 8); sub(/[ \t;&|)}].*/, "", path); path = home path }
    sub(/^(~|[$]HOME)\//, home "/", path)
    # Elsewhere than in the home; or looked for in the PATH.
    if (path ~ /^[A-Za-z0-9_.-]/ && (moved || path ~ /^[^.\/][^\/]*$/)) say("computed", root, where)
    if (path ~ /^[A-Za-z0-9_.-]/) path = home "/" path
    if (path ~ systems && path !~ /\.\./ || path == "/dev/null") continue
    if (path ~ /[$*?`(<[~]/ || path !~ site && index(path, home "/") != 1 || path ~ /\.\./ || path ~ /[\001-\037\177]/) say("computed", root, where)
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
