/** What makes one host out of a shared image: names, keys, people, files; written before its first boot. */
import { randomBytes } from "node:crypto";

/** `sudo`: without a password, with the user's own, or not at all. `key`: log in with the lab's key (default). */
export interface UserSpec {
  readonly name: string;
  readonly groups?: readonly string[];
  /** a path, or a program's name such as "zsh"; default /bin/bash */
  readonly shell?: string;
  readonly uid?: number;
  readonly key?: boolean;
  readonly sudo?: "nopasswd" | "password" | "none";
  readonly password?: string;
}

export interface FileSpec {
  readonly content: string;
  /** default 0o644 */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Contents {
  readonly hostname: string;
  readonly address: string;
  readonly keyLine: string;
  readonly hostKeyKinds: readonly string[];
  readonly groups: readonly string[];
  readonly users: readonly UserSpec[];
  readonly files: Readonly<Record<string, string | FileSpec>>;
  readonly removeFiles: readonly string[];
}

/** A POSIX sh script, to be run as root with the host's root filesystem as `/`. */
export function provisionScript(contents: Contents): string {
  return [
    "set -eu; umask 022",
    putFile("/etc/hostname", { content: `${contents.hostname}\n` }),
    putFile("/etc/hosts", { content: `127.0.0.1 localhost\n${contents.address} ${contents.hostname}\n` }),
    putFile("/etc/machine-id", { content: `${randomBytes(16).toString("hex")}\n`, mode: 0o444 }),
    ...contents.hostKeyKinds.map(hostKey),
    authorize("/root", "root", contents.keyLine),
    // the dialogue zsh opens for a person without a .zshrc would hang a test
    ": > /root/.zshrc",
    ...contents.groups.map(addGroup),
    ...contents.users.flatMap((user) => addUser(user, contents.keyLine)),
    ...contents.removeFiles.map((path) => `rm -rf -- ${quote(path)}`),
    ...Object.entries(contents.files).map(([path, file]) =>
      putFile(path, typeof file === "string" ? { content: file } : file),
    ),
    "",
  ].join("\n");
}

/** `text` as one word for sh. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The sh command that makes exactly this file, its directories too; binary-safe. */
export function putFile(path: string, file: FileSpec): string {
  const target = quote(path);
  const base64 = Buffer.from(file.content).toString("base64");
  const lines = base64.match(/.{1,76}/g) ?? [];
  return [
    `mkdir -p -- "$(dirname -- ${target})"`,
    `base64 -d > ${target} <<'END_OF_FILE'`,
    ...lines,
    "END_OF_FILE",
    `chown -- ${file.uid ?? 0}:${file.gid ?? 0} ${target}`,
    `chmod -- ${(file.mode ?? 0o644).toString(8)} ${target}`,
  ].join("\n");
}

function hostKey(kind: string): string {
  const path = `/etc/ssh/ssh_host_${kind}_key`;
  // A default RSA key takes a second of a processor, four times as much as one of 2048 bits.
  const bits = kind === "rsa" ? " -b 2048" : "";
  return `ssh-keygen -q -N '' -C ${quote("root@lab")} -t ${kind.replaceAll("_", "-")}${bits} -f ${path}`;
}

function authorize(home: string, owner: string, keyLine: string): string {
  const file = `${home}/.ssh/authorized_keys`;
  return [
    `install -d -m 700 -o ${quote(owner)} -g "$(id -g ${quote(owner)})" ${quote(`${home}/.ssh`)}`,
    putFile(file, { content: `${keyLine}\n`, mode: 0o600 }),
    `chown ${quote(owner)}: ${quote(file)}`,
  ].join("\n");
}

/** groupadd refuses names that directory services deliver, such as "domain users"; the file takes them. */
function addGroup(name: string): string {
  const word = quote(name);
  const byHand = `{ gid=$(awk -F: '$3 < 60000 && $3 >= n { n = $3 + 1 } END { print n < 1000 ? 1000 : n }' /etc/group)
  printf '%s:x:%s:\\n' ${word} "$gid" >> /etc/group; printf '%s:!::\\n' ${word} >> /etc/gshadow; }`;
  return `getent group ${word} > /dev/null || groupadd -- ${word} 2> /dev/null || ${byHand}`;
}

function addUser(user: UserSpec, keyLine: string): string[] {
  const name = quote(user.name);
  const shell = user.shell ?? "/bin/bash";
  const shellPath = shell.startsWith("/") ? quote(shell) : `"$(command -v ${quote(shell)})"`;
  const uid = user.uid === undefined ? "" : ` --uid ${user.uid}`;
  const home = `/home/${user.name}`;
  const lines = [`useradd --create-home --home-dir ${quote(home)} --shell ${shellPath}${uid} -- ${name}`];
  for (const group of user.groups ?? []) {
    lines.push(addGroup(group), `usermod --append --groups ${quote(group)} -- ${name}`);
  }
  if (user.password !== undefined) {
    lines.push(`printf '%s:%s\\n' ${name} ${quote(user.password)} | chpasswd`);
  }
  if (user.key ?? true) lines.push(authorize(home, user.name, keyLine));
  lines.push(`: > ${quote(home)}/.zshrc`, `chown ${name}: ${quote(home)}/.zshrc`, ...sudoRule(user));
  return lines;
}

function sudoRule(user: UserSpec): string[] {
  const sudo = user.sudo ?? "none";
  if (sudo === "none") return [];
  const rule = `${user.name} ALL=(ALL:ALL) ${sudo === "nopasswd" ? "NOPASSWD: " : ""}ALL\n`;
  return [putFile(`/etc/sudoers.d/lab-${user.name}`, { content: rule, mode: 0o440 })];
}
