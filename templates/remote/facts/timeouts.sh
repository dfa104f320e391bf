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
    case $path in
      *[[:cntrl:]]*) printf '/etc/profile\t1\ta file whose name has control characters is not looked at\tleaves\n'; continue ;;
      */00-curfew.*) continue ;;
    esac
    if [ -f "$path" ] && [ -r "$path" ]; then set -- "$@" "$path"; fi
  done
  listed=''
  for path in "$@"; do listed="$listed$path$newline"; done
  follow_sourced "$@"
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $listed
  IFS=$default_ifs
  [ $# -eq 0 ] || within awk "$assignments" "$@" ||
    printf '/etc/profile\t1\tnot all system-wide files could be looked at in time\tleaves\n'
  modes_of "$@"
  [ $# -gt 0 ] || return 0
  sourced=$(within grep -lE 'TMOUT|autologout' "$@" /dev/null)
  for_lines list_limits "$sourced"
}

list_limits() {
  limit_files="${limit_files}0$tab-$tab$1$newline"
}

# Puts into `listed` what these read besides, and what that reads.
follow_sourced() {
  followed=0
  by_server=$set_by_sshd
  for turn in 1 2 3 4 5; do
    sourced=$(printf '%s' "$by_server" | within awk "$reads" "$@" -)
    by_server=''
    found=''
    for_lines list_sourced "$sourced"
    IFS=$newline
    # shellcheck disable=SC2086 # split at newlines on purpose
    set -- $found
    IFS=$default_ifs
    if [ "$followed" -gt 200 ] || { [ "$turn" = 5 ] && [ $# -gt 0 ]; }; then
      printf '%s\t1\tmore files are read than are followed here\tleaves\n' "${1:-/etc/profile}"
      return 0
    fi
    [ $# -gt 0 ] || return 0
  done
}

# A file that some may read and others may not, by their groups or by an access control list: as a line of number 0.
modes_of() {
  # What is not there is not said.
  # shellcheck disable=SC2012 # names with control characters are not among them
  ls -ldLn /etc/profile.d /etc/profile.d/00-curfew.* "$@" 2>/dev/null | awk '
    {
      mode = $1
      access = substr(mode, 5, 1) != substr(mode, 8, 1) || mode ~ /^d/ && substr(mode, 7, 1) != substr(mode, 10, 1)
      if (!access && mode !~ /[+]$/) next
      group = $4
      sub(/^([^ ]+ +){8}/, "")
      print $0 "\t0\tmode " mode ", group " group "\tpersonal"
    }' | head -n 20
}

# A path, a pattern of some, or a directory whose files run-parts(8) lists; those of profile.d are there. A plus says
# that there are more, a question mark where a file is read of which only a login shows the name.
list_sourced() {
  case $1 in
    +) followed=201 ;;
    '?'*) printf '%s\ta file is read whose name only a login shows\tleaves\n' "${1#?}"; return ;;
  esac
  if [ -d "$1" ] && [ "${1%/}" != /etc/profile.d ]; then set -- "${1%/}/*"; fi
  set +f
  IFS=
  # shellcheck disable=SC2086 # a pattern on purpose
  set -- $1
  IFS=$default_ifs
  set -f
  for sourced in "$@"; do
    case $newline$listed in *"$newline$sourced$newline"*) continue ;; esac
    case $sourced in *[[:cntrl:]]* | */00-curfew.*) continue ;; esac
    if ! [ -f "$sourced" ] || ! [ -r "$sourced" ]; then continue; fi
    followed=$((followed + 1))
    [ "$followed" -le 201 ] || return 0
    # In front: what it sets is known where it is read.
    listed="$sourced$newline$listed"
    found="$found$sourced$newline"
  done
}

