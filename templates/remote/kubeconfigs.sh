#!/bin/sh
# Says what kubeconfigs hold of logins and of times; part kubeconfigs of the facts uses it, core/people/kubeconfigs.ts reads
# it. Tokens, keys, passwords, certificates, arguments and environments stay here: only keys of the list below get out,
# with where they stand, and of their values names, times, and words of this script.
#
# Standard input, fields separated by tabs:
#   system                               the host's own places
#   home NUMBER REPRESENTATIVE NAME UID SHELL HOME
# Output, fields separated by tabs:
#   file WHO MEANT PATH MODE UID         then, until `end`:
#     key PATH LINE COLUMN WORD…         users.0.user.token 12 5 jwt FROM UNTIL
#     gate USER ID IDLE MAX
#     odd LINE                           a key that kubectl does not know
#     doubt LINE WORD                    what kind of YAML it is that cannot be told here
#     last LOOKS                         it was read to its end; LOOKS no: it is not a kubeconfig
#   unread WHO PATH WORD
#   apart NAME                           not whom the policy names; not read
#   done NUMBER                          last for each line of the input

main() {
  set -fu
  umask 077
  tab='	'
  newline='
'
  # A file that never ends takes no memory but ours.
  # shellcheck disable=SC3045 # every shell that is sh on Linux has it
  ulimit -v 524288 2>/dev/null
  budget=16777216
  flags=''
  if dd if=/dev/null of=/dev/null iflag=nofollow,nonblock count=1 2>/dev/null; then flags=iflag=nofollow,nonblock; fi
  names_of_policy
  while IFS=$tab read -r word number _ name uid _ home; do
    case $word in
      system) number=0; system_files ;;
      home) home_file ;;
    esac
    printf 'done\t%s\n' "$number"
  done
}

# --- for whom ------------------------------------------------------------------------------------

names_of_policy() {
  everybody=yes
  wanted=''
  ids=''
  ids_known=yes
  set -- {{kube_users}}
  for each in "$@"; do everybody=no; wanted="$wanted$newline$each"; done
  set -- {{kube_groups}}
  for each in "$@"; do
    everybody=no
    if command -v getent >/dev/null 2>&1; then found=$(getent group "$each" </dev/null); else found=$(grep "^$each:" /etc/group); fi
    case $? in
      0) found=${found#*:*:}; ids="$ids ${found%%:*} " ;;
      1 | 2) ;;
      *) ids_known=no ;;
    esac
  done
}

# Sets `meant` to yes, no or unknown.
meant_for() {
  meant=yes
  [ "$everybody" = no ] || return 0
  case $wanted$newline in *"$newline$1$newline"*) return 0 ;; esac
  meant=unknown
  [ "$ids_known" = yes ] || return 0
  if [ -z "$ids" ]; then meant=no; return 0; fi
  own=$(id -G -- "$1" 2>/dev/null </dev/null) || return 0
  for each in $own; do
    case $ids in *" $each "*) meant=yes; return 0 ;; esac
  done
  meant=no
}

# --- where ---------------------------------------------------------------------------------------

system_files() {
  meant_for root
  set +f
  set -- /etc/kubernetes/*.conf /etc/rancher/*/*.yaml
  set -f
  count=0
  for path in "$@"; do
    [ -e "$path" ] || [ -h "$path" ] || continue
    count=$((count + 1))
    if [ "$count" -gt 50 ]; then printf 'unread\troot\t%s\tmany\n' "${path%/*}"; return 0; fi
    one_file root "$path" '' 0 /root
  done
}

