#!/bin/sh
# Looks in shells' files for lines that change TMOUT or autologout: where one is readonly they fail, and each kind of
# shell then skips other lines. Part lost-lines of the facts uses it, core/people/lost-lines.ts reads it. Runs nothing.
#
# Standard input, fields separated by tabs: NUMBER NAME FILE; 0 and - for a file of the system.
# Output, fields separated by tabs: NUMBER NAME FORM FILE LINE END LOST END LOST; first the end of the command around the
# line and what stands in it after the line, then the same for the whole file. Of values only umask's is said. `read`
# last: everything was looked at.

main() {
  set -u
  # A file that never ends takes no memory but ours.
  # shellcheck disable=SC3045 # every shell that is sh on Linux has it
  ulimit -v 524288 2>/dev/null
  awk "$look"
}

# What stands in quotes is read as if it did not: rather a line too often.
# shellcheck disable=SC2016 # an awk program
look='
BEGIN {
  FS = "\t"
  start = "(^|[;&|{)!`]|(^|[ \t;])(then|do|else|elif|if|while|until|command|builtin|eval)[ \t])[ \t]*"
  beside = "([A-Za-z_][A-Za-z0-9_]*=[^ \t;&|]*[ \t]+)*"
  given = "[ \t]([^;&|]*[ \t])?"
  over = "([^A-Za-z0-9_]|$)"
  special = "^[ \t]+(:|[.]|eval|source|export|readonly|set|unset|trap|exec|return|shift|typeset|declare|cd|read|printf|echo|true|false)([ \t;&|]|$)"
}
NF == 3 && !(($1, $2, $3) in seen) && ++files <= 400 {
  seen[$1, $2, $3] = 1
  look_into($3)
}
END { print "read" }
function look_into(path,   i) {
  if (!read_file(path)) return
  told_of = 0
  for (i = 1; i <= n && told_of < 20; i++) if (text[i] ~ /TMOUT|autologout/ && !guarded[i]) examine(path, i)
}
function read_file(path,   line, whole, bytes, ours, depth, guard) {
  n = depth = guard = 0
  while ((getline line < path) > 0) {
    n++
    bytes += length(line) + 1
    if (bytes > 524288 || n > 20000) break
    if (line ~ /^# BEGIN curfew/) ours = 1
    if (line ~ /^# END curfew/) { ours = 0; line = "" }
    # What goes on in the next line counts with its last.
    whole = whole (ours ? "" : line)
    text[n] = bare[n] = ""
    deep[n] = depth
    guarded[n] = guard
    if (whole ~ /\\$/) { whole = substr(whole, 1, length(whole) - 1); continue }
    text[n] = plain(whole)
    bare[n] = whole
    whole = ""
    if (!guard && tests(text[n]) && opens(text[n]) > 0) guard = depth + 1
    depth += opens(text[n])
    if (depth < 0) depth = 0
    if (guard && (depth < guard || text[n] ~ /^[ \t]*(else|elif)([ \t;]|$)/)) guard = 0
    guarded[n] = guard
    deep[n] = depth
  }
  close(path)
  return n > 0
}
function plain(line) {
  if (line ~ /^[ \t]*#/) return ""
  sub(/[ \t;]#.*/, "", line)
  gsub(/["\047\\]/, "", line)
  gsub(/[\001-\010\013-\037\177]/, " ", line)
  return line
}
# Whether it is only gone into where TMOUT is not set, or can be.
function tests(line) {
  return line ~ /-z[ \t]+[$][{]?TMOUT/ || line ~ /[(][ \t]*unset[ \t]+TMOUT[ \t]*[)]/
}
function opens(line,   word, count, i, found) {
  gsub(/[(][)][{]/, " { ", line)
  count = split(line, word, /[ \t;&|()]+/)
  for (i = 1; i <= count; i++) {
    if (word[i] ~ /^(if|case|for|while|until|select|[{])$/) found++
    else if (word[i] ~ /^(fi|esac|done|[}])$/) found--
  }
  return found + 0
}
function examine(path, i,   line, form, last) {
  line = text[i]
  if (tests(line) || line ~ /-n[ \t]+[$][{]?TMOUT[^|]*[|][|]/) return
  form = form_of(line)
  if (form == "") return
  told_of++
  # `after` is what stands behind it in its line.
  last = i
  while (deep[i] > 0 && last < n && deep[last] > 0) last++
  printf "%s\t%s\t%s\t%s\t%d", $1, $2, form, substr(path, 1, 300), i
  printf "\t%d\t%s\t%d\t%s\n", last, lost(i, last), n, lost(i, n)
}
function form_of(line) {
  after = ""
  if (found(line, "[$][(][(]([^)]*[^A-Za-z0-9_])?TMOUT[ \t]*([-+*/%&^|]|<<|>>)?=[^=][^)]*[)][)]")) return "arith"
  if (found(line, "[(][(]([^)]*[^A-Za-z0-9_])?TMOUT[ \t]*([-+*/%&^|]|<<|>>)?=[^=][^)]*[)][)]")) return "dparen"
  gsub(/[$]?[(][^()]*TMOUT[^()]*[)]/, "", line)
  if (found(line, start "(typeset|declare|integer)[ \t]+(-[A-Za-z]*i[A-Za-z]*[ \t]+)([^;&|]*[ \t])?TMOUT([ \t;&|}]|$)")) return "integer"
  if (found(line, start "(export|readonly)" given "TMOUT[+]?=[^ \t;&|}]*")) return "exported"
  if (found(line, start "(typeset|declare|local|integer|float)" given "TMOUT[+]?=[^ \t;&|}]*")) return "declared"
  if (found(line, start "unset" given "TMOUT" over)) return "unset"
  if (found(line, "(^|[^A-Za-z0-9_])(for|select)[ \t]+TMOUT([ \t;]|$)")) return "loop"
  if (found(line, start "getopts[ \t].*[ \t]TMOUT" over)) return "getopts"
  if (found(line, start "read" given "TMOUT" over)) return "read"
  if (found(line, start "printf[ \t]+-v[ \t]*TMOUT" over)) return "printf"
  if (found(line, start beside "TMOUT[+]?=[^ \t;&|}]*([ \t]+[A-Za-z_][A-Za-z0-9_]*=[^ \t;&|]*)*")) {
    if (after !~ /^[ \t]+[^ \t;&|}#]/) return "assign"
    if (after ~ special) return "builtin"
    return "prefix"
  }
  if (found(line, "(^|[^A-Za-z0-9_])(set|unset)" given "autologout" over)) return "autologout"
  return ""
}
function found(line, form) {
  if (!match(line, form)) return 0
  after = substr(line, RSTART + RLENGTH)
  return 1
}
# What of the lines does something else than about the limit, for people. Nothing of a value may be taken for a name.
function lost(i, last,   at, lines) {
  words = ""
  lines = told(bare[i] ~ /["\047\\]/ ? mute(after) : after)
  for (at = i + 1; at <= last; at++) lines += told(unquoted(bare[at]))
  if (lines == 0) return "-"
  return (words == "" ? "" : words " ") "(" lines (lines == 1 ? " line)" : " lines)")
}
function mute(rest) {
  gsub(/[^ \t;&|]+=[^;&|]*|export[ \t][^;&|]*/, "_", rest)
  return rest
}
function unquoted(line) {
  if (line ~ /^[ \t]*#/) return ""
  gsub(/\\./, "_", line)
  gsub(/"[^"]*"|\047[^\047]*\047/, "_", line)
  sub(/["\047].*/, "_", line)
  sub(/[ \t;]#.*/, "", line)
  gsub(/[\001-\010\013-\037\177]/, " ", line)
  return line
}
function told(line,   part, count, i, any) {
  count = split(line, part, /[;&|]+/)
  for (i = 1; i <= count; i++) if (does(part[i])) any = 1
  return any + 0
}
function does(part,   word, count, i) {
  sub(/^[ \t]+/, "", part)
  while (part ~ /^(then|do|else|[{])([ \t]|$)/) sub(/^[a-z{]+[ \t]*/, "", part)
  sub(/^[(]?[^ \t()$]*[)][ \t]*/, "", part)
  sub(/[ \t]+$/, "", part)
  if (part == "" || part ~ /^(in|fi|done|esac|endif|endsw|end|[}]|:|true|return|exit)([ \t]|$)/ || part ~ /TMOUT|autologout/) return 0
  if (match(part, /^umask[ \t]+[0-7ugoarwx=,+-]+$/)) say(part)
  else if (part ~ /^(export|setenv|typeset|declare|readonly)[ \t]/) {
    count = split(part, word, /[ \t]+/)
    for (i = 2; i <= count; i++) {
      sub(/=.*/, "", word[i])
      if (word[i] ~ /^[A-Za-z_][A-Za-z0-9_]*$/) say(word[1] " " word[i])
      if (word[1] == "setenv") break
    }
  }
  else if (match(part, /^alias[ \t]+[A-Za-z0-9_.-]+/)) say(substr(part, 1, RLENGTH))
  else if (match(part, /^[A-Za-z_][A-Za-z0-9_]*=/)) say(substr(part, 1, RLENGTH))
  return 1
}
function say(word) {
  gsub(/[ \t]+/, " ", word)
  if (length(words) + length(word) < 150) words = words (words == "" ? "" : ", ") word
}
'

main
