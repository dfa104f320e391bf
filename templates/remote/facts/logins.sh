# Runs each login shell as members of each class and has it say what its idle timeout is: ask-shells.sh.
part_logins() {
  section logins
  logins=$(printf '%s\n%s\n' "$set_by_sshd" "$people" | awk -F '\t' "$to_ask")
  if [ "$openssh" != yes ] || [ -z "$logins" ]; then return 0; fi
  apart='unshare --mount --pid --fork --mount-proc'
  alone=''
  $apart true 2>/dev/null || apart=''
  if [ -z "$apart" ]; then
    started=$(multiplexers)
    if [ -n "$started" ]; then
      printf '0\t-\tcannot\t%s may start a terminal multiplexer, which curfew cannot keep apart from those of others here\n' "$started"
      return 0
    fi
    alone=no
  fi
  environment=$(login_environment)
  server=$(server_name)
  bound=''
  [ -z "$kills" ] || bound='timeout -s KILL 60'
  # shellcheck disable=SC2086 # commands with their options, or nothing
  printf '%s\n%s\n' "$environment" "$logins" |
    $bound $apart env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c {{ask_shells}} curfew "$alone" "$server" 2>/dev/null | sort
  printf '%s\n' "$environment" | sed -n "s/^doubt$tab/0$tab-${tab}environment$tab/p"
}

multiplexers() {
  set +f
  # shellcheck disable=SC2046 # one name, or none
  set -- $(grep -lE 'tmux|screen|byobu|zellij|dtach|abduco' /etc/profile /etc/profile.d/* /etc/bash* /etc/zsh* \
    /etc/zsh/* /etc/csh* /etc/*ksh* 2>/dev/null | head -n 1)
  set -f
  printf '%s' "${1:-}"
}

# Lines for ask-shells.sh: two accounts for each class and shell, and as many of the others as there is room for, as files
# may go by a name, and others of the class may have other groups.
# shellcheck disable=SC2016 # an awk program
to_ask='
$1 == "setenv" { own[$2] = own[$2] "own\t" $3 "\n" }
$1 == "class" { representative = $4 }
$1 == "also" { for (i = 2; i <= NF; i++) more[login + 1, i - 1] = $i }
$1 == "login" {
  login++
  of_class[login] = representative
  shell[login] = $2
  before[login] = $5 != "" && $5 != $4 ? 2 : 1
  if ($4 == "" || asked >= 24) next
  ask(login, 1, "login", $4)
  ask(login, 1, "nested", $4)
  if ($5 != "" && $5 != $4) ask(login, 2, "login", $5)
}
END {
  for (turn = 1; turn <= 24; turn++)
    for (i = 1; i <= login; i++) {
      if (asked >= 24) exit
      if ((i, turn) in more) ask(i, before[i] + turn, "login", more[i, turn])
    }
}
function ask(at, account, mode, who,   part) {
  split(who, part, ":")
  printf "%s", own[of_class[at]]
  print "ask\t" at "." account "\t" mode "\t" part[1] "\t" part[2] "\t" part[3] "\t" shell[at]
  asked++
}
'

# What PAM puts into the environment of a login, as `env` lines. Only what changes which files a shell reads has to
# be right: where this very login says otherwise, a `doubt` line names it.
login_environment() {
  case $newline$base$newline in
    *"$newline"[Uu][Ss][Ee][Pp][Aa][Mm]' yes'"$newline"*) given=$(awk "$pam_stack$pam_environment" /dev/null) ;;
    *) given='' ;;
  esac
  [ -z "$given" ] || printf '%s\n' "$given"
  # Files may go by where somebody comes from.
  case $address in
    *' '*' '*' '*) printf 'env\tSSH_CONNECTION=%s\nenv\tSSH_CLIENT=%s\n' "$address" "${address% * *} ${address##* }" ;;
  esac
  first_process || return 0
  { tr '\000' '\n' < "/proc/$first/environ"; } 2>/dev/null | given=$given by_sshd=$set_by_sshd awk "$compare"
}

# What the process is called that starts a login's shell.
server_name() {
  if first_process; then printf '%s' "$name"; return; fi
  for directory in /usr/lib/openssh /usr/libexec/openssh /usr/libexec /usr/lib/ssh; do
    if [ -x "$directory/sshd-session" ]; then printf 'sshd-session'; return; fi
  done
  printf 'sshd'
}

# Sets `first` to the process that sshd started for this login.
first_process() {
  first=$$
  while parent_of "$first" && [ "$parent" -gt 1 ]; do
    case $name in sshd | sshd-session) return 0 ;; esac
    first=$parent
  done
  return 1
}

# shellcheck disable=SC2016 # an awk program
compare='
NR == 1 {
  split("TMOUT ENV BASH_ENV ZDOTDIR POSIXLY_CORRECT SHELLOPTS BASHOPTS", names, " ")
  n = split(ENVIRON["given"], lines, "\n")
  for (i = 1; i <= n; i++) if (sub(/^env\t/, "", lines[i])) want[key(lines[i])] = lines[i]
  # SetEnv is asked of sshd for each class, and wins.
  n = split(ENVIRON["by_sshd"], lines, "\n")
  for (i = 1; i <= n; i++) if (sub(/^setenv\t[^\t]*\t/, "", lines[i])) set[lines[i]] = 1
}
{ have[key($0)] = $0 }
END {
  for (i = 1; i in names; i++)
    if (want[names[i]] != have[names[i]] && !(have[names[i]] in set)) print "doubt\t" names[i]
}
function key(line) { sub(/=.*/, "", line); return line }
'

