part_service() {
  if [ -d /run/systemd/system ]; then systemd; fi
  [ ! -f /etc/curfew/watchdog.sh ] || watchdog_word
  scripts=''
  for script in ssh sshd; do
    # Of two the one that OpenRC has started.
    if [ -e "/run/openrc/started/$script" ]; then scripts="$script $scripts"
    elif [ -x "/etc/init.d/$script" ]; then scripts="$scripts $script"
    fi
  done
  section init "$(if [ -e /run/openrc/softlevel ]; then echo openrc; fi)" "$scripts" "$(supervised)" "$(boot_scripts)"
  [ "$init" = systemd ] || [ ! -d /etc/cron.d ] || cron_daemons
}

# Where runit keeps the service whose process the listener is: runsv(8) works in its directory.
supervised() {
  case ${listener:-several} in several) return ;; esac
  parent_of "$listener" || return 0
  [ "$name" != runsv ] || readlink "/proc/$parent/cwd" 2>/dev/null
}

# Whose scripts the next boot runs: those of sysvinit's run levels, which Debian's runit runs as well, or, as on Void,
# those of runit's first stage.
boot_scripts() {
  case $init in
    init)
      level=$(sed -n 's/^[^#:]*:\([2-5]\):initdefault:.*/\1/p' /etc/inittab 2>/dev/null | head -n 1)
      [ -d "/etc/rc${level:-none}.d" ] && grep -q "^[^#:]*:[0-9]*${level}[0-9]*:[a-z]*:.*/rc $level" /etc/inittab && echo rc ;;
    runit)
      if grep -q '^[^#]*/etc/runit/core-services/' /etc/runit/1 && [ -d /etc/runit/core-services ]; then echo runit
      elif grep -q '^[^#]*/etc/rc2[.]d' /etc/runit/2 && [ -d /etc/rc2.d ]; then echo rc
      fi ;;
  esac 2>/dev/null
}

systemd() {
  section systemd
  systemctl --version 2>&1
  section units
  set -- ssh.service sshd.service ssh.socket sshd.socket systemd-logind.service curfew-watchdog.timer
  own_unit=$(listener_unit)
  case " $* " in
    *" ${own_unit:-ssh.service} "*) ;;
    *) set -- "$@" "$own_unit" ;;
  esac
  within systemctl show --no-pager -p Id,LoadState,ActiveState,MainPID,Accept "$@" 2>&1
  [ ! -f /etc/systemd/system/curfew-watchdog.timer ] || watchdog_run
  section idle-stop
  within busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
    org.freedesktop.login1.Manager StopIdleSessionUSec 2>&1
  # Whether this very login is a session of logind's: without pam_systemd none is.
  first_process || return 0
  section logind-session "$(awk "$pam_stack$pam_before_logind" /dev/null)"
  within busctl call org.freedesktop.login1 /org/freedesktop/login1 \
    org.freedesktop.login1.Manager GetSessionByPID u "$first" 2>&1 |
    sed 's|/session/.*|/session/"|'
}

# The first line of sshd's PAM stack because of which some people may not come to pam_systemd, which tells logind of a
# session: it stands before that one, may skip lines, and its module may not answer the same for all.
# shellcheck disable=SC2016 # an awk program
pam_before_logind='
BEGIN { stack("sshd", "^-?session$"); if (reached) printf "%s", choosing }
function module(path, line, word, n) {
  if (reached) return
  if (line ~ /pam_systemd\.so/) reached = 1
  else if (choosing == "" && line !~ /pam_(permit|deny|unix|env|limits|umask|loginuid|keyinit|motd|mail|lastlog|selinux|namespace)\.so/ && line ~ /\[[^]]*=([0-9]|done|die)|[ \t](sufficient|requisite)[ \t]/) {
    gsub(/[[:cntrl:]]/, " ", line)
    choosing = path ": " substr(line, 1, 150)
  }
}
'

# What the service manager makes of the timer in the end, and when it last ran.
watchdog_run() {
  section watchdog "$(date +%s)"
  within env TZ=UTC0 systemctl show --no-pager -p Id,TimersMonotonic,TimersCalendar,AccuracyUSec,RandomizedDelayUSec,LastTriggerUSec,ActiveEnterTimestamp,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic \
    -p Unit,LoadState,Result,ConditionResult,ConditionTimestampMonotonic,ExecStart,User,DynamicUser,RootDirectory,CapabilityBoundingSet,PrivateUsers,PrivatePIDs,ProcSubset \
    curfew-watchdog.timer curfew-watchdog.service 2>&1
}

# When the watchdog last looked, in seconds of the uptime, and what it said then; or since when it is to look.
watchdog_word() {
  ran='' pace='' came='' begun=''
  { read -r ran pace came < /run/curfew-watchdog/last; } 2>/dev/null
  { read -r begun < /run/curfew-watchdog/begun; } 2>/dev/null
  read -r up rest < /proc/uptime
  case $ran$begun$came in *[[:cntrl:]]*) ran='' begun='' came='' ;; esac
  section watchdog-word "${up%%.*}" "$ran" "$begun" "$came"
  : "$pace" "$rest"
}

# A running cron that reads /etc/cron.d; busybox crond does not.
cron_daemons() {
  section cron
  set +f
  set -- /proc/[0-9]*
  set -f
  for process in "$@"; do
    name=''
    { read -r name < "$process/comm"; } 2>/dev/null
    case $name in cron | crond) ! ours "$process" || readlink "$process/exe" 2>/dev/null ;; esac
  done
}
