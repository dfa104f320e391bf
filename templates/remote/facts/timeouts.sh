# TMOUT and autologout in every system-wide file that a shell or a login reads.
part_timeouts() {
  section timeouts
  set +f
  set -- /etc/profile /etc/profile.local /etc/profile.d/*.sh /etc/profile.d/*.csh /etc/profile.d/*.local \
    /etc/profile.d/*.zsh /etc/bash.bashrc /etc/bash.bashrc.local /etc/bashrc /etc/bash/bashrc \
    /etc/bash/bashrc.d/* /etc/bashrc.d/* /etc/zshenv /etc/zprofile /etc/zshrc /etc/zlogin /etc/zsh/* \
    /etc/ksh.kshrc /etc/ksh.kshrc.local /etc/zsh.zshrc.local /etc/sh.shrc.local /etc/mkshrc \
    /etc/csh.cshrc /etc/csh.cshrc.local /etc/csh.login /etc/tcsh.tcshrc /etc/tcsh.login \
    /etc/csh/cshrc.d/* /etc/csh/login.d/* /etc/environment /etc/environment.d/*.conf \
    /etc/security/pam_env.conf /etc/default/login /usr/etc/profile /usr/etc/bash.bashrc \
    /usr/etc/profile.d/*.sh /usr/etc/profile.d/*.csh
  set -f
  for path in "$@"; do
    shift
    case $path in */00-curfew.* | *[[:cntrl:]]*) continue ;; esac
    if [ -f "$path" ] && [ -r "$path" ]; then set -- "$@" "$path"; fi
  done
  listed=''
  for path in "$@"; do listed="$listed$path$newline"; done
  # What they read besides, and what that reads.
  for turn in 1 2; do
    [ -n "$listed" ] || break
    sourced=$(within awk "$reads" "$@" | head -n 40)
    for_lines list_sourced "$sourced"
    IFS=$newline
    # shellcheck disable=SC2086 # split at newlines on purpose
    set -- $listed
    IFS=$default_ifs
    [ -n "$sourced" ] || break
  done
  : "$turn"
  [ $# -eq 0 ] || within awk "$assignments" "$@"
  [ $# -eq 0 ] || limit_files=$limit_files$(within grep -lE 'TMOUT|autologout' "$@" /dev/null | sed "s/^/0$tab-$tab/")$newline
}

list_sourced() {
  case $newline$listed in *"$newline$1$newline"*) return ;; esac
  # In front: what it sets is known where it is read.
  if [ -f "$1" ] && [ -r "$1" ]; then listed="$1$newline$listed"; fi
}