# Files that are read by their name, or by a variable whose value stands somewhere: of a loop, of a directory. What
# packages bring along sets no limit, and is long.
# shellcheck disable=SC2016 # an awk program
reads='
/^[ \t]*#/ { next }
{
  gsub(/["\047]/, "")
  whole = $0
  if (whole ~ /(^|[;&|({ \t])eval[ \t]/ && match(whole, /([$][(]|`)[ \t]*(cat[ \t]+|<[ \t]*)[\/$~][^ \t;&|)`]+/)) {
    path = substr(whole, RSTART, RLENGTH)
    sub(/^([$][(]|`)[ \t]*(cat[ \t]+|<[ \t]*)/, "", path)
    add(path, 1)
  }
  # What a command says may be anything; a default is one more value of a variable.
  gsub(/[$][(][^()]*[)]|`[^`]*`/, "\001")
  while (match($0, /[$][{][A-Za-z_][A-Za-z0-9_]*:?[-=][^{}]*[}]/)) {
    path = substr($0, RSTART + 2, RLENGTH - 3)
    name = path
    sub(/[^A-Za-z0-9_].*/, "", name)
    sub(/^[A-Za-z0-9_]+:?[-=]/, "", path)
    $0 = substr($0, 1, RSTART - 1) "$" "{" name "}" substr($0, RSTART + RLENGTH)
    value(name, path)
  }
  rest = $0
  while (match(rest, /(^|[;&|({ \t])\\?([.]|source)[ \t]+(--[ \t]+)?[^ \t;&|)}]+([}][^ \t;&|)]*)?/)) {
    before = substr($0, 1, length($0) - length(rest) + RSTART - 1 + (RSTART > 1 || substr(rest, 1, 1) !~ /[.s\\]/))
    path = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    sub(/^.?.?([.]|source)[ \t]+(--[ \t]+)?/, "", path)
    add(path, before ~ /(^|[;&|({!]|(^|[ \t;])(if|elif|then|do|else|while|until|builtin|command))[ \t]*$/)
  }
  rest = $0
  while (match(rest, /(^|[^A-Za-z0-9_])(ENV|BASH_ENV|ZDOTDIR)(=|[ \t]+(DEFAULT|OVERRIDE)=)[^ \t;&|)]+/)) {
    path = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    zsh = path ~ /ZDOTDIR/
    sub(/^[^=]*=/, "", path)
    if (!zsh) add(path, 0)
    else for (i = 1; i in of_zsh; i++) add(path "/" of_zsh[i], 0)
  }
  rest = $0
  while (match(rest, /(^|[;&|({ \t])[A-Za-z_][A-Za-z0-9_]*=[\/$][^ \t;&|)]+/)) {
    path = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    name = path
    sub(/=.*/, "", name)
    gsub(/[^A-Za-z0-9_]/, "", name)
    sub(/^[^=]*=/, "", path)
    value(name, path)
  }
  if (match(whole, /(^|[;&|({ \t])for(each)?[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]*(in[ \t]|[(])[^;)]*/)) {
    path = substr(whole, RSTART, RLENGTH)
    sub(/^.?for(each)?[ \t]+/, "", path)
    name = path
    sub(/[^A-Za-z0-9_].*/, "", name)
    sub(/^[A-Za-z0-9_]+[ \t]*(in[ \t]|[(])/, "", path)
    count = split(path, word, /[ \t]+/)
    for (i = 1; i <= count; i++) value(name, word[i])
  }
}
BEGIN { split(".zshenv .zprofile .zshrc .zlogin", of_zsh, " ") }
END {
  for (i = 1; i <= sources; i++) {
    hit = lost = 0
    tell(sourced[i], 0, " ")
    if (lost && !hit && sure[i] && !(place[i] in doubted)) { doubted[place[i]] = 1; print "?" place[i] }
  }
  if (more) print "+"
}
# `at_command`: a command stands there, and not a word that looks like one.
function add(path, at_command) {
  sourced[++sources] = path
  place[sources] = FILENAME "\t" FNR
  sure[sources] = at_command && FILENAME != "-" && FILENAME != ""
}
function value(name, text) {
  if (text ~ /^(\/|[$][^(])/ && ++values[name] <= 20) value_of[name, values[name]] = text
}
# By way of so many variables, whose names these are: one that names itself ends nowhere.
function tell(path, depth, names,   name, rest, k) {
  if (match(path, /^[$][{]?[A-Za-z_][A-Za-z0-9_]*[}]?/)) {
    name = substr(path, 1, RLENGTH)
    rest = substr(path, RLENGTH + 1)
    gsub(/[^A-Za-z0-9_]/, "", name)
    # A home is looked into elsewhere (own-files.sh).
    if (name ~ /^(HOME|ZDOTDIR|XDG_[A-Z_]+)$/) hit = 1
    else if (!(name in values)) lost = 1
    if (values[name] > 20 || (depth == 3 && values[name] && !index(names, " " name " "))) more = 1
    if (depth == 3) return
    for (k = 1; k <= values[name] && k <= 20; k++) tell(value_of[name, k] rest, depth + 1, names name " ")
    return
  }
  # Any name may stand there; where other people may have made it, it is not looked for.
  gsub(/[$][{][^{}]*[}]?|[$][A-Za-z0-9_@*]*/, "\001", path)
  if (path ~ /^([*\001]|[.][.]?\/|<)|^\/[*\001]|^\/(home|root|tmp|var|run)\/.*\001/) { lost = 1; return }
  gsub(/[*\001]+/, "*", path)
  if (path !~ /^\/[][A-Za-z0-9._\/*?+-]+$/) return
  hit = 1
  if (path in seen) return
  seen[path] = 1
  if (path !~ /^\/(usr\/(share|lib|lib64|libexec)|lib|proc|dev|sys)\/|00-curfew|\/[.][.]\//) {
    if (++told <= 100) print path
    else more = 1
  }
}
'

# Blocks of curfew count as its own only when they are closed. A line that not everybody reaches, in a branch or
# after a way out that is not about interactive shells, is shown indented, as people write it: that makes it a
# condition. A word too many counted as a branch makes a doubt, never a certainty. Where the branch asks for what
# another login has otherwise (an address, a home, a terminal, the processes above the shell), its condition stands
# before the line; and what leaves the file there, or becomes another program, is said too, with the word `leaves`. With
# the word `personal` what does so by who logs in: it is the same for everybody who was asked, and may not be for others.
# A function or a variable may be used above the line that makes it, and in a file that comes first here: as long as
# there are new ones, all lines are looked at once more. What is too much for that is said with the word `leaves`.
# shellcheck disable=SC2016 # an awk program
assignments='
BEGIN {
  called = "[A-Za-z_][A-Za-z0-9_:.+@-]*"
  command_at = "(^|[$][(]|[`|;&!]|(^|[ \t;])(if|elif|while|until|then|do|else)[ \t])[ \t]*"
  # What a shell that is asked sees otherwise than one behind sshd, or than one of a login from elsewhere.
  lasting = "SSH_(CONNECTION|CLIENT|AUTH_SOCK|USER_AUTH)|REMOTEHOST|XDG_(SESSION|RUNTIME|VTNR|SEAT)|DBUS_[A-Z]+|PPID|pts/[0-9]|cgroup|utmp|wtmp|/proc/([0-9*]|[$][A-Za-z{])|[$][(](umask|ulimit)|" \
    command_at "((/usr)?/s?bin/)?(ps|pstree|pgrep|pidof|date|who|w|last|lastlog|users|pinky|loginctl|logname|lsof|ss|netstat|uptime)([ \t)|;`]|$)"
  varying = lasting "|HOME|~[/a-z]|DISPLAY|[$][{]?(TERM|LANG|LC_|RANDOM|SECONDS|EPOCH|COLUMNS|LINES)|(/tmp|/dev/shm|/run/(user|screen|tmux))(/|[ \t\"]|$)"
  person = "[$][{]?(USER|USERNAME|LOGNAME|E?UID|E?GID|GROUPS|user|uid|gid|group)([^A-Za-z0-9_]|$)|[ \t][-][OGw][ \t]|" \
    command_at "((/usr)?/s?bin/)?(id|groups|whoami|getent)([ \t)|;`]|$)"
  away = "(bash|rbash|zsh|fish|ksh|ksh93|mksh|dash|ash|sh|csh|tcsh|busybox|[$]SHELL|[$][{]SHELL[}]|tmux|screen|byobu|zellij|dtach|abduco|su|newgrp|sg|script|ssh|login|top|htop|watch|mc|python3?)"
}
function show(text, depended_on) {
  gsub(/[\001-\037\177]/, " ", text)
  # Longer than its reader takes, so that it is told that something is missing.
  return file "\t" at "\t" substr((inside ? " " : "") (depended_on == "" ? origin_of(text) : depended_on) text, 1, 1100)
}
function say(text) {
  if (++said > 800) return
  out = out text "\n"
}
function too_much(text) {
  out = out file "\t" at "\t" text "\tleaves\n"
}
# Where a variable or function of the line got what differs.
function origin_of(text,   name) {
  name = names_one(text)
  return name == "" ? "" : origin[name]
}
# Whether somebody comes through SSH at all, all do.
function differs(text, how) {
  if (text !~ how && !names) return 0
  text = alike(text)
  return text ~ how || names_one(text)
}
function alike(text) {
  gsub(/-[nz][ \t]+"?[$][{]?SSH_(CONNECTION|CLIENT)[}]?"?/, "", text)
  # What is set where nothing is, and what is about the shell itself.
  gsub(/[$][{](TERM|LANG|HOME|COLUMNS|LINES):?=/, "", text)
  gsub(/ps[ \t][^;|)`]*[$][$]/, "", text)
  return text
}
# The first of the names that goes by it, or nothing.
function names_one(text,   word, n, i) {
  if (!names) return ""
  n = split(text, word, /[^A-Za-z0-9_]+/)
  for (i = 1; i <= n; i++) if (word[i] in origin) return word[i]
  if (!others) return ""
  n = split(text, word, /[^A-Za-z0-9_:.+@-]+/)
  for (i = 1; i <= n; i++) if (word[i] in origin) return word[i]
  return ""
}
# Variables and functions that get their value from it.
function hand_on(text,   name, whole, i) {
  whole = text
  gsub(/-o[ \t]*[a-z]+=(,[a-z]+=)*/, "-o", text)
  open_functions(text)
  if (differs(text, lasting) || depends_lasting) {
    for (i = 1; i <= opened; i++) add(opening[i], whole)
    add(within_function, whole)
    for (i = 1; i <= nested; i++) add(function_at[i], whole)
    while (match(text, /(^|[^A-Za-z0-9_$\/.-])[A-Za-z_][A-Za-z0-9_]*[+]?=/)) {
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
  close_functions(text)
}
# Those that a line begins. One is known by its braces and by its margin, as neither is sure.
function open_functions(text,   name, rest, header) {
  header = "(^|[;&|({ \t])(function[ \t]+" called "|(function[ \t]+)?" called "[ \t]*[(][ \t]*[)])"
  opened = 0
  rest = text
  while (match(rest, header)) {
    name = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    sub(/^[;&|({ \t]*(function[ \t]+)?/, "", name)
    sub(/[ \t]*[(].*/, "", name)
    opening[++opened] = name
  }
  if (!opened) {
    if (match(text, /^[ \t]*}/) && RLENGTH - 1 <= margin) within_function = ""
    return
  }
  within_function = name
  match(text, /^[ \t]*/)
  margin = RLENGTH
  while (nested && !entered[nested] && braces_at[nested] >= braces_before) nested--
  if (nested < 20) { function_at[++nested] = name; braces_at[nested] = braces_before; entered[nested] = braces_most > braces_before }
}
function close_functions(text) {
  if (opened && text ~ /}[ \t]*;?[ \t]*$/) within_function = ""
  if (nested && braces > braces_at[nested]) entered[nested] = 1
  while (nested && entered[nested] && braces <= braces_at[nested]) nested--
}
function count_braces(text,   words, n, i) {
  braces_before = braces_most = braces
  if (text !~ /[{}]/) return
  gsub(/\\./, "_", text)
  gsub(/"[^"]*"|\047[^\047]*\047/, "_", text)
  n = split(text, words, /[ \t;&|()]+/)
  for (i = 1; i <= n; i++) {
    if (words[i] == "{") braces++
    else if (words[i] == "}" && braces > 0) braces--
    if (braces > braces_most) braces_most = braces
  }
}
# The same for who somebody is: blocks, and variables that have it.
function about_person(text, depth_before,   name) {
  if (whose && depth <= whose_there && !whose_left) whose = 0
  if (text ~ /TMOUT|autologout/ || !personal(text)) return
  if (!whose && (depth > depth_before || left && !had_left)) { whose = 1; whose_there = depth_before; whose_left = left && !had_left }
  while (match(text, /(^|[^A-Za-z0-9_$\/.-])[A-Za-z_][A-Za-z0-9_]*=/)) {
    name = substr(text, RSTART, RLENGTH - 1)
    gsub(/[^A-Za-z0-9_]/, "", name)
    if (name !~ /^(PATH|PS1|PS2|IFS|HISTFILE|MAIL|EDITOR|PAGER)$/ && !(name in is_person) && length(persons) < 2000) persons = persons (persons == "" ? "" : "|") name
    is_person[name] = 1
    text = substr(text, RSTART + RLENGTH)
  }
}
function personal(text) {
  return text ~ person || persons != "" && text ~ ("[$][{]?(" persons ")([^A-Za-z0-9_]|$)")
}
function add(name, text) {
  if (name == "" || name in origin || name ~ /^(PATH|PS1|PS2|IFS|HISTFILE|MAIL|EDITOR|PAGER|TMOUT|autologout)$/) return
  if (names >= 1000) { overflow = 1; return }
  # Before the name is one of them, which the line holds as well.
  text = condition((depends == "" ? origin_of(text) : depends) text, 70)
  origin[name] = text
  names++
  if (name !~ /^[A-Za-z0-9_]+$/) others = 1
}
# Cut to a length, and so that it still holds what differs.
function condition(text, most) {
  gsub(/^[ \t]+|[\001-\037\177]/, "", text)
  if (length(text) > most && substr(text, 1, most) !~ varying) {
    text = alike(text)
    if (match(text, varying) && RSTART + RLENGTH > most) text = substr(text, RSTART > 20 ? RSTART - 20 : 1)
  }
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
  if (text ~ /(^|[ \t;&|)])return([ \t;&|]|$)/ && !in_function() && file !~ /\.d\// && text !~ /PS1|\$-|-t [012]/) return 1
  if (match(text, /(^|[;&|({)! \t])([.]|source)[ \t]+[^ \t;&|]/)) {
    path = substr(text, RSTART + RLENGTH - 1)
    if (path ~ /^\/(etc|opt|srv|home|root|var|usr\/local)\// && path !~ /^\/etc\/(locale|default|sysconfig)/) return 1
    if (lasts && path !~ /^(~|[$][{]?(HOME|XDG_[A-Z]+_HOME)|\/usr\/|\/etc\/locale)/) return 1
  }
  return text ~ /(^|[^A-Za-z0-9_])(ENV|ZDOTDIR|POSIXLY_CORRECT)=|setopt[ \t].*[Rr][Cc][Ss]|TRAPALRM|trap[ \t].*(ALRM|EXIT)/
}
# Only where both its braces and its margin say so: a way out that is taken for that of a function would be missed.
function in_function() {
  return within_function != "" && nested > 0 && entered[nested]
}
function follow(text,   words, count, i) {
  sub(/[ \t;]#.*/, "", text)
  count_braces(text)
  if (text ~ /(^|[ \t;&|)])exit([ \t;&|]|$)/ || text ~ /(^|[ \t;&|)])return([ \t;&|]|$)/ && !in_function())
    if (text !~ /PS1|\$-|-t [012]/) left = 1
  count = split(text, words, /[ \t;&|()]+/)
  for (i = 1; i <= count; i++) {
    if (words[i] ~ /^(case|for|while|until|select|switch|foreach)$/) depth++
    else if (words[i] == "if" && (file !~ /csh/ || text ~ /then[ \t]*$/)) depth++
    else if (words[i] ~ /^(fi|esac|done|endif|endsw|end)$/ && depth > 0) depth--
  }
}
function begin(path) {
  flush()
  file = path
  depth = left = left_there = depends_lasting = torn = braces = nested = said_here = whose_here = whose = 0
  depends = within_function = carried = ""
}
# What a block of curfew holds is its own only when the block is closed.
function flush() {
  if (block) out = out held
  block = 0
  held = ""
}
function look(raw,   code, before, depended, text, shown) {
  inside = depth > 0 || left || torn
  depth_now = depth
  if (raw !~ /^[ \t]*#/) {
    depended = depends
    had_left = left
    follow(raw)
    look_at_condition(raw, depth_now)
    was_whose = whose
    about_person(raw, depth_now)
    before = carried
    code = raw
    sub(/[ \t;]#.*/, "", code)
    code = carried code
    carried = ""
    torn = code ~ /(\\|&&|[|][|])[ \t]*$/
    if (torn && length(code) < 4000) { torn = 0; carried = code; sub(/\\$/, " ", carried) }
    else if (torn && differs(code, varying)) too_much("a command that is too long to be looked at")
    hand_on(code)
    if (!block && code !~ /TMOUT|autologout/ && (depended != "" && depends != "" || differs(code, varying)) && leaves(code, depends_lasting || differs(code, lasting))) {
      if (++said_here <= 5) say(show(code, depended) "\tleaves")
      else if (said_here == 6) too_much("more lines leave the file than are listed")
    } else if (!block && code !~ /TMOUT|autologout/ && (was_whose && whose || personal(code)) && leaves(code, 1) && ++whose_here <= 5)
      say(show(code, "") "\tpersonal")
  }
  if (raw ~ /^# BEGIN curfew/) { flush(); block = 1; return }
  if (raw ~ /^# END curfew/) { block = 0; held = ""; return }
  if (raw !~ /TMOUT|autologout/) return
  text = before raw
  shown = text
  sub(/^[ \t]*#.*/, "", text)
  sub(/[ \t;]#.*/, "", text)
  if (!sets(text)) return
  shown = show(shown, depends)
  if (block) held = held shown "\n"; else say(shown)
}
function sets(text) {
  return text ~ /(^|[^A-Za-z0-9_$])TMOUT\+?=/ || text ~ /\$\{TMOUT:?=/ || text ~ /^[ \t]*TMOUT[ \t]+(DEFAULT|OVERRIDE)=/ ||
    text ~ /(^|[^A-Za-z0-9_])(readonly|declare|typeset|export|unset|setenv)[ \t]([^;&|]*[ \t])?TMOUT([^A-Za-z0-9_]|$)/ ||
    text ~ /(^|[^A-Za-z0-9_])(set|unset)[ \t]([^;&|]*[ \t])?autologout([^A-Za-z0-9_]|$)/
}
NR > 50000 { too_many = 1; exit }
{ path_of[NR] = FILENAME; line_of[NR] = FNR; text_of[NR] = $0 }
END {
  for (turn = 1; turn <= 10; turn++) {
    known = names persons
    out = ""
    said = 0
    for (i = 1; i in text_of; i++) {
      at = line_of[i]
      if (at == 1) begin(path_of[i])
      look(text_of[i])
    }
    flush()
    if (names persons == known) break
  }
  if (said > 800 || too_many || overflow || turn > 10) too_much("more than is looked at")
  printf "%s", out
}
'
