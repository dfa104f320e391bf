/** What stands between sshd and a shell, for everybody: PAM and its environments, /etc/ssh/sshrc, accounts. */
import type { Edit, Piece } from "./configuration.ts";
import type { Person } from "./people.ts";
import type { Random } from "./random.ts";
import { FORMS, someValue } from "./shell-grammar.ts";

export function loginPieces(random: Random, people: readonly Person[]): Piece[] {
  return random.some([environment, pam, rc, account], 0.15).map((kind) => kind(random, people));
}

const NAMES = [
  "TMOUT=0",
  "TMOUT=3",
  "TMOUT=900",
  "POSIXLY_CORRECT=1",
  "ZDOTDIR=/var/empty",
  "BASH_ENV=/etc/profile",
  "ENV=/etc/mkshrc",
  "SHELLOPTS=posix",
  "TMOUT=",
  "autologout=1",
];

function environment(random: Random): Piece {
  const set = random.pick(NAMES);
  const [name = "", value = ""] = set.split("=");
  const edit = random.pick<Edit>([
    { path: "/etc/environment", text: `${set}\n`, how: "append" },
    { path: "/etc/environment", text: `export ${set}\n`, how: "append" },
    { path: "/etc/environment", text: `${name}="${value}" # site\n`, how: "append" },
    { path: "/etc/security/pam_env.conf", text: `${name} DEFAULT=${value}\n`, how: "append" },
    {
      path: "/etc/security/pam_env.conf",
      text: `${name}\tDEFAULT="${value}" OVERRIDE=@{HUNT}\n`,
      how: "append",
    },
    {
      path: "/etc/security/pam_env.conf",
      text: `HUNT DEFAULT=${value}\n${name} DEFAULT=\${HUNT}\n`,
      how: "append",
    },
    { path: "/etc/security/pam_env.conf", text: `${name} \\\n DEFAULT=${value}\n`, how: "append" },
    { path: "/etc/default/locale", text: `${set}\n`, how: "append" },
    { path: "/etc/environment.d/50-site.conf", text: `${set}\n`, how: "file" },
    { path: "/etc/default/login", text: `${set}\n`, how: "file" },
    { path: "/etc/login.defs", text: `ENV_TZ ${set}\n`, how: "append" },
  ]);
  return { about: "the environment that PAM gives", edits: [edit] };
}

function pam(random: Random): Piece {
  const set = random.pick(NAMES);
  const site: Edit = { path: "/etc/site.env", text: `${set}\n`, how: "file" };
  const line = (text: string): Edit => ({
    path: "/etc/pam.d/sshd",
    text: `${text}\n`,
    how: random.pick(["append", "prepend"]),
  });
  const edits = random.pick<Edit[]>([
    [site, line("session required pam_env.so envfile=/etc/site.env")],
    [site, line("session [default=ignore] pam_env.so readenv=1 envfile=/etc/site.env")],
    [site, line("auth required pam_env.so envfile=/etc/site.env")],
    [line("session required pam_env.so user_readenv=1")],
    [
      site,
      {
        path: "/etc/pam.d/common-session",
        text: "session optional pam_env.so envfile=/etc/site.env\n",
        how: "append",
      },
    ],
    [line("session optional pam_umask.so umask=077")],
    [line("session optional pam_exec.so /bin/true")],
    [{ path: "/etc/ssh/sshd_config", text: "UsePAM no\n", how: "prepend" }],
    [line("session optional pam_succeed_if.so user = ann"), site],
  ]);
  return { about: "PAM's files", edits };
}

function rc(random: Random): Piece {
  const text = random.pick([
    "sleep 600\n",
    "exec cat\n",
    "echo hello\n",
    "true\n",
    '[ "$USER" = ann ] && sleep 600\n',
    "if read proto cookie; then :; fi\n",
    "sleep 600 &\n",
  ]);
  const edits: Edit[] = [{ path: "/etc/ssh/sshrc", text, how: "file" }];
  return { about: "/etc/ssh/sshrc", edits };
}

function account(random: Random, people: readonly Person[]): Piece {
  const { name } = random.pick(people);
  const run = (text: string): Edit => ({ path: `the account ${name}`, text, how: "run" });
  const script = random.pick([
    `usermod -s /usr/bin/tmux ${name}`,
    `usermod -s /bin/sh ${name}`,
    `usermod -s /usr/bin/bash ${name}`,
    `usermod -s '' ${name}`,
    `usermod -s /bin/zsh ${name}`,
    `usermod -s /usr/sbin/nologin ${name}`,
    `usermod -s /bin/nowhere ${name}`,
    `usermod -L ${name}`,
    `usermod -d /var/empty ${name}`,
    `usermod -d /nowhere ${name}; mkdir -p /nowhere/.ssh; cp /home/${name}/.ssh/authorized_keys /nowhere/.ssh/; chown -R ${name}: /nowhere; printf 'exec dash\\n' > /nowhere/.profile`,
    `usermod -g root ${name}`,
    `usermod -c 'umask=077' ${name}`,
    `printf '#!/bin/sh\\nexec /bin/dash\\n' > /usr/local/bin/zsh; chmod 755 /usr/local/bin/zsh; usermod -s /usr/local/bin/zsh ${name}`,
    `printf '#!/bin/sh\\n${random.pick(FORMS)(someValue(random)).split("\n")[0]?.replaceAll("'", "") ?? ""}\\nexport TMOUT\\nexec /bin/bash "$@"\\n' > /usr/local/bin/ourshell; chmod 755 /usr/local/bin/ourshell; usermod -s /usr/local/bin/ourshell ${name}`,
  ]);
  return { about: "an account", edits: [run(script)] };
}
