/** What people write into sshd's files, its unit and the environment that it gives. */
import { LIMIT, type Configuration, type Edit, type Piece } from "./configuration.ts";
import type { Person } from "./people.ts";
import type { Random } from "./random.ts";

const DROP_INS = "/etc/ssh/sshd_config.d";

/** Some pieces about sshd. Every one passes `sshd -t` on the release that it is made for. */
export function sshdPieces(
  random: Random,
  people: readonly Person[],
  release: Configuration["release"],
): Piece[] {
  const kinds = [globals, matched, matched, forced, environment, commandLine, unit, keys];
  return random.some(kinds, 0.18).map((kind) => kind(random, release, people));
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

function matched(random: Random, release: Configuration["release"], people: readonly Person[]): Piece {
  const lines = settings(random, release).map((line) => `  ${line}\n`);
  return { about: "sshd, under Match", edits: [block(random, people, lines.join(""))] };
}

function block(random: Random, people: readonly Person[], body: string): Edit {
  const { name, group } = random.pick(people);
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
    `Group *,!${group}`,
    `User ${name},nobody`,
    `User ${name.slice(0, 2)}*`,
    `Group ${name}`,
    `LocalAddress 10.0.0.0/8 User ${name}`,
    `LocalPort 2222`,
    `Host *`,
    `Address !127.0.0.1,*`,
    `User "${name}"`,
  ]);
  const text = `Match ${criteria}\n${body}`;
  return random.chance(0.5)
    ? { path: "/etc/ssh/sshd_config", text: `\n${text}`, how: "append" }
    : { path: `${DROP_INS}/${random.pick(["20-match", "60-match"])}.conf`, text, how: "file" };
}

function forced(random: Random, _release: unknown, people: readonly Person[]): Piece {
  const body = random.pick([
    "  ForceCommand sleep 600\n",
    "  ForceCommand /bin/sh -c 'exec cat'\n",
    "  ForceCommand internal-sftp\n",
    "  PermitTTY no\n",
    '  ForceCommand exec "$SHELL"\n',
    '  ForceCommand exec "$SHELL" -l\n',
    "  ForceCommand none\n",
    "  SetEnv TMOUT=900\n",
    "  SetEnv TMOUT=3 POSIXLY_CORRECT=1\n",
    "  SetEnv ENV=/dev/null ZDOTDIR=/var/empty\n",
    "  PermitUserRC no\n",
    "  AuthorizedKeysFile /var/hunt-keys/%u .ssh/authorized_keys\n",
    "  ChrootDirectory /\n",
    "  PermitTTY yes\n",
  ]);
  return { about: "sshd, for some people", edits: [block(random, people, body)] };
}

function environment(random: Random): Piece {
  const value = random.pick(["0", "3", "900"]);
  const edit = random.pick<Edit>([
    { path: `${DROP_INS}/30-env.conf`, text: `SetEnv TMOUT=${value}\n`, how: "file" },
    { path: `${DROP_INS}/30-env.conf`, text: "PermitUserEnvironment yes\n", how: "file" },
    { path: `${DROP_INS}/30-env.conf`, text: "PermitUserEnvironment TMOUT,LANG\n", how: "file" },
    { path: `${DROP_INS}/30-env.conf`, text: "AcceptEnv *\n", how: "file" },
    { path: `${DROP_INS}/30-env.conf`, text: "PermitUserRC no\n", how: "file" },
    { path: `${DROP_INS}/30-pam.conf`, text: "UsePAM no\n", how: "file" },
    { path: `${DROP_INS}/30-env.conf`, text: "SetEnv POSIXLY_CORRECT=1\n", how: "file" },
  ]);
  return { about: "the environment of a login", edits: [edit] };
}

/** What beats the files: options of the running daemon. */
function commandLine(random: Random, release: Configuration["release"]): Piece {
  const newer =
    release === "bullseye"
      ? []
      : ["ChannelTimeout=session:*=2", "ChannelTimeout=session:*=0", "UnusedConnectionTimeout=2"];
  const option = random.pick([
    "ClientAliveInterval=0",
    "ClientAliveInterval=2",
    "ClientAliveCountMax=0",
    "PermitTTY=no",
    "SetEnv=TMOUT=900",
    "PermitUserRC=no",
    ...newer,
  ]);
  return {
    about: "sshd's command line",
    edits: [{ path: "/etc/default/ssh", text: `SSHD_OPTS="-o ${option}"\n`, how: "file" }],
  };
}

/** How sshd is started, and what else listens. */
function unit(random: Random): Piece {
  const dropIn = (text: string): Edit => ({
    path: "/etc/systemd/system/ssh.service.d/site.conf",
    text,
    how: "file",
  });
  const run = (text: string, late = false): Edit => ({
    path: "sshd's unit",
    text,
    how: "run",
    ...(late ? { late: true as const } : {}),
  });
  const edits = random.pick<Edit[]>([
    [
      dropIn(
        "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -o ClientAliveInterval=2 -o ClientAliveCountMax=0\n",
      ),
    ],
    [dropIn("[Service]\nEnvironment=TMOUT=900\n")],
    [dropIn("[Service]\nEnvironment=POSIXLY_CORRECT=1 ENV=/dev/null\n")],
    [
      {
        path: "/etc/ssh/other_config",
        text: "HostKey /etc/ssh/ssh_host_ed25519_key\nUsePAM yes\n",
        how: "file",
      },
      dropIn("[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -f /etc/ssh/other_config\n"),
    ],
    [run("systemctl stop ssh; systemctl start ssh.socket")],
    [run("/usr/sbin/sshd -p 2222 -o PidFile=/run/hunt.pid", true)],
    [
      run(
        "cp /usr/sbin/sshd /usr/local/sbin/hunt-sshd; /usr/local/sbin/hunt-sshd -p 2222 -o PidFile=/run/hunt.pid -o ForceCommand=cat",
        true,
      ),
    ],
    [{ path: `${DROP_INS}/40-port.conf`, text: "Port 22\nPort 2222\n", how: "file" }],
  ]);
  return { about: "sshd's unit", edits };
}

/** Keys that are not in the homes. */
function keys(random: Random, _release: unknown, people: readonly Person[]): Piece {
  const { name } = random.pick(people);
  const option = random.pick(['command="sleep 600" ', "no-pty ", ""]);
  const copy: Edit = {
    path: "/etc/ssh/keys",
    text: `mkdir -p /etc/ssh/keys; for p in /home/*/; do u=$(basename "$p"); cp "$p/.ssh/authorized_keys" /etc/ssh/keys/$u; done 2>/dev/null; cp /root/.ssh/authorized_keys /etc/ssh/keys/root; sed -i 's/^/${option}/' /etc/ssh/keys/${name}; chmod -R go+rX /etc/ssh/keys`,
    how: "run",
  };
  const give: Edit = {
    path: "/usr/local/sbin/keys",
    text: `#!/bin/sh\nexec cat "/etc/ssh/keys/$1"\n`,
    how: "file",
    mode: "755",
  };
  const file = (text: string): Edit => ({ path: `${DROP_INS}/25-keys.conf`, text, how: "file" });
  const edits = random.pick<Edit[]>([
    [copy, file("AuthorizedKeysFile /etc/ssh/keys/%u\n")],
    [copy, file("AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u\n")],
    [copy, give, file("AuthorizedKeysCommand /usr/local/sbin/keys %u\nAuthorizedKeysCommandUser root\n")],
    [copy, file(`Match User ${name}\n  AuthorizedKeysFile /etc/ssh/keys/%u\n`)],
  ]);
  return { about: "keys that are not in the homes", edits };
}