home_file() {
  case $home in /*) ;; *) return 0 ;; esac
  [ -d "$home" ] || return 0
  if ! [ -x "$home" ] || ! [ -r "$home" ]; then unread "$name" "$home" closed; return 0; fi
  # By its entry: what lies on a file system that root may not enter looks as if it were not there.
  set +f
  set -- "$home"/.kub[e]
  set -f
  case $1 in */.kube) ;; *) return 0 ;; esac
  if [ -h "$1" ] && ! [ -e "$1" ]; then return 0; fi
  if ! [ -d "$1" ] && [ -e "$1" ]; then return 0; fi
  if ! [ -x "$1" ] || ! [ -r "$1" ]; then unread "$name" "$1" closed; return 0; fi
  of_kube=$1
  set +f
  set -- "$of_kube/config" "$of_kube"/*
  set -f
  meant=''
  count=0
  others=2097152
  for path in "$@"; do
    # The first one is config, which is among the others once more. These may be anything: what cannot be a kubeconfig is
    # passed by.
    case $count,$path in
      0,"$of_kube/config") [ -e "$path" ] || [ -h "$path" ] || continue ;;
      *,"$of_kube/config") continue ;;
      *) [ -f "$path" ] || continue ;;
    esac
    if [ -z "$meant" ]; then meant_of_home || return 0; fi
    count=$((count + 1))
    if [ "$count" -gt 50 ]; then unread "$name" "$of_kube" many; return 0; fi
    # What lies about in one home takes no other's share.
    if [ "$path" != "$of_kube/config" ]; then
      others=$((others - $(stat -L -c %s -- "$path" 2>/dev/null || echo 0)))
      if [ "$others" -lt 0 ]; then unread "$name" "$of_kube" lot; return 0; fi
    fi
    one_file "$name" "$path" "$home_inside" "$uid" "$home"
  done
}

# Sets `meant` and `home_inside`. Fails where nothing is to be read.
meant_of_home() {
  meant_for "$name"
  if [ "$meant" = no ]; then printf 'apart\t%s\n' "$name"; return 1; fi
  home_inside=$(cd -P -- "$home" && pwd -P) || return 1
  # Links of root's lead where root wants them to.
  if [ "$uid" -eq 0 ]; then home_inside=''; fi
}

unread() {
  case $2 in
    *[[:cntrl:]]*) printf 'unread\t%s\t-\tname\n' "$1" ;;
    *) printf 'unread\t%s\t%s\t%s\n' "$1" "$2" "$3" ;;
  esac
}

# --- one file ------------------------------------------------------------------------------------

# one_file WHO PATH INSIDE UID HOME: links may lead to where INSIDE says, everywhere where that is empty.
one_file() {
  who=$1
  path=$2
  inside=$3
  owner=$4
  of_home=$5
  come_to "$path" "$inside" "$owner"
  if [ -z "$why" ] && [ "$size" -gt 1048576 ]; then why=large; fi
  if [ -z "$why" ]; then
    budget=$((budget - size))
    [ "$budget" -ge 0 ] || why=much
  fi
  if [ -n "$why" ]; then unread "$who" "$path" "$why"; return 0; fi
  # What others can write names no other file that root should read.
  case $mode in *[2367]? | *[2367]) if [ -z "$inside" ]; then inside=/dev/null/none; fi ;; esac
  printf 'file\t%s\t%s\t%s\t%s\t%s\n' "$who" "$meant" "$path" "$mode" "$has"
  opened 1048577 | awk "$token_life$skeleton" | beside
  printf 'end\n'
}

# Goes into the folder of the file, so that no name above it counts any more. Sets `why`, empty where the file may be read,
# and then `base`, `mode`, `has` (its owner) and `size`.
come_to() {
  why=name
  case $1 in *[[:cntrl:]]*) return 0 ;; esac
  why=gone
  target=$(readlink -f -- "$1" 2>/dev/null) || return 0
  [ -e "$target" ] || return 0
  why=name
  case $target in *[[:cntrl:]]*) return 0 ;; esac
  why='link'
  case $target in "${2%/}"/*) ;; *) return 0 ;; esac
  why=moved
  cd -P -- "${target%/*}/" 2>/dev/null || return 0
  here=$(pwd -P)
  [ "${here%/}" = "${target%/*}" ] || return 0
  base=./${target##*/}
  ! [ -h "$base" ] || return 0
  why=special
  [ -f "$base" ] || return 0
  why=closed
  [ -r "$base" ] || return 0
  stats=$(stat -c '%a %u %s' "$base" 2>/dev/null) || return 0
  mode=${stats%% *}
  size=${stats##* }
  has=${stats#* }
  has=${has%% *}
  why=foreign
  if [ "$has" -ne "$3" ] && [ "$has" -ne 0 ]; then return 0; fi
  why=''
}

# Its content, no more than so many bytes. Control characters but tabs and ends of lines become one that awk knows.
opened() {
  # shellcheck disable=SC2086 # one word, or none
  dd if="$base" bs="$1" count=1 $flags 2>/dev/null | tr '\000-\010\013\014\016-\037\177' '\001'
}

# --- what it names -------------------------------------------------------------------------------

# Answers what awk cannot: certificates, other files, a gate's limits. All else goes on as it is.
beside() {
  asked=0
  while IFS= read -r line; do
    case $line in
      "cert$tab"* | "names$tab"* | "asks$tab"*)
        asked=$((asked + 1))
        IFS=$tab read -r word key at column value <<END
$line
END
        if [ "$asked" -gt 40 ]; then printf 'doubt\t%s\tmany\n' "$at"; continue; fi
        case $word in
          cert) say_key "$(printf '%s' "$value" | openssl base64 -d -A 2>/dev/null | certificate)" ;;
          names) named ;;
          asks) gate_state ;;
        esac
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}

