part_configuration() {
  configuration
  base=''
  [ -z "$sshd" ] || settings_of_all
}

configuration() {
  configured=$main_file
  if [ -z "$configured" ]; then
    configured=/etc/ssh/sshd_config
    # Distributions with an immutable /usr keep the original there, in force until /etc has one.
    [ -e "$configured" ] || ! [ -e /usr/etc/ssh/sshd_config ] || configured=/usr/etc/ssh/sshd_config
  fi
  case $configured in /*) ;; *) configured=/$configured ;; esac
  file main "$configured"
  reached=$newline
  pending=''
  visited=0
  [ -f "$configured" ] || return 0
  included_by "$configured"
  # Depth first: what a file includes is read before what stands after it.
  while [ -n "$pending" ]; do
    next=${pending%%"$newline"*}
    pending=${pending#*"$newline"}
    case $reached in *"$newline$next$newline"*) continue ;; esac
    reached="$reached$next$newline"
    visited=$((visited + 1))
    if [ "$visited" -gt 200 ]; then section too-many-files; return; fi
    file drop-in "$next"
    if [ -f "$next" ] && grep -qi '^[[:space:]"]*include' "$next" 2>/dev/null; then included_by "$next"; fi
  done
}

# What holds before anybody is known. No release tells where a Match asks for a port that was not given, so one is
# that nothing names; 8.0 wants everything else too, and of that the empty names and addresses match the least.
settings_of_all() {
  set -- "$configured"
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- "$@" $reached
  IFS=$default_ifs
  for neutral in 65535 65534 65533 65532; do
    grep -qsi -- "localport.*$neutral" "$@" || break
  done
  effective - "lport=$neutral"
}

# effective ID SPECIFICATION: what the daemon would do, or why it does not say.
effective() {
  answer=$(ask_sshd "$2" 2>/dev/null)
  status=$?
  if [ "$status" -eq 0 ]; then
    if [ "$1" != - ] && [ "$answer" = "$base" ]; then section effective "$1" same; return; fi
    section effective "$1" 0
    printf '%s\n' "$answer"
    [ "$1" != - ] || base=$answer
    return
  fi
  # shellcheck disable=SC2069 # only what it complains about
  complaint=$(ask_sshd "$2" 2>&1 >/dev/null)
  case "$1 $complaint" in
    "- "*"not in connection test specification"*)
      case $2 in user=*) ;; *) effective - "user=,host=,addr=,laddr=,$2"; return ;; esac
      ;;
  esac
  section effective "$1" "$status"
  printf '%s\n' "$complaint"
}

ask_sshd() {
  set -- -C "$1"
  if [ -n "$main_file" ]; then set -- -f "$main_file" "$@"; fi
  IFS=$newline
  for option in $option_lines; do set -- "$@" -o "$option"; done
  IFS=$default_ifs
  within "$sshd" -T "$@"
}

# Prints the Include lines of a file and puts the files they reach in front of what is pending.
included_by() {
  including=$1
  expanded=''
  includes=$(awk "$include_lines" "$1" 2>/dev/null)
  for_lines expand_include "$includes"
  pending="$expanded$pending"
}

expand_include() {
  section include "$including" "$line"
  pattern=${line##*"$tab"}
  case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
  set +f
  IFS=
  # shellcheck disable=SC2086 # a pattern on purpose; in the C locale, in byte order like sshd
  set -- $pattern
  IFS=$default_ifs
  set -f
  case $pattern in
    *[[:cntrl:]]* | *[*?[]*/*) ;;
    *[*?[]*)
      case $newline$include_directories in
        *"$newline${pattern%/*}/$newline"*) ;;
        *)
          include_directories="$include_directories${pattern%/*}/$newline"
          linked_place "${pattern%/*}/00-00-curfew.conf"
          ;;
      esac
      ;;
  esac
  for included in "$@"; do
    [ -e "$included" ] || [ -h "$included" ] || continue
    printable "$included" || continue
    expanded="$expanded$included$newline"
  done
}

# Where a file of curfew's that is not there yet would really be, if that is elsewhere: a record of it by the name of a
# directory's link would not be found again.
linked_place() {
  if [ -e "$1" ] || [ -h "$1" ]; then return 0; fi
  resolve "$1"
  [ "$real" = "$1" ] || file system "$1"
}

# line number, yes or no (inside a Match block), pattern; one line for each pattern.
# shellcheck disable=SC2016 # an awk program
include_lines='
function keyword(text) {
  sub(/^[ \t\r\f]+/, "", text)
  if (text ~ /^"/) { sub(/^"/, "", text); sub(/"/, " ", text) }
  rest = text
  if (!match(text, /[ \t\r=]/)) { rest = ""; return tolower(text) }
  rest = substr(text, RSTART)
  sub(/^[ \t\r]*=?[ \t\r]*/, "", rest)
  return tolower(substr(text, 1, RSTART - 1))
}
function patterns(text,   i, c, quote, word, open) {
  text = text " "
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (quote != "") { if (c == quote) quote = ""; else word = word c }
    else if (c == "\"" || c == "\047") { quote = c; open = 1 }
    else if (c == "#" && word == "" && !open) return
    else if (c ~ /[ \t\r\f]/) { if (word != "") print NR "\t" (inside ? "yes" : "no") "\t" word; word = ""; open = 0 }
    else word = word c
  }
}
{ word = keyword($0) }
word == "match" { inside = 1 }
word == "include" { patterns(rest) }
'
