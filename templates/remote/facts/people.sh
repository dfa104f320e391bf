part_people() {
  accounts
  name_sources
}

accounts() {
  people=$(account_lines | awk -F: "$classify" /dev/null -)
  homes=''
  case $people in
    *"${newline}homes$newline"*)
      homes=${people#*"${newline}homes$newline"}
      people=${people%%"${newline}homes$newline"*}
      ;;
  esac
  section people
  printf '%s\n' "$people"
  case $address in
    *' '*' '*' '*) ;;
    *) address='' ;;
  esac
  set_by_sshd=''
  answers=''
  if [ -n "$address" ] && [ -n "$base" ]; then for_lines ask_for_class "$people"; fi
  own_by_sshd=''
  [ -z "$answers" ] || own_by_sshd=$(printf '%s' "$answers" | awk "$own_settings")$newline
}

ask_for_class() {
  case $1 in "class$tab"*) ;; *) return 0 ;; esac
  representative=${1#*"$tab"*"$tab"*"$tab"}
  representative=${representative%%"$tab"*}
  [ -n "$representative" ] || return 0
  from=${address%% *}
  port=${address##* }
  to=${address#* * }
  effective "$representative" "user=$representative,host=$from,addr=$from,laddr=${to%% *},lport=$port"
  answers="$answers$tab$representative$newline$answer$newline"
  case $newline$answer in *"$newline"[Ss][Ee][Tt][Ee][Nn][Vv]' '*) ;; *) return 0 ;; esac
  set_by_sshd=$set_by_sshd$(printf '%s\n' "$answer" | sed -n "s/^[Ss][Ee][Tt][Ee][Nn][Vv] /setenv$tab$representative$tab/p")$newline
}

# Lines for own-files.sh, of what sshd said of each class; a tab stands before the name of whom it was asked about.
# shellcheck disable=SC2016 # an awk program
own_settings='
/^\t/ { representative = substr($0, 2); next }
{ keyword = tolower($1); value = $0; sub(/^[^ ]* /, "", value) }
keyword == "authorizedkeysfile" { print "keys\t" representative "\t" value }
keyword == "permituserenvironment" && value != "no" { print "environment\t" representative }
'

# Where accounts and groups come from (nsswitch.conf(5)). Red Hat's names sss whether or not one runs.
name_sources() {
  section name-sources "$(if [ -S /var/lib/sss/pipes/nss ]; then echo sss; fi)"
  [ -r /etc/nsswitch.conf ] || return 0
  while read -r key rest; do
    case $key in passwd:* | group:*) printf '%s %s\n' "${key#*:}" "$rest" ;; esac
  done < /etc/nsswitch.conf
}

