/** What people write into sshd's files, its unit and the environment that it gives. */
import { LIMIT, PEOPLE, type Configuration, type Edit, type Piece } from "./configuration.ts";
import type { Random } from "./random.ts";

const DROP_INS = "/etc/ssh/sshd_config.d";

/** Some pieces about sshd. Every one passes `sshd -t` on the release that it is made for. */
export function sshdPieces(random: Random, release: Configuration["release"]): Piece[] {
  const kinds = [globals, matched, forced, environment, commandLine, conditional];
  return random.some(kinds, 0.3).map((kind) => kind(random, release));
}

function seconds(random: Random): number {
  return random.pick([0, 2, 3, LIMIT, 30]);
}

function settings(random: Random, release: Configuration["release"]): string[] {
  const alive = [
    `ClientAliveInterval ${seconds(random)}`,
    ...random.some([`ClientAliveCountMax ${random.pick([0, 0, 1, 3])}`], 0.8),
  ];
  if (release === "bullseye") return alive;
  const type = random.pick([
    "session",
    "session:*",
    "*",
    "session:shell",
    "direct-tcpip",
    "agent-connection",
  ]);
  const all = [
    `ChannelTimeout ${type}=${seconds(random)}`,
    `UnusedConnectionTimeout ${random.pick(["none", String(seconds(random))])}`,
  ];
  return random.some([...alive, ...all], 0.5);
}

function globals(random: Random, release: Configuration["release"]): Piece {
  const text = `${settings(random, release).join("\n")}\n`;
  return { about: "sshd, for all", edits: [place(random, text)] };
}

function place(random: Random, text: string): Edit {
  const name = random.pick(["10-site", "50-cloud-init", "99-last"]);
  return random.chance(0.4)
    ? { path: "/etc/ssh/sshd_config", text: `\n${text}`, how: "prepend" }
    : { path: `${DROP_INS}/${name}.conf`, text, how: "file", mode: random.pick(["644", "600"]) };
}

function matched(random: Random, release: Configuration["release"]): Piece {
  const lines = settings(random, release).map((line) => `  ${line}\n`);
  return { about: "sshd, under Match", edits: [block(random, lines.join(""))] };
}

function block(random: Random, body: string): Edit {
  const { name, group } = random.pick(PEOPLE);
  const criteria = random.pick([
    `User ${name}`,
    `Group ${group}`,
    "Group pair,zshers",
    "User *,!root",
    "Address 10.77.0.1",
    "Address 10.0.0.0/8",
    "Address 127.0.0.1",
    "LocalPort 22",
    "all",
    `Group ${group} Address 10.77.0.0/16`,
  ]);
  const text = `Match ${criteria}\n${body}`;
  return random.chance(0.5)
    ? { path: "/etc/ssh/sshd_config", text: `\n${text}`, how: "append" }
    : { path: `${DROP_INS}/${random.pick(["20-match", "60-match"])}.conf`, text, how: "file" };
}

function forced(random: Random): Piece {
  const body = random.pick([
    "  ForceCommand sleep 600\n",
    "  ForceCommand /bin/sh -c 'exec cat'\n",
    "  ForceCommand internal-sftp\n",
    "  PermitTTY no\n",
    '  ForceCommand exec "$SHELL"\n',
  ]);
  return { about: "sshd, a command instead of the shell", edits: [block(random, body)] };
}

function environment(random: Random): Piece {
  const value = random.pick(["0", "3", "900"]);
  const edit = random.pick<Edit>([
    { path: `${DROP_INS}/30-env.conf`, text: `SetEnv TMOUT=${value}\n`, how: "file" },
    { path: "/etc/environment", text: `TMOUT=${value}\n`, how: "append" },
    { path: "/etc/environment", text: "POSIXLY_CORRECT=1\n", how: "append" },
    { path: "/etc/environment", text: "ZDOTDIR=/var/empty\n", how: "append" },
    { path: "/etc/environment", text: "BASH_ENV=/etc/profile\n", how: "append" },
    { path: "/etc/security/pam_env.conf", text: `TMOUT DEFAULT=${value}\n`, how: "append" },
    { path: `${DROP_INS}/30-pam.conf`, text: "UsePAM no\n", how: "file" },
  ]);
  return { about: "the environment of a login", edits: [edit] };
}

function commandLine(random: Random): Piece {
  const option = random.pick(["ClientAliveInterval=0", "ClientAliveInterval=2", "ClientAliveCountMax=0"]);
  return {
    about: "sshd's command line",
    edits: [{ path: "/etc/default/ssh", text: `SSHD_OPTS="-o ${option}"\n`, how: "file" }],
  };
}

function conditional(random: Random): Piece {
  const { name } = random.pick(PEOPLE);
  const edit = random.pick<Edit>([
    { path: `/home/${name}/.ssh/rc`, text: "exec sleep 600\n", how: "file", owner: name },
    { path: `/home/${name}/.hushlogin`, text: "", how: "file", owner: name },
    {
      path: `/home/${name}/.ssh/authorized_keys`,
      text: random.pick([
        'command="sleep 600" ',
        'command="exec bash --norc" ',
        "no-pty ",
        "restrict,pty ",
        'environment="TMOUT=900" ',
      ]),
      how: "prepend",
    },
  ]);
  return { about: `${name}'s own way in`, edits: [edit] };
}
