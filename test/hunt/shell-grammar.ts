/** What people write into the files that everybody's shells read. */
import { LIMIT, type Edit, type Piece } from "./configuration.ts";
import type { Random } from "./random.ts";

/** Some pieces about shells. None keeps anybody from logging in. */
export function shellPieces(random: Random): Piece[] {
  const kinds = [timeout, timeout, timeout, reader, modes, odd, odd, elsewhere];
  return random.some(kinds, 0.2).map((kind) => kind(random));
}

export function someValue(random: Random): string {
  return random.pick(["0", "2", "3", "3", String(LIMIT), "30", "900"]);
}

export const FORMS: readonly ((value: string) => string)[] = [
  (value) => `TMOUT=${value}\n`,
  (value) => `TMOUT=${value}\nreadonly TMOUT\nexport TMOUT\n`,
  (value) => `readonly TMOUT=${value}\n`,
  (value) => `export readonly TMOUT=${value}\n`,
  (value) => `TMOUT=${value}; readonly HISTFILE\n`,
  (value) => `typeset -xr TMOUT=${value}\n`,
  (value) => `declare -xr TMOUT=${value}\n`,
  (value) => `export TMOUT=${value}\n`,
  (value) => `eval "TMOUT=${value}"\n`,
  (value) => `: "\${TMOUT:=${value}}"\n`,
  (value) => `[ -n "$TMOUT" ] || TMOUT=${value}\n`,
  (value) => `if [ "$(id -u)" -ne 0 ]; then\n  TMOUT=${value}\nfi\n`,
  (value) => `[ "$(id -un)" = ann ] && TMOUT=${value}\n`,
  (value) => `case $- in *i*) TMOUT=${value} ;; esac\n`,
  (value) => `if [ -n "$BASH_VERSION" ]; then TMOUT=${value}; fi\n`,
  (value) => `f() { TMOUT=${value}; }; f\n`,
  (value) => `for t in ${value} ; do TMOUT=$t; done\n`,
  (value) => `if [ -n "$SSH_CONNECTION" ]; then TMOUT=${value}; readonly TMOUT; fi\n`,
  (value) => `if [ -n "$BASH_VERSION" ]; then eval '((TMOUT=${value}))'; fi\n`,
  (value) => `if [ -n "$BASH_VERSION" ]; then printf -v TMOUT %s ${value}; fi\n`,
  (value) => `unset TMOUT\n`.replace("unset", value === "0" ? "unset" : `TMOUT=${value}; :`),
  (value) => `(TMOUT=${value})\n`,
  (value) => `TMOUT=${value} :\n`,
  (value) => `cat <<END >/dev/null\nTMOUT=${value}\nEND\n`,
  (value) => `case $TERM in xterm*) TMOUT=${value} ;; esac\n`,
  (value) => `if [ -t 0 ] && [ -z "$TMUX" ]; then TMOUT=${value}; fi\n`,
  (value) => `while :; do TMOUT=${value}; break; done\n`,
  (value) => `umask 022; test -r /etc/shadow || TMOUT=${value}\n`,
  (value) => `export TMOUT=$((${value} / 1))\n`,
  (value) => `TMOUT="${value}" ; typeset -r TMOUT\n`,
  (value) => `set -- ${value}; TMOUT=$1; readonly TMOUT\n`,
  (value) => `[ "$(id -gn)" = ann ] || readonly TMOUT=${value}\n`,
  (value) => `if id -nG | grep -qw pair; then TMOUT=0; else TMOUT=${value}; fi\n`,
  (value) => `if [ "$SHELL" = /bin/bash ]; then readonly TMOUT=${value}; fi\n`,
  (value) => `if [ "\${SSH_CONNECTION#10.}" = "$SSH_CONNECTION" ]; then TMOUT=900; else TMOUT=${value}; fi\n`,
  (value) => `[ -e ~/.hushlogin ] || TMOUT=${value}\n`,
  (value) => `[ -f "$HOME/.keep" ] || { TMOUT=${value}; readonly TMOUT; }\n`,
  (value) => `case $SSH_CONNECTION in 10.*) TMOUT=900 ;; *) TMOUT=${value} ;; esac\n`,
  (value) => `TMOUT=${value}.5\n`,
  (value) => `TMOUT=-${value}\n`,
  (value) => `TMOUT=+${value}\n`,
  (value) => `TMOUT=0${value}\n`,
  (value) => `TMOUT=' ${value}'\n`,
  (value) => `TMOUT=${value}s\n`,
  (value) => `declare -i TMOUT=${value} 2>/dev/null\n`,
  (value) => `declare -g TMOUT=${value} 2>/dev/null\n`,
  (value) => `alias TMOUT=${value}; TMOUT=${value}\n`,
];

