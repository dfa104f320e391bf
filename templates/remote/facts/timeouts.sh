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
  [ $# -eq 0 ] || within awk "$assignments" "$@"
  [ $# -eq 0 ] || limit_files=$limit_files$(within grep -lE 'TMOUT|autologout' "$@" /dev/null | sed "s/^/0$tab-$tab/")$newline
}

# Blocks of curfew count as its own only when they are closed. A line that not everybody reaches, in a branch or
# after a way out that is not about interactive shells, is shown indented, as people write it: that makes it a
# condition. A word too many counted as a branch makes a doubt, never a certainty. Where the branch asks for what
# another login has otherwise (an address, a home, a terminal), its condition stands before the line.
# shellcheck disable=SC2016 # an awk program
assignments='
function show(text) {
  gsub(/[\001-\037\177]/, " ", text)
  return FILENAME "\t" FNR "\t" substr((inside ? " " : "") depends text, 1, 200)
}
function look_at_condition(text, depth_before,   asked) {
  asked = text
  # Whether somebody comes through SSH at all, all do.
  gsub(/-[nz][ \t]+"?[$][{]?SSH_(CONNECTION|CLIENT)[}]?"?/, "", asked)
  if (depends != "" && depth <= depth_there && !left_there) depends = ""
  if (depends != "" || asked !~ /SSH_(CONNECTION|CLIENT)|REMOTEHOST|HOME|~[\/a-z]|DISPLAY|XDG_SESSION|[$][{]?(TERM|LANG|LC_)|PPID|(^|[^A-Za-z0-9_.\/-])(ps|date|who|w|loginctl)[ \t)]/ || text ~ /TMOUT|autologout/) return
  if (depth <= depth_before && !left) return
  depends = text
  gsub(/^[ \t]+|[\001-\037\177]/, "", depends)
  depends = substr(depends, 1, 80) "; "
  depth_there = depth_before
  left_there = left
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
FNR == 1 { if (block) printf "%s", held; block = 0; held = ""; depth = 0; left = 0; depends = ""; left_there = 0 }
{ inside = depth > 0 || left; depth_now = depth }
!/^[ \t]*#/ { follow($0); look_at_condition($0, depth_now) }
/^# BEGIN curfew/ { if (block) printf "%s", held; block = 1; held = ""; next }
/^# END curfew/ { block = 0; held = ""; next }
!/TMOUT|autologout/ { next }
{
  text = $0
  sub(/^[ \t]*#.*/, "", text)
  sub(/[ \t;]#.*/, "", text)
}
text ~ /(^|[^A-Za-z0-9_$])TMOUT\+?=/ || text ~ /\$\{TMOUT:?=/ || text ~ /^[ \t]*TMOUT[ \t]+(DEFAULT|OVERRIDE)=/ ||
text ~ /(^|[^A-Za-z0-9_])(readonly|declare|typeset|export|unset|setenv)[ \t]([^;&|]*[ \t])?TMOUT([^A-Za-z0-9_]|$)/ ||
text ~ /(^|[^A-Za-z0-9_])(set|unset)[ \t]([^;&|]*[ \t])?autologout([^A-Za-z0-9_]|$)/ {
  if (block) held = held show($0) "\n"; else print show($0)
}
END { if (block) printf "%s", held }
'