say_key() {
  printf 'key\t%s\t%s\t%s\t%s\n' "$key" "$at" "$column" "$1"
}

# Times and group of a certificate on standard input: nothing else of it is said.
certificate() {
  if ! command -v openssl >/dev/null 2>&1; then printf 'no-openssl'; return 0; fi
  openssl x509 -noout -dates -subject -nameopt multiline 2>/dev/null | awk "$certificate_words"
}

named() {
  case $value in /*) ;; *) value=${path%/*}/$value ;; esac
  come_to "$value" "$inside" "$owner"
  # A name that leads nowhere may be a secret: a token that was pasted one line too high.
  if [ -n "$why" ]; then say_key "$why"; return 0; fi
  if [ "$size" -gt 1048576 ]; then say_key large; return 0; fi
  case $key in
    *.tokenFile) told=$(opened 65537 | awk "$token_life$token_file") ;;
    *.client-certificate) told=$(opened 1048576 | certificate) ;;
    *) told=key ;;
  esac
  say_key "$told"
  printf 'key\t%s.file\t%s\t%s\t%s\t%s\t%s\n' "$key" "$at" "$column" "$value" "$mode" "$has"
}

gate_state() {
  come_to "$of_home/.local/state/curfew/kube/$value.json" "$inside" "$owner"
  case $mode in *[2367]? | *[2367]) why=open ;; esac
  told=''
  if [ -z "$why" ] && [ "$has" -eq "$owner" ]; then told=$(opened 262144 | awk "$gate_limits"); fi
  printf 'gate\t%s\t%s\t%s\n' "$key" "$value" "$told"
}

# --- awk -----------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # an awk program
certificate_words='
/^notBefore=/ && from == "" { from = substr($0, 11) }
/^notAfter=/ && until == "" { until = substr($0, 10) }
# Several may stand in one relative name, and then on one line.
/^ *[A-Za-z]+ *= / {
  n = split($0, part, / [+] /)
  if (n > 1) several = 1
  for (i = 1; i <= n; i++) {
    value = part[i]
    sub(/^[^=]*= /, "", value)
    if (part[i] ~ /^ *organizationName *= /) { if (value == "system:masters") group = "masters"; else if (value !~ /^system:/) people = 1; if (value == "system:nodes") node = 1 }
    if (part[i] ~ /^ *commonName *= /) { names++; common = value }
  }
}
END {
  if (until == "" || from ~ /[^A-Za-z0-9: ]/ || until ~ /[^A-Za-z0-9: ]/) print "unreadable"
  else print "life\t" from "\t" until "\t" group "\t" (several || people || names != 1 || group != "" || length(common) > 253 || common !~ /^system:[a-z0-9.:-]+$/ || (common ~ /^system:node:/ && !node) ? "" : common)
}'

# shellcheck disable=SC2016 # an awk program
gate_limits='
NR == 1 && /^[{]"schema":"curfew\/kube-gate\/1","context":"/ && match($0, /","idle":[0-9a-z.]+,"max":[0-9a-z.]+,"login":/) {
  split(substr($0, RSTART, RLENGTH), part, /[:,]/)
  print part[3] "\t" part[5]
}'

# shellcheck disable=SC2016 # an awk program
token_file='
{ text = text (NR > 1 ? "\n" : "") $0 }
END { gsub(/^[ \t\r\n]+|[ \t\r\n]+$/, "", text); print token_words(text) }'

# What a token says of its own life (RFC 7519), or that it says nothing.
# shellcheck disable=SC2016 # an awk program
token_life='
function token_words(token,   part) {
  if (token == "") return "none"
  if (token ~ /^[a-z0-9]+[.][a-z0-9]+$/ && length(token) == 23 && index(token, ".") == 7) return "bootstrap"
  if (split(token, part, ".") != 3 || length(part[2]) > 16384 || !claims(decoded(part[2]))) return "opaque"
  return "jwt\t" (("nbf" in said) && !("iat" in said) ? said["nbf"] : said["iat"]) "\t" said["exp"]
}
function decoded(text,   alphabet, out, i, c, bits, have, byte) {
  alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  power[0] = 1
  for (i = 1; i <= 8; i++) power[i] = power[i - 1] * 2
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "=") break
    c = index(alphabet, c == "+" ? "-" : c == "/" ? "_" : c) - 1
    if (c < 0) return ""
    bits = bits * 64 + c
    have += 6
    if (have < 8) continue
    have -= 8
    byte = int(bits / power[have])
    bits -= byte * power[have]
    out = out (byte >= 32 && byte < 127 ? sprintf("%c", byte) : byte == 9 || byte == 10 || byte == 13 ? " " : "?")
  }
  return out
}
# Numbers of the outermost object alone. Fails for what is not a JSON object.
function claims(text,   i, c, depth, key, end, word, odd) {
  split("", said)
  if (text !~ /^ *[{]/) return 0
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"") {
      odd = 0
      for (end = i + 1; (c = substr(text, end, 1)) != "\""; end++) {
        if (c == "") return 0
        if (c == "\\") { odd = 1; end++ }
      }
      word = substr(text, i + 1, end - i - 1)
      i = end
      if (depth == 1 && substr(text, i + 1, 200) ~ /^ *:/) {
        if (odd) return 0
        key = word
        delete said[key]
      }
    } else if (c == "{" || c == "[") depth++
    else if (c == "}" || c == "]") { if (--depth == 0) return substr(text, i + 1) ~ /^ *$/ }
    else if (c == "," && depth == 1) key = ""
    else if (depth == 1 && key ~ /^(exp|iat|nbf)$/ && c ~ /[-0-9]/) {
      word = substr(text, i, 40)
      match(word, /^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?/)
      said[key] = sprintf("%.0f", substr(word, 1, RLENGTH) + 0)
      i += RLENGTH - 1
      key = ""
    }
  }
  return 0
}
'

# Block style as kubectl and its relatives write it. Anything that a YAML library is needed for is a doubt, never a guess.
# shellcheck disable=SC2016 # an awk program
skeleton='
BEGIN {
  OFS = "\t"
  skip = block = -1
  n = split("clusters clusters.# clusters.#.cluster contexts contexts.# contexts.#.context users users.# users.#.user users.#.user.exec", word, " ")
  for (i = 1; i <= n; i++) container[word[i]] = 1
  n = split("apiVersion kind current-context clusters.#.name clusters.#.cluster.server clusters.#.cluster.insecure-skip-tls-verify contexts.#.name contexts.#.context.cluster contexts.#.context.user users.#.name users.#.user.token users.#.user.tokenFile users.#.user.client-certificate users.#.user.client-certificate-data users.#.user.client-key users.#.user.username users.#.user.password users.#.user.exec.command users.#.user.exec.apiVersion users.#.user.exec.interactiveMode", word, " ")
  for (i = 1; i <= n; i++) scalar[word[i]] = 1
  n = split("preferences extensions clusters.#.cluster.tls-server-name clusters.#.cluster.certificate-authority clusters.#.cluster.certificate-authority-data clusters.#.cluster.proxy-url clusters.#.cluster.disable-compression clusters.#.cluster.extensions contexts.#.context.namespace contexts.#.context.extensions users.#.user.client-key-data users.#.user.as users.#.user.as-uid users.#.user.as-groups users.#.user.as-user-extra users.#.user.auth-provider users.#.user.extensions users.#.user.exec.args users.#.user.exec.env users.#.user.exec.installHint users.#.user.exec.provideClusterInfo", word, " ")
  for (i = 1; i <= n; i++) known[word[i]] = 1
  lists = " clusters contexts users "
}
/(^|[^A-Za-z])kind["\047]?[ \t]*:[ \t]*["\047]?Config/ || /^[ {"\047]*(users|contexts)["\047]?[ \t]*:/ { looks = 1 }
stopped { next }
{
  sub(/\r$/, "")
  if (NR == 1) sub(/^\357\273\277/, "")
  # Ends of lines for kubectl: what looks like a comment may be none.
  if (index($0, "\001") || index($0, "\r") || index($0, "\302\205") || index($0, "\342\200\250") || index($0, "\342\200\251")) { unsure("control"); next }
  match($0, /^ */)
  indent = RLENGTH
  text = substr($0, indent + 1)
  if (text ~ /^[ \t]*$/) next
  if (block >= 0) { if (indent > block) next; block = -1 }
  if (text ~ /^#/) next
  if (text ~ /^\t/) { unsure("tab"); next }
  if (indent == 0 && text ~ /^(---|[.][.][.])([ \t]|$)/) {
    if (begun || text !~ /^---[ \t]*(#.*)?$/) unsure("documents")
    begun = 1
    next
  }
  if (!begun && text ~ /^%/) { unsure("tag"); next }
  begun = 1
  if (skip >= 0) {
    if (indent > skip || (indent == skip && skip_open && text ~ /^-( |$)/)) { hidden_line(text, indent); next }
    skip = -1
  }
  while (!stopped && text ~ /^-([ \t]|$)/) {
    if (text ~ /^-\t/) { unsure("tab"); next }
    item(indent)
    match(text, /^- */)
    indent += RLENGTH
    text = substr(text, RLENGTH + 1)
    if (text ~ /^#/) text = ""
  }
  if (!stopped && text != "") key_line(indent, text)
}
END {
  for (user in gated) if (!stopped) gate(user)
  if (!stopped) print "last", (looks ? "yes" : "no")
  else if (!looks) print "last", "no"
}
function unsure(kind) {
  if (!stopped) print "doubt", NR, kind
  stopped = 1
}
function leave(column) {
  while (depth > 0 && at[depth] > column) { depth--; open = 0 }
}
function enter(type, column,   of) {
  of = here[depth]
  if (type == "list" ? !index(lists, " " of " ") || of == "" : index(lists, " " of " ")) unsure("shape")
  depth++
  at[depth] = column
  is[depth] = type
  inside[depth] = of
  count[depth] = -1
  open = 0
}
function item(column) {
  leave(column)
  if (depth == 0) { unsure("shape"); return }
  if (is[depth] != "list" || at[depth] != column) {
    if (!open || !(is[depth] == "map" ? column >= at[depth] : column > at[depth])) { unsure("shape"); return }
    enter("list", column)
  }
  here[depth] = inside[depth] "." ++count[depth]
  open = 1
}
function key_line(column, text,   name, path, general) {
  if (!match(text, /^[A-Za-z][A-Za-z0-9_.\/-]*:([ \t]|$)/)) { unsure(text ~ /^[\[{]/ ? "flow" : text ~ /^[&*!<]/ ? "tag" : "shape"); return }
  name = substr(text, 1, index(text, ":") - 1)
  text = substr(text, index(text, ":") + 1)
  sub(/^[ \t]+/, "", text)
  leave(column)
  if (depth > 0 && is[depth] == "list" && at[depth] == column) { depth--; open = 0 }
  if (depth == 0 && !rooted) { rooted = 1; enter("map", column) }
  else if (depth == 0 || is[depth] != "map" || at[depth] != column) {
    if (depth == 0 || !open || column <= at[depth]) { unsure("shape"); return }
    enter("map", column)
  }
  if (stopped) return
  path = inside[depth] == "" ? name : inside[depth] "." name
  if (path in seen) { unsure("twice"); return }
  seen[path] = 1
  here[depth] = path
  open = 0
  general = path
  gsub(/[.][0-9]+/, ".#", general)
  if (general in container) {
    value_of(text)
    if (form == "text") unsure("shape")
    open = form == "open"
    if (general == "users.#.user.exec" && open) say(path, column, "exec")
  } else if (general in scalar) {
    value_of(text)
    if (form == "empty") unsure("shape")
    if (!stopped && form == "text" && value != "") report(path, general, column)
  } else {
    if (!(general in known)) print "odd", NR
    skip = column
    skip_open = text == "" || text ~ /^#/
    words = general == "users.#.user.exec.args" ? inside[depth] : ""
    environment = general == "users.#.user.exec.env" ? inside[depth] : ""
    groups = general == "users.#.user.as-groups" ? path : ""
    groups_at = NR OFS column + 1
    if (groups != "") masters(text)
    if (environment != "") elsewhere(text)
    if (words != "" && text != "" && text !~ /^#/) inline_words(text)
    if (general == "users.#.user.auth-provider" && text !~ /^(~|null|Null|NULL)([ \t]|$)/) say(path, column, "filled")
    hidden(text, column)
  }
}
# Sets `form` (open: nothing yet; none: null; empty: an empty list or mapping; text) and `value`.
function value_of(raw) {
  value = ""
  form = "open"
  if (raw == "" || raw ~ /^#/) return
  form = "text"
  if (raw ~ /^"/ || raw ~ /^\047/) {
    if (raw !~ /^"[^"\\]*"([ \t]+#.*)?[ \t]*$/ && raw !~ /^\047[^\047]*\047([ \t]+#.*)?[ \t]*$/) { unsure("quoted"); return }
    value = substr(raw, 2)
    value = substr(value, 1, index(value, substr(raw, 1, 1)) - 1)
    return
  }
  if (raw ~ /^([{] *[}]|\[ *\])([ \t]+#.*)?[ \t]*$/) { form = "empty"; return }
  if (raw ~ /^[\[{]/) { unsure("flow"); return }
  if (raw ~ /^[|>]/) { unsure("lines"); return }
  if (raw ~ /^[&*!%@`,}?:\]]/ || raw ~ /^-([ \t]|$)/) { unsure("tag"); return }
  sub(/[ \t]+#.*$/, "", raw)
  sub(/[ \t]+$/, "", raw)
  if (raw ~ /:[ \t]/ || raw ~ /:$/) { unsure("shape"); return }
  if (raw ~ /^(~|null|Null|NULL)$/) { form = "none"; return }
  value = raw
}
# What is not looked at must end where it seems to.
function hidden_line(text, column,   of) {
  of = column
  if (environment != "") elsewhere(text)
  if (groups != "") masters(text)
  # A line that does not begin an item may go on with the one before.
  if (words != "") { if (!(words in listed)) listed[words] = column; if (column != listed[words] || text !~ /^-( |$)/) strange[words] = 1 }
  while (text ~ /^-([ \t]|$)/) {
    if (text ~ /^-\t/) { unsure("tab"); return }
    of = column
    match(text, /^- */)
    column += RLENGTH
    text = substr(text, RLENGTH + 1)
  }
  if (words != "") word_of(text)
  if (text ~ /^["\047]/) {
    text = after_quote(text)
    if (stopped) return
    if (text !~ /^[ \t]*:([ \t]|$)/) { if (text !~ /^[ \t]*(#.*)?$/) unsure("quoted"); return }
    sub(/^[ \t]*:[ \t]*/, "", text)
    of = column
  } else if (text !~ /^[\[{|>&!#]/ && match(text, /:([ \t]|$)/)) {
    text = substr(text, RSTART + 1)
    sub(/^[ \t]+/, "", text)
    of = column
  }
  hidden(text, of)
}
function hidden(text, column) {
  if (text == "" || text ~ /^#/) return
  if (text ~ /^["\047]/) {
    text = after_quote(text)
    if (!stopped && text !~ /^[ \t]*(#.*)?$/) unsure("quoted")
  } else if (text ~ /^[\[{]/) closed(text)
  else if (text ~ /^[|>][-+0-9]*([ \t]+#.*)?[ \t]*$/) block = column
  else if (text ~ /^[&!|>%@`?]/) unsure("tag")
}
function after_quote(text,   quote, i, c) {
  quote = substr(text, 1, 1)
  for (i = 2; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\\" && quote == "\"") i++
    else if (c == quote) {
      if (quote == "\047" && substr(text, i + 1, 1) == quote) i++
      else return substr(text, i + 1)
    }
  }
  unsure("quoted")
  return ""
}
# Flow style on one line.
function closed(text,   i, c, before, level) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if ((c == "\"" || c == "\047") && before ~ /[\[{,:]/) {
      text = after_quote(substr(text, i))
      if (stopped) return
      i = 0
      before = "\""
      continue
    }
    if (c == "#" && substr(text, i - 1, 1) ~ /[ \t]/) break
    if (c ~ /[&*!]/ && before ~ /[\[{,:]/) break
    if (c ~ /[\[{]/) level++
    if (c ~ /[\]}]/ && --level == 0) {
      if (substr(text, i + 1) !~ /^[ \t]*(#.*)?$/) unsure("flow")
      return
    }
    if (c !~ /[ \t]/) before = c
  }
  unsure("flow")
}
# Variables by which a gate keeps its state in another place, or is another program: core/kube/gate/words.ts.
function elsewhere(text) {
  if (text ~ /\\/ || text ~ /(^|[^A-Za-z0-9_])(HOME|PATH|XDG_STATE_HOME|CURFEW_[A-Z_]*|NODE_[A-Z_]*|LD_[A-Z_]*)([^A-Za-z0-9_]|$)/) strange[environment] = 1
}
# Whom it asks the server to take it for; an escape may spell it.
function masters(text) {
  if (text !~ /system:masters/ && text !~ /\\/) return
  print "key", groups, groups_at, "masters"
  groups = ""
}
# The words of an exec plugin stay here; whether they are those of the gate is told.
function word_of(text) {
  if (text ~ /^"[^"\\]*"[ \t]*$/ || text ~ /^\047[^\047]*\047[ \t]*$/) { sub(/[ \t]*$/, "", text); text = substr(text, 2, length(text) - 2) }
  else if (text ~ /^[A-Za-z0-9_.\/=-]+[ \t]*$/) sub(/[ \t]*$/, "", text)
  else text = "\001"
  argument[words, ++arguments[words]] = text
}
function inline_words(text,   part, n, i) {
  if (text !~ /^\[.*\][ \t]*$/) return
  sub(/\][ \t]*$/, "", text)
  n = split(substr(text, 2), part, ",")
  for (i = 1; i <= n; i++) { sub(/^[ \t]+/, "", part[i]); word_of(part[i]) }
}
function gate(user,   i, id) {
  if (user in strange) { print "gate", user, "odd", ""; return }
  if (argument[user, 1] != "kube" || argument[user, 2] != "gate") {
    if (argument[user, 1] == "\001" || argument[user, 2] == "\001") print "gate", user, "odd", ""
    return
  }
  for (i = 3; i <= arguments[user] && argument[user, i] != "--"; i++) {
    if (argument[user, i] == "\001") { print "gate", user, "odd", ""; return }
    # The gate takes the first one; who writes two may mean the other.
    if (argument[user, i] == "--session") { if (id != "") { print "gate", user, "odd", ""; return } id = argument[user, i + 1] }
  }
  if (i > arguments[user]) return
  if (length(id) >= 12 && length(id) <= 32 && id !~ /[^0-9a-f]/) print "asks", user, 0, 0, id
  else print "gate", user, "odd", ""
}
function say(path, column, said) { print "key", path, NR, column + 1, said }
function report(path, general, column,   key, base) {
  key = general
  sub(/^.*[.]/, "", key)
  if (general ~ /^(apiVersion|kind)$/) say(path, column, value == (key == "kind" ? "Config" : "v1") ? "as-it-should-be" : "other")
  else if (key ~ /^(name|current-context)$/ || general ~ /^contexts[.]/) say(path, column, clean(value))
  else if (key == "server") say(path, column, server_of(value))
  else if (key == "insecure-skip-tls-verify") {
    if (value ~ /^([yY]|[yY]es|YES|[oO]n|ON|[tT]rue|TRUE)$/) say(path, column, "true")
    else if (value !~ /^([nN]|[nN]o|NO|[oO]ff|OFF|[fF]alse|FALSE)$/) unsure("shape")
  } else if (key == "token") say(path, column, token_words(value))
  else if (key == "client-certificate-data") {
    if (length(value) <= 65536 && value !~ /[^A-Za-z0-9+\/=]/) print "cert", path, NR, column + 1, value
    else say(path, column, "unreadable")
  } else if (key ~ /^(tokenFile|client-certificate|client-key)$/) {
    if (length(value) <= 4096 && !index(value, "\t")) print "names", path, NR, column + 1, value
    else say(path, column, "name")
  } else if (key ~ /^(username|password)$/) say(path, column, "filled")
  else if (key == "command") {
    base = value
    sub(/^.*\//, "", base)
    if (base ~ /^curfew([.]js)?$/) gated[substr(path, 1, length(path) - 8)] = 1
    say(path, column, base ~ /^[A-Za-z0-9._+-]+$/ && length(base) <= 64 ? base : "-")
  } else if (key == "apiVersion") say(path, column, value ~ /^client[.]authentication[.]k8s[.]io\/v1(alpha1|beta1)?$/ ? value : "-")
  else if (key == "interactiveMode") {
    if (value ~ /^(Never|IfAvailable|Always)$/) say(path, column, value)
    else unsure("shape")
  }
}
function clean(text) { gsub(/[[:cntrl:]]/, "?", text); return substr(text, 1, 253) }
# No path, no question, nothing before an @: each may hold a secret.
function server_of(text,   scheme) {
  scheme = tolower(text) ~ /^https:\/\// ? "https" : "plain"
  sub(/^[A-Za-z]+:\/\//, "", text)
  sub(/[\/?#].*$/, "", text)
  sub(/^.*@/, "", text)
  return scheme "\t" (text ~ /^[A-Za-z0-9.:_\[\]-]+$/ && length(text) <= 262 ? text : "-")
}
'

main
