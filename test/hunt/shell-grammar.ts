/** What people write into the files that shells read: the system's and their own. */
import { LIMIT, PEOPLE, type Edit, type Piece } from "./configuration.ts";
import type { Random } from "./random.ts";

/** Some pieces about shells. None keeps anybody from logging in. */
export function shellPieces(random: Random): Piece[] {
  const kinds = [timeout, timeout, timeout, reader, modes, own, own, odd];
  return random.some(kinds, 0.3).map((kind) => kind(random));
}

function someValue(random: Random): string {
  return random.pick(["0", "2", "3", "3", String(LIMIT), "30", "900"]);
}

const FORMS: readonly ((value: string) => string)[] = [
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

const OWN_FILES = [
  ".profile",
  ".bash_profile",
  ".bashrc",
  ".bash_login",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".kshrc",
  ".mkshrc",
  ".tcshrc",
  ".login",
] as const;

function own(random: Random): Piece {
  const { name } = random.pick(PEOPLE);
  const file = random.pick(OWN_FILES);
  const csh = file === ".tcshrc" || file === ".login";
  const text = csh
    ? random.pick(["unset autologout\n", "set autologout=1\n", "exec bash --norc\n"])
    : random.pick([
        `TMOUT=${someValue(random)}\n`,
        "unset TMOUT\n",
        "exec dash\n",
        "exec env -u TMOUT bash --norc\n",
        "bash\n",
        "TRAPALRM() { : }\n",
        "PROMPT_COMMAND='TMOUT=0'\n",
        "return\n",
        "trap 'sleep 600' EXIT\n",
        "PS1='$((TMOUT=900)) '\n",
        "trap 'TMOUT=0' DEBUG\n",
        "set +o errexit\n",
        "exec tmux\n",
      ]);
  const how = random.pick(["append", "prepend", "file"] as const);
  return { about: `${name}'s ${file}`, edits: [{ path: `/home/${name}/${file}`, text, how, owner: name }] };
}

function odd(random: Random): Piece {
  const { name } = random.pick(PEOPLE);
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
    [{ path: "/etc/bash.bashrc", text: "return 0\n", how: "prepend" }],
    [
      {
        path: `/home/${name}/${random.pick([".bash_logout", ".zlogout", ".logout"])}`,
        text: random.pick(["clear\n", "sleep 600\n", "exec dash\n", "cat\n", '[ "$SHLVL" = 1 ] && clear\n']),
        how: "file",
        owner: name,
      },
    ],
    [
      {
        path: random.pick(["/etc/profile.d/30-leave.sh", "/etc/bash.bashrc", "/etc/zsh/zshrc"]),
        text: random.pick(["trap 'sleep 600' EXIT\n", "trap 'exec dash' 0\n", "trap ':' EXIT\n"]),
        how: "append",
      },
    ],
    [{ path: "/etc/bash.bash_logout", text: random.pick(["sleep 600\n", "clear\n"]), how: "file" }],
    [{ path: "/etc/profile.d/10-noise.sh", text: "echo TMOUT=3\n", how: "file" }],
    [{ path: "/etc/profile.d/05-dash.sh", text: "case $- in *i*) exec dash ;; esac\n", how: "file" }],
  ]);
  return { about: "something odd", edits };
}