# Follows sshd's PAM stack and its includes in their order and calls module() for each line of a module. `only`: a pattern
# of the kinds of lines that are followed; empty for all.
# shellcheck disable=SC2016 # an awk program
pam_stack='
function stack(service, only,   path, line, word, n) {
  if (service in entered || service ~ /[^A-Za-z0-9._-]/) return
  entered[service] = 1
  path = "/etc/pam.d/" service
  if ((getline line < path) < 0) { path = "/usr/lib/pam.d/" service; if ((getline line < path) < 0) return }
  do {
    sub(/#.*/, "", line)
    n = split(line, word, /[ \t]+/)
    if (word[1] == "@include") stack(word[2], only)
    else if (only != "" && word[1] !~ only) continue
    else if (word[2] ~ /^(include|substack)$/) stack(word[3], only)
    else module(path, line, word, n)
  } while ((getline line < path) > 0)
  close(path)
}
'

# pam_env(8): its files in the order of that stack; later ones win.
# shellcheck disable=SC2016 # an awk program
pam_environment='
BEGIN { stack("sshd", "") }
function module(path, line, word, n,   i, conf, env) {
  if (line !~ /pam_env\.so/ || word[1] !~ /^-?(session|auth)$/) return
  conf = "/etc/security/pam_env.conf"
  env = "/etc/environment"
  for (i = 1; i <= n; i++) {
    if (word[i] ~ /^conffile=/) conf = substr(word[i], 10)
    if (word[i] ~ /^envfile=/) env = substr(word[i], 9)
    if (word[i] == "readenv=0") env = ""
  }
  rules(conf)
  if (env != "") assignments_in(env)
}
function assignments_in(path,   line) {
  while ((getline line < path) > 0) {
    sub(/^[ \t]*(export[ \t]+)?/, "", line)
    sub(/[ \t]*(#.*)?$/, "", line)
    if (line ~ /^[A-Za-z_][A-Za-z0-9_]*=/) say(line)
  }
  close(path)
}
function rules(path,   line, name, value) {
  while ((getline line < path) > 0) {
    if (line !~ /^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]+(DEFAULT|OVERRIDE)=/) continue
    sub(/^[ \t]*/, "", line)
    name = line
    sub(/[ \t].*/, "", name)
    value = line
    sub(/^[^=]*=/, "", value)
    sub(/[ \t]+OVERRIDE=.*/, "", value)
    # What is put together from other variables is not known here.
    if (value !~ /[$@]/) say(name "=" value)
  }
  close(path)
}
function say(line,   name, value) {
  name = substr(line, 1, index(line, "=") - 1)
  value = substr(line, index(line, "=") + 1)
  if (value ~ /^".*"$/ || value ~ /^\047.*\047$/) value = substr(value, 2, length(value) - 2)
  if (name !~ /^(HOME|USER|LOGNAME|SHELL|UID|EUID|GID|EGID|PPID|SHELLOPTS|BASHOPTS|IFS|_)$/ && name !~ /^(SSH|CURFEW)_/ && value !~ /[\001-\037\177]/)
    print "env\t" name "=" value
}
'