function timeout(random: Random): Piece {
  const text = random.pick(FORMS)(someValue(random));
  const edit = random.pick<Edit>([
    {
      path: "/etc/profile.d/20-limit.sh",
      text,
      how: "file",
      mode: random.pick(["644", "644", "600", "755"]),
    },
    { path: "/etc/profile.d/zz-limit.sh", text, how: "file" },
    { path: "/etc/profile", text, how: "append" },
    { path: "/etc/profile", text, how: "prepend" },
    { path: "/etc/bash.bashrc", text, how: "append" },
    { path: "/etc/bash.bashrc", text, how: "prepend" },
    { path: "/etc/zsh/zshrc", text, how: "append" },
    { path: "/etc/zsh/zshenv", text, how: "append" },
    { path: "/etc/zsh/zprofile", text, how: "append" },
    { path: "/etc/ksh.kshrc", text, how: "append" },
    { path: "/etc/mkshrc", text, how: "append" },
    { path: "/etc/profile.d/limit", text, how: "file" },
    { path: "/etc/profile.d/00-before.sh", text, how: "file" },
    { path: "/etc/zsh/zlogin", text, how: "append" },
    { path: "/etc/bash.bashrc.local", text, how: "file" },
    { path: "/etc/profile.d/sub/limit.sh", text, how: "file" },
    { path: "/etc/csh.cshrc", text: `set autologout=${random.pick(["1", "15", "0"])}\n`, how: "append" },
  ]);
  return { about: "a TMOUT of the system's files", edits: [edit] };
}

/** /etc/profile as other systems have it: how it comes to read profile.d, or does not. */
function reader(random: Random): Piece {
  const loop = (test: string): string =>
    `for i in /etc/profile.d/*.sh; do\n  if [ ${test} "$i" ]; then\n    . "$i"\n  fi\ndone\n`;
  const text = random.pick([
    loop("-r"),
    loop("-x"),
    `# profile.d is read by /etc/profile.d/README\n`,
    `[ -z "$PS1" ] && return\n${loop("-r")}`,
    `if [ "$(id -u)" -ge 1000 ]; then return; fi\n${loop("-r")}`,
    `umask 027\n${loop("-r")}`,
    `case "$0" in -*) ${loop("-r").replaceAll("\n", "; ").replaceAll("do; ", "do ").replaceAll("then; ", "then ")} ;; esac\n`,
    `test -d /etc/profile.d && exit_profile=1\n`,
  ]);
  return { about: "how /etc/profile reads profile.d", edits: [{ path: "/etc/profile", text, how: "file" }] };
}

function modes(random: Random): Piece {
  const path = random.pick(["/etc/profile", "/etc/profile.d", "/etc/bash.bashrc", "/etc/zsh/zshrc"]);
  const edit: Edit = { path, text: "", how: "mode", mode: path.endsWith(".d") ? "700" : "600" };
  return { about: `${path} is root's alone`, edits: [edit] };
}

/** Something that comes in from another place. */
function elsewhere(random: Random): Piece {
  const text = random.pick(FORMS)(someValue(random));
  const path = random.pick(["/usr/local/hunt/limits", "/opt/site/shell.sh", "/etc/site/profile"]);
  const how = random.pick([
    `. ${path}\n`,
    `[ -r ${path} ] && . ${path}\n`,
    `source ${path}\n`,
    `eval "$(cat ${path})"\n`,
  ]);
  const into = random.pick([
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/profile.d/50-site.sh",
    "/etc/zsh/zshrc",
  ]);
  return {
    about: "shell files that read another one",
    edits: [
      { path, text, how: "file", mode: random.pick(["644", "644", "600"]) },
      { path: into, text: how, how: "append" },
    ],
  };
}

