/** System-wide start-up files of shells that behave as those of other distributions do; none is a copy. */

/** Scripts of profile.d see whether the shell is interactive; what they print elsewhere is thrown away. */
const EACH_DROP_IN = `  if [ -r "$i" ]; then
    case $- in *i*) . "$i" ;; *) . "$i" >/dev/null ;; esac
  fi`;

export const RED_HAT_PROFILE = `umask 022
for i in /etc/profile.d/*.sh /etc/profile.d/sh.local; do
${EACH_DROP_IN}
done
unset i
if [ -n "\${BASH_VERSION-}" ] && [ -f /etc/bashrc ]; then . /etc/bashrc; fi
`;

/** Reached through a person's own ~/.bashrc only. */
export const RED_HAT_BASHRC = `if [ -z "$BASHRCSOURCED" ]; then
  BASHRCSOURCED=Y
  if ! shopt -q login_shell; then
    for i in /etc/profile.d/*.sh; do
${EACH_DROP_IN}
    done
    unset i
  fi
fi
`;

const READ_AS_KSH = (name: string, body: string): string => `${name}() {
  emulate -L ksh
  ${body}
}
${name}
unset -f ${name}
`;

export const RED_HAT_ZPROFILE = READ_AS_KSH(
  "_src_etc_profile",
  "if [ -f /etc/profile ]; then source /etc/profile; fi",
);
export const RED_HAT_ZSHRC = READ_AS_KSH(
  "_src_etc_profile_d",
  'if [[ ! -o login ]]; then for i in /etc/profile.d/*.sh; do [ -r "$i" ] && source "$i"; done; unset i; fi',
);

/** Names pass a filter of run-parts(8). */
export const UBUNTU_PROFILE = `if [ "$PS1" ] && [ "$BASH" ] && [ -f /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi
if [ -d /etc/profile.d ]; then
  for i in $(run-parts --list --regex '^[a-zA-Z0-9_][a-zA-Z0-9._-]*\\.sh$' /etc/profile.d); do
    if [ -r $i ]; then . $i; fi
  done
  unset i
fi
`;

/** profile.d once, since PROFILEREAD is exported and readonly; then the hook, and bash's own file. */
export const SUSE_PROFILE = `umask 022
if [ -z "$PROFILEREAD" ]; then
  readonly PROFILEREAD=true
  export PROFILEREAD
  for s in /usr/etc/profile.d/*.sh; do
    [ -r "$s" ] && [ ! -e "/etc/profile.d/\${s##*/}" ] && . "$s"
  done
  for s in /etc/profile.d/*.sh; do
    if [ -r "$s" ] && [ ! -k "$s" ]; then . "$s"; fi
  done
  unset s
fi
test -s /etc/profile.local && . /etc/profile.local
if [ -n "$BASH_VERSION" ] && [ -r /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi
`;

export const SUSE_BASHRC = `# Changes belong into /etc/bash.bashrc.local
case $- in *i*) ;; *) return ;; esac
HISTCONTROL=ignoreboth
test -s /etc/bash.bashrc.local && . /etc/bash.bashrc.local
LAST_OF_BASHRC=reached
`;

/** Whoever sets autologout before has it taken away; a readonly one ends this file there. */
export const SUSE_CSHRC = `if (! $?prompt) goto done
foreach s ( \`/bin/ls /etc/profile.d/ | /bin/grep 'csh$'\` )
  source /etc/profile.d/$s
end
unset autologout
set last_of_cshrc=reached
done:
if ( -r /etc/csh.cshrc.local ) source /etc/csh.cshrc.local
`;