# What packages bring along sets no limit, and is long.
# shellcheck disable=SC2016 # an awk program
reads='
/^[ \t]*#/ { next }
match($0, /(^|[;&|({ \t])([.]|source)[ \t]+["\047]?\/[A-Za-z0-9._\/-]+/) {
  path = substr($0, RSTART, RLENGTH)
  sub(/^[^\/]*/, "", path)
  if (path !~ /^\/(usr\/(share|lib|lib64|libexec)|lib|proc|dev|sys)\/|00-curfew|\/[.][.]\// && !(path in seen)) print path
  seen[path] = 1
}
'

# Blocks of curfew count as its own only when they are closed. A line that not everybody reaches, in a branch or
# after a way out that is not about interactive shells, is shown indented, as people write it: that makes it a
# condition. A word too many counted as a branch makes a doubt, never a certainty. Where the branch asks for what
# another login has otherwise (an address, a home, a terminal, the processes above the shell), its condition stands
# before the line; and what leaves the file there, or becomes another program, is said too, with the word `leaves`.
# shellcheck disable=SC2016 # an awk program
assignments='
BEGIN {
  command_at = "(^|[$][(]|[`|;&!]|(^|[ \t;])(if|elif|while|until|then|do|else)[ \t])[ \t]*"
  # What a shell that is asked sees otherwise than one behind sshd, or than one of a login from elsewhere.
  lasting = "SSH_(CONNECTION|CLIENT|AUTH_SOCK|USER_AUTH)|REMOTEHOST|XDG_(SESSION|RUNTIME|VTNR|SEAT)|DBUS_[A-Z]+|PPID|pts/[0-9]|cgroup|utmp|wtmp|/proc/([0-9*]|[$][A-Za-z{])|[$][(](umask|ulimit)|" \
    command_at "((/usr)?/s?bin/)?(ps|pstree|pgrep|pidof|date|who|w|last|lastlog|users|pinky|loginctl|logname|lsof|ss|netstat|uptime)([ \t)|;`]|$)"
  varying = lasting "|HOME|~[/a-z]|DISPLAY|[$][{]?(TERM|LANG|LC_|RANDOM|SECONDS|EPOCH|COLUMNS|LINES)|(/tmp|/dev/shm|/run/(user|screen|tmux))(/|[ \t\"]|$)"
  away = "(bash|rbash|zsh|fish|ksh|ksh93|mksh|dash|ash|sh|csh|tcsh|busybox|[$]SHELL|[$][{]SHELL[}]|tmux|screen|byobu|zellij|dtach|abduco|su|newgrp|sg|script|ssh|login|top|htop|watch|mc|python3?)"
}
function show(text, depended_on) {
  gsub(/[\001-\037\177]/, " ", text)
  return FILENAME "\t" FNR "\t" substr((inside ? " " : "") (depended_on == "" ? origin_of(text) : depended_on) text, 1, 300)
}
# Where a variable or function of the line got what differs.
function origin_of(text,   name) {
  for (name in origin) if (text ~ ("(^|[^A-Za-z0-9_])" name "([^A-Za-z0-9_]|$)")) return origin[name]
  return ""
}
# Whether somebody comes through SSH at all, all do.
function differs(text, how) {
  gsub(/-[nz][ \t]+"?[$][{]?SSH_(CONNECTION|CLIENT)[}]?"?/, "", text)
  # What is set where nothing is, and what is about the shell itself.
  gsub(/[$][{](TERM|LANG|HOME|COLUMNS|LINES):?=/, "", text)
  gsub(/ps[ \t][^;|)`]*[$][$]/, "", text)
  return text ~ how || named != "" && text ~ ("(^|[^A-Za-z0-9_])(" named ")([^A-Za-z0-9_]|$)")
}
# Variables and functions that get their value from it.
function hand_on(text,   name, whole) {
  whole = text
  gsub(/-o[ \t]*[a-z]+=(,[a-z]+=)*/, "-o", text)
  if (match(text, /^[ \t]*((function[ \t]+)?[A-Za-z_][A-Za-z0-9_]*[ \t]*[(][ \t]*[)]|function[ \t]+[A-Za-z_][A-Za-z0-9_]*)/)) {
    within_function = substr(text, RSTART, RLENGTH)
    gsub(/^[ \t]*(function[ \t]+)?|[^A-Za-z0-9_]/, "", within_function)
    match(text, /^[ \t]*/)
    margin = RLENGTH
    one_line = text ~ /}[ \t]*;?[ \t]*$/
  } else if (match(text, /^[ \t]*}/) && RLENGTH - 1 <= margin) within_function = ""
  if (differs(text, lasting) || depends_lasting) {
    if (within_function != "") add(within_function, whole)
    while (match(text, /(^|[^A-Za-z0-9_$\/.-])[A-Za-z_][A-Za-z0-9_]*=/)) {
      name = substr(text, RSTART, RLENGTH - 1)
      gsub(/[^A-Za-z0-9_]/, "", name)
      add(name, whole)
      text = substr(text, RSTART + RLENGTH)
    }
    if (match(text, /(^|[ \t;])read[ \t]+[^<>|;&]*/)) {
      n_names = split(substr(text, RSTART, RLENGTH), names_read, /[ \t]+/)
      for (name = 1; name <= n_names; name++) if (names_read[name] ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && names_read[name] != "read") add(names_read[name], whole)
    }
  }
  if (one_line) { within_function = ""; one_line = 0 }
}
function add(name, text) {
  if (name ~ /^(PATH|PS1|PS2|IFS|HISTFILE|MAIL|EDITOR|PAGER|TMOUT|autologout)$/ || length(named) > 2000) return
  if (name in origin) return
  named = named (named == "" ? "" : "|") name
  origin[name] = condition((depends == "" ? origin_of(text) : depends) text, 70)
}
function condition(text, most) {
  gsub(/^[ \t]+|[\001-\037\177]/, "", text)
  return substr(text, 1, most) "; "
}
function look_at_condition(text, depth_before) {
  if (depends != "" && depth <= depth_there && !left_there) { depends = ""; depends_lasting = 0 }
  if (depends != "" || !differs(text, varying) || text ~ /TMOUT|autologout/) return
  if (depth <= depth_before && (!left || had_left)) return
  depends = condition(origin_of(text) text, 110)
  depends_lasting = differs(text, lasting)
  depth_there = depth_before
  left_there = left && !had_left
}
# Whether the shell becomes another program there, waits for one, or reads other files than the one that was asked. By
# a home or a kind of terminal stock files choose what they read, out of packages or by a variable.
function leaves(text, lasts,   path) {
  gsub(/["\047\\]/, "", text)
  sub(/^[ \t]*[(]?[A-Za-z0-9_*?.|\[\] \t-]+[)]/, "", text)
  if (text ~ /(^|[;&|({)! \t])exec[ \t]+[^ \t0-9<>&]/) return 1
  if (text ~ (command_at "[(]?[ \t]*([A-Za-z_][A-Za-z0-9_]*=[^ \t;&|]*[ \t]+)*(command[ \t]+)?([^ \t;&|(){}`=<>]*/)?" away "([ \t;&|<>]|$)")) return 1
  if (text ~ (command_at "/(usr/local|opt|etc|srv|home|root|var)/")) return 1
  if (text ~ /(^|[ \t;&|)])return([ \t;&|]|$)/ && within_function == "" && FILENAME !~ /\.d\// && text !~ /PS1|\$-|-t [012]/) return 1
  if (match(text, /(^|[;&|({)! \t])([.]|source)[ \t]+[^ \t;&|]/)) {
    path = substr(text, RSTART + RLENGTH - 1)
    if (path ~ /^\/(etc|opt|srv|home|root|var|usr\/local)\// && path !~ /^\/etc\/(locale|default|sysconfig)/) return 1
    if (lasts && path !~ /^(~|[$][{]?(HOME|XDG_[A-Z]+_HOME)|\/usr\/|\/etc\/locale)/) return 1
  }
  return text ~ /(^|[^A-Za-z0-9_])(ENV|ZDOTDIR|POSIXLY_CORRECT)=|setopt[ \t].*[Rr][Cc][Ss]|TRAPALRM|trap[ \t].*(ALRM|EXIT)/
}
function follow(text,   words, count, i) {
  sub(/[ \t;]#.*/, "", text)
  if (text ~ /(^|[ \t;&|)])(return|exit)([ \t;&|]|$)/ && text !~ /PS1|\$-|-t [012]/) left = 1
  count = split(text, words, /[ \t;&|()]+/)
  for (i = 1; i <= count; i++) {
    if (words[i] ~ /^(case|for|while|until|select|switch|foreach)$/) depth++
    else if (words[i] == "if" && (FILENAME !~ /csh/ || text ~ /then[ \t]*$/)) depth++
    else if (words[i] ~ /^(fi|esac|done|endif|endsw|end)$/ && depth > 0) depth--
  }
}
FNR == 1 { if (block) printf "%s", held; block = 0; held = ""; depth = 0; left = 0; depends = ""; left_there = depends_lasting = 0; within_function = carried = "" }
{ inside = depth > 0 || left; depth_now = depth }
!/^[ \t]*#/ {
  depended = depends
  had_left = left
  follow($0)
  look_at_condition($0, depth_now)
  before = carried
  code = $0
  sub(/[ \t;]#.*/, "", code)
  code = carried code
  carried = ""
  if (code ~ /(\\|&&|[|][|])[ \t]*$/ && length(code) < 1000) { carried = code; sub(/\\$/, " ", carried) }
  hand_on(code)
  if (!block && code !~ /TMOUT|autologout/ && (depended != "" && depends != "" || differs(code, varying)) && leaves(code, depends_lasting || differs(code, lasting)) && left_at[FILENAME]++ < 5)
    print show(code, depended) "\tleaves"
}
/^# BEGIN curfew/ { if (block) printf "%s", held; block = 1; held = ""; next }
/^# END curfew/ { block = 0; held = ""; next }
!/TMOUT|autologout/ { next }
{
  $0 = before $0
  text = $0
  sub(/^[ \t]*#.*/, "", text)
  sub(/[ \t;]#.*/, "", text)
}
text ~ /(^|[^A-Za-z0-9_$])TMOUT\+?=/ || text ~ /\$\{TMOUT:?=/ || text ~ /^[ \t]*TMOUT[ \t]+(DEFAULT|OVERRIDE)=/ ||
text ~ /(^|[^A-Za-z0-9_])(readonly|declare|typeset|export|unset|setenv)[ \t]([^;&|]*[ \t])?TMOUT([^A-Za-z0-9_]|$)/ ||
text ~ /(^|[^A-Za-z0-9_])(set|unset)[ \t]([^;&|]*[ \t])?autologout([^A-Za-z0-9_]|$)/ {
  if (block) held = held show($0, depends) "\n"; else print show($0, depends)
}
END { if (block) printf "%s", held }
'