const TMUX = [
  `if [ "$PS1" ]; then
  parent=$(ps -o ppid= -p $$)
  name=$(ps -o comm= -p $parent)
  case "$name" in sshd*|login*) exec tmux ;; esac
fi
`,
  '[ -n "$PS1" ] && [ -z "$TMUX" ] && exec tmux new-session -A -s main\n',
  'case $- in *i*) [ -n "$TMUX" ] || tmux ;; esac\n',
];

/** What a line at the end of, or above, everybody's files does besides setting a limit. */
const LINES = [
  "trap 'sleep 600' EXIT\n",
  "trap 'exec dash' 0\n",
  "trap ':' EXIT\n",
  "trap '' ALRM\n",
  "trap '' HUP\n",
  "trap 'TMOUT=0' DEBUG\n",
  "PROMPT_COMMAND='TMOUT=0'\n",
  "PROMPT_COMMAND='TMOUT=900; history -a'\n",
  "PROMPT_COMMAND='history -a'\n",
  "precmd() { TMOUT=0; }\n",
  "TRAPALRM() { :; }\n",
  "[ -r ~/.site ] && . ~/.site\n",
  'for f in "$HOME"/.rc.d/*; do [ -r "$f" ] && . "$f"; done\n',
  "set -u\n",
  "set -e\n",
  "set -o vi\n",
  "set -T\n",
  "case $- in *i*) exec bash --norc --noprofile ;; esac\n",
  'case $- in *i*) [ -n "$AGAIN" ] || { export AGAIN=1; exec bash; } ;; esac\n',
  'case $- in *i*) [ -n "$AGAIN" ] || { export AGAIN=1; bash; } ;; esac\n',
  "case $- in *i*) sleep 600 & ;; esac\n",
  "case $- in *i*) read -t 1 answer ;; esac\n",
  "case $- in *i*) cat ;; esac\n",
  "stty -echo 2>/dev/null\n",
  "alias exit=:\n",
  "unset() { :; }\n",
  "export POSIXLY_CORRECT=1\n",
  '[ "$(id -u)" -ge 1000 ] || return 0\n',
  "return 0\n",
  "exit() { command sleep 600; }\n",
  ...TMUX,
];

function odd(random: Random): Piece {
  const edits = random.pick<readonly Edit[]>([
    [
      {
        path: "/usr/local/bin/bash",
        text: "#!/bin/sh\nexec /bin/bash --norc --noprofile -i\n",
        how: "file",
        mode: "755",
      },
    ],
    [{ path: "/etc/zsh/zshenv", text: "unsetopt GLOBAL_RCS\n", how: "append" }],
    [
      {
        path: random.pick([
          "/etc/profile.d/30-site.sh",
          "/etc/profile.d/zz-site.sh",
          "/etc/profile",
          "/etc/bash.bashrc",
          "/etc/zsh/zshrc",
          "/etc/zsh/zlogin",
          "/etc/mkshrc",
        ]),
        text: random.pick(LINES),
        how: random.pick(["append", "append", "prepend"]),
      },
    ],
    [
      {
        path: random.pick(["/etc/bash.bash_logout", "/etc/zsh/zlogout", "/etc/csh.logout"]),
        text: random.pick(["sleep 600\n", "clear\n", "exec dash\n"]),
        how: "file",
      },
    ],
    [{ path: "/etc/profile.d/10-noise.sh", text: "echo TMOUT=3\n", how: "file" }],
    [{ path: "/etc/profile.d/05-dash.sh", text: "case $- in *i*) exec dash ;; esac\n", how: "file" }],
    [
      {
        path: "/etc/csh.login",
        text: random.pick(["unset autologout\n", "set -r autologout=0\n", "exec /bin/sh\n"]),
        how: "append",
      },
    ],
    [{ path: "/etc/inputrc", text: "set editing-mode vi\n", how: "append" }],
    [
      {
        path: "/etc/profile.d/00-00-first.sh",
        text: random.pick(["readonly TMOUT=0\n", "readonly TMOUT=900\n", "readonly TMOUT=3\n"]),
        how: "file",
      },
    ],
    [{ path: "/etc/bash.bashrc", text: "readonly TMOUT=0\n", how: "prepend" }],
  ]);
  return { about: "something odd", edits };
}