# The token, then parts that each begin with a line `TOKEN part`.
account_lines() {
  printf '%s\n' "$token"
  printf '%s selectors\n' "$token"
  set -- {{selectors}}
  [ $# -eq 0 ] || printf '%s\n' "$@"
  printf '%s locked\n' "$token"
  # Only whether the password is locked leaves this pipe.
  sed -n 's/^\([^:]*\):!.*/\1/p' /etc/shadow 2>/dev/null
  if command -v getent >/dev/null 2>&1; then name_service; else plain_files; fi
}

name_service() {
  set -- {{groups}}
  named=''
  if [ $# -gt 0 ]; then
    printf '%s group\n' "$token"
    named=$(within getent group "$@")
    printf '%s\n%s result group %s\n%s group\n' "$named" "$token" "$?" "$token"
    # Others with the same number count as well.
    within getent group
    printf '%s result group %s\n' "$token" "$?"
  fi
  printf '%s passwd\n' "$token"
  within getent passwd
  printf '%s result passwd %s\n' "$token" "$?"
  set -- {{users}}
  IFS=",$newline"
  for group in $named; do
    group=${group##*:}
    case $group in -*) continue ;; esac
    if [ -n "$group" ] && [ $# -lt 2000 ]; then set -- "$@" "$group"; fi
  done
  IFS=$default_ifs
  if [ $# -gt 0 ]; then
    printf '%s passwd\n' "$token"
    within getent passwd "$@"
    printf '%s result passwd %s\n' "$token" "$?"
  fi
}

plain_files() {
  printf '%s group\n' "$token"
  cat /etc/group
  printf '%s passwd\n' "$token"
  cat /etc/passwd
}

# Sorts accounts into classes by the roles and exemptions they belong to: the owners of the selectors
# that match them, which stand in front of each selector. A class prints every selector that matches
# one of its accounts. Groups count by number, as they do for the kernel: members of any group with
# that number, and those whose primary it is.
# shellcheck disable=SC2016 # an awk program
classify='
function usable(shell) { return shell !~ /\/(nologin|false|true|sync|halt|shutdown)$/ }
function matches(i,   list, n) {
  matching[++matched] = i
  n = split(owners_of[i], list, ",")
  for (; n > 0; n--) owned[list[n] + 0] = 1
}
function add(key, name, login, rank,   n, i) {
  if (!(key in best_rank)) { best_rank[key] = 9; size[key] = 0; listed[key] = 0; count++ }
  if (rank < best_rank[key] || (rank == best_rank[key] && (name "") < (best[key] ""))) { best_rank[key] = rank; best[key] = name }
  size[key] += login
  enlist(key, name)
}
function enlist(key, name,   n, i) {
  n = listed[key] + 0
  if (n == 20) { if ((name "") >= (users[key, 20] "")) return; n = 19 }
  for (i = n; i > 0 && (users[key, i] "") > (name ""); i--) users[key, i + 1] = users[key, i]
  users[key, i + 1] = name
  listed[key] = n + 1
}
# The accounts of a class with the same login shell, root apart from others; the first and the last can be asked about.
function add_login(class, shell, name, uid, gid, home, rank,   key, who) {
  if (shell == "") shell = "/bin/sh"
  key = class SUBSEP shell SUBSEP (uid + 0 == 0)
  if (!(key in login_size)) { shells_of[class, ++kinds[class]] = key; shell_of[key] = shell; ask_rank[key] = 3 }
  login_size[key]++
  enlist(key, name)
  # More are not looked into.
  if (homes++ < 1000) home_of[key, ++homes_of[key]] = name "\t" uid + 0 "\t" shell "\t" (home ~ /[\001-\037\177]/ ? "" : home)
  who = name ":" uid + 0 ":" gid + 0
  if (rank < 2 && whos[key] < 24) all_of[key, ++whos[key]] = who
  if (rank < ask_rank[key]) { ask_rank[key] = rank; first[key] = last[key] = who; return }
  if (rank > ask_rank[key] || rank > 2) return
  if ((who "") < (first[key] "")) first[key] = who
  if ((who "") > (last[key] "")) last[key] = who
}
token == "" { token = $0; next }
index($0, token " ") == 1 {
  part = substr($0, length(token) + 2)
  if (part ~ /^result /) {
    split(part, result, " ")
    if (result[3] != 0 && result[3] != 2) failed = "getent " result[2] " ended with status " result[3] (result[3] == 124 ? " (no answer in time)" : "")
  }
  next
}
part == "selectors" {
  owners_of[++selectors] = substr($0, 1, index($0, " ") - 1)
  n = split(owners_of[selectors], list, ",")
  for (; n > 0; n--) if (list[n] + 0 >= owners) owners = list[n] + 1
  wanted[selectors] = substr($0, index($0, " ") + 1)
  name = substr(wanted[selectors], index(wanted[selectors], ":") + 1)
  if (wanted[selectors] ~ /^user:/) user_selector[name] = selectors
  else { group_selector[name] = selectors; group_names[++groups] = name }
}
part == "locked" { locked[$0] = 1 }
part == "group" && NF >= 4 {
  if (($1 in group_selector) && !($1 in gid_of)) { gid_of[$1] = $3 + 0; gid_wanted[$3 + 0] = 1 }
  if (!(($3 + 0) in gid_wanted)) next
  n = split($4, members, ",")
  for (i = 1; i <= n; i++) if (members[i] != "") { member[$3 + 0, members[i]] = 1; named[members[i]] = 1 }
}
part == "passwd" && NF >= 7 && !($1 in seen) {
  seen[$1] = 1
  login = usable($7)
  if (login && !($7 in shell_seen)) { shell_seen[$7] = 1; print "shell\t" ($7 == "" ? "/bin/sh" : $7) }
  if (!login && !($1 in user_selector) && !($1 in named) && !(($4 + 0) in gid_wanted)) next
  if ($1 ~ /[\001-\037\177]/ || $7 ~ /[\001-\037\177]/) { failed = "an account has control characters in its name or shell"; next }
  matched = 0
  for (i = 0; i < owners; i++) owned[i] = 0
  if ($1 in user_selector) matches(user_selector[$1])
  for (i = 1; i <= groups; i++) {
    name = group_names[i]
    if ((name in gid_of) && (gid_of[name] == $4 + 0 || ((gid_of[name], $1) in member))) matches(group_selector[name])
  }
  key = ""
  for (i = 0; i < owners; i++) key = key owned[i]
  for (; matched > 0; matched--) of_class[key, matching[matched]] = 1
  rank = $1 ~ /[,]|^-/ ? 3 : !login ? 2 : ($1 in locked) ? 1 : 0
  add(key, $1, login, rank)
  if (login) add_login(key, $7, $1, $3, $4, $6, rank)
}
END {
  for (i = 1; i <= selectors; i++) {
    name = substr(wanted[i], index(wanted[i], ":") + 1)
    if (wanted[i] ~ /^user:/ ? !(name in seen) : !(name in gid_of)) print "missing\t" i
  }
  if (failed != "") { print "failed\t" failed; exit }
  if (count > 40) { print "failed\tmore than 40 classes of users (" count ")"; exit }
  for (key in best) logins += kinds[key]
  if (logins > 199) { print "failed\tmore than 199 login shells in the classes of users (" logins ")"; exit }
  for (key in best) {
    positions = ""
    for (i = 1; i <= selectors; i++) if ((key, i) in of_class) positions = positions (positions == "" ? "" : ",") i
    line = "class\t" positions "\t" size[key] "\t" (best_rank[key] < 3 ? best[key] : "")
    for (i = 1; i <= listed[key]; i++) line = line "\t" users[key, i]
    print line
    for (k = 1; k <= kinds[key] + 0; k++) {
      of = shells_of[key, k]
      line = "also"
      for (i = 1; i <= whos[of] + 0; i++) if (all_of[of, i] != first[of] && all_of[of, i] != last[of]) line = line "\t" all_of[of, i]
      if (line != "also") print line
      line = "login\t" shell_of[of] "\t" login_size[of] "\t" first[of] "\t" last[of]
      for (i = 1; i <= listed[of]; i++) line = line "\t" users[of, i]
      print line
      numbered[++number] = of
      best_of[number] = best[key]
    }
  }
  if (homes) print "homes"
  for (k = 1; k <= number; k++) {
    of = numbered[k]
    for (i = 1; i <= homes_of[of] + 0; i++) print "home\t" k "\t" best_of[k] "\t" home_of[of, i]
  }
}
'
