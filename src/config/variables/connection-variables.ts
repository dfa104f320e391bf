/** The Ansible variables that say how to reach a host, and what curfew makes of them. */
import { isAbsolute, join, resolve } from "node:path";
import { isDestination, isLogin, isZoneName } from "../../core/text/destination.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import type { Escalation } from "../../model/inventory/host.ts";
import type { HostEntry, Variable } from "./data.ts";
import { hostScope } from "./host-scope.ts";
import { isTemplate, type Scope } from "./jinja.ts";
import { JinjaProblem, Missing, MissingProblem } from "./jinja-expression.ts";
import type { Problem } from "../problem.ts";

/**
 * Honoured, each with its older spelling, which wins where both are given (the `vars` lists of
 * Ansible's ssh connection and sudo become plugins: the last one set counts).
 */
export const HONOURED = {
  host: ["ansible_host", "ansible_ssh_host"],
  port: ["ansible_port", "ansible_ssh_port"],
  user: ["ansible_user", "ansible_ssh_user"],
  key: ["ansible_private_key_file", "ansible_ssh_private_key_file"],
  become: ["ansible_become"],
  becomeMethod: ["ansible_become_method"],
  becomeUser: ["ansible_become_user"],
  connection: ["ansible_connection"],
  zone: ["curfew_zone"],
} as const satisfies Record<string, readonly string[]>;

/** Not honoured, and somebody who wrote them should know. */
export const IGNORED: Readonly<Record<string, string>> = {
  ansible_password: "secrets do not belong in an inventory, curfew logs in with keys",
  ansible_ssh_pass: "secrets do not belong in an inventory, curfew logs in with keys",
  ansible_ssh_password: "secrets do not belong in an inventory, curfew logs in with keys",
  ansible_become_password: "secrets do not belong in an inventory, curfew asks for the sudo password",
  ansible_become_pass: "secrets do not belong in an inventory, curfew asks for the sudo password",
  ansible_sudo_pass: "secrets do not belong in an inventory, curfew asks for the sudo password",
  ansible_ssh_common_args: "put ProxyJump and other options into your ssh_config",
  ansible_ssh_extra_args: "put ProxyJump and other options into your ssh_config",
  ansible_ssh_args: "put ProxyJump and other options into your ssh_config",
  ansible_ssh_executable: "curfew uses ssh from the PATH",
  ansible_host_key_checking: "host keys are always checked",
  ansible_ssh_host_key_checking: "host keys are always checked",
};

/** How to reach one host. */
export interface ConnectionSettings {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  readonly become?: Escalation;
  /** The network that the host is in, for workers. */
  readonly zone?: string;
  /** Set for the machine that curfew runs on (ansible_connection: local). */
  readonly connection?: "local";
  /** The kind of connection where it is neither SSH nor local; nothing else of the host was looked at then. */
  readonly otherConnection?: string;
}

/** Where paths start. */
export interface Directories {
  /** The home directory that ssh uses, which is that of the account and not of the environment. */
  readonly home: string | undefined;
  readonly working: string;
}

/** Of one host: where it stands, its merged variables, and who hears of mistakes. */
export interface HostVariables {
  readonly entry: HostEntry;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly report: (problem: Problem) => void;
}

/**
 * The settings of one host from its merged variables, templates evaluated. Mistakes go to `report`, with the position
 * of the variable: values of the wrong form, templates beyond `jinja.ts`, vault values (curfew holds no vault
 * password), escalation that curfew cannot do.
 */
export function connectionSettings(host: HostVariables, directories: Directories): ConnectionSettings {
  const { entry, report } = host;
  const { name, position, problem } = entry;
  const read = reader(host);
  const connection = read("connection", (text) => ({ text }))?.text;
  if (isLocal(connection)) return localSettings(host);
  if (connection !== undefined && !SSH_CONNECTIONS.has(connection))
    return { address: name, otherConnection: connection };
  const address = read("host", readAddress)?.text;
  if (problem !== undefined) report({ position, message: problem });
  else if (address === undefined && !isDestination(name)) {
    report({ position, message: `${shown(name)} cannot be handed to ssh, give its address as ansible_host` });
  }
  const port = read("port", readPort);
  const user = read("user", (text) =>
    isLogin(text) ? { text } : `${shown(text)} is not a login name`,
  )?.text;
  const identityFile = read("key", (text) => readPath(text, directories))?.path;
  const become = readEscalation(read);
  const zone = read("zone", readZone)?.zone;
  return {
    address: address ?? name,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(become === undefined ? {} : { become }),
    ...(zone === undefined ? {} : { zone }),
  };
}

function readZone(text: string): { zone: string } | string {
  return isZoneName(text) ? { zone: text } : `${shown(text)} is not a zone: letters, digits, . _ - only`;
}

/** What is wrong with a port, or the port. */
export function readPort(text: string): number | string {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : `${shown(text)} is not a port, 1 to 65535`;
}

const SSH_CONNECTIONS: ReadonlySet<string> = new Set(
  ["ssh", "smart", "paramiko", "paramiko_ssh", "libssh"].flatMap((kind) => [
    kind,
    `ansible.builtin.${kind}`,
    `ansible.netcommon.${kind}`,
  ]),
);

/** Nothing of it says how to get there; the port is where this machine's own sshd answers. */
function localSettings(host: HostVariables): ConnectionSettings {
  const port = reader(host)("port", readPort);
  return { address: host.entry.name, connection: "local", ...(port === undefined ? {} : { port }) };
}

function isLocal(connection: string | undefined): boolean {
  return connection === "local" || connection === "ansible.builtin.local";
}

type Read = <T>(key: keyof typeof HONOURED, parse: (text: string) => T | string) => T | undefined;

function reader(host: HostVariables): Read {
  const scope = hostScope(host.entry, host.variables);
  return (key, parse) => readVariable(HONOURED[key], host, scope, parse);
}

function readVariable<T>(
  names: readonly string[],
  { variables, report }: HostVariables,
  scope: Scope,
  parse: (text: string) => T | string,
): T | undefined {
  const name = names.findLast((candidate) => variables.has(candidate));
  const variable = name === undefined ? undefined : variables.get(name);
  if (name === undefined || variable === undefined || variable.text === "") return undefined;
  const fail = (message: string) => report({ position: variable.position, message: `${name}: ${message}` });
  if (variable.encrypted)
    return void fail("the value is encrypted with ansible-vault, which curfew does not read");
  if (variable.text === undefined) return void fail("expected a single value");
  if (variable.reads !== undefined && !AS_WRITTEN.has(name)) return void fail(otherReading(variable));
  const text = evaluated(name, variable, scope, fail);
  if (text === undefined || text === "") return undefined;
  const value = parse(text);
  if (typeof value !== "string") return value;
  fail(value);
  return undefined;
}

/** Truth is asked for, or it is curfew's own. */
const AS_WRITTEN: ReadonlySet<string> = new Set(["ansible_become", ...HONOURED.zone]);

function otherReading({ text = "", reads = "" }: Variable): string {
  return `Ansible reads ${shown(text)} as ${reads}, which is not what is written: write what is meant`;
}

function evaluated(
  name: string,
  { text = "", literal }: Variable,
  scope: Scope,
  fail: (message: string) => void,
): string | undefined {
  if (literal === true || !isTemplate(text)) return text;
  try {
    const value = scope(name);
    if (value instanceof Missing) throw new MissingProblem(value);
    return String(value);
  } catch (error) {
    if (!(error instanceof JinjaProblem)) throw error;
    return void fail(`${shown(text)} ${error.message}`);
  }
}

const TRUE = new Set(["true", "yes", "on", "1", "t", "y"]);
const FALSE = new Set(["false", "no", "off", "0", "f", "n"]);

/** sudo to root is the only escalation there is; `become: false` says the login user is enough. */
function readEscalation(read: Read): Escalation | undefined {
  const become = read("become", (text) => {
    const word = text.toLowerCase();
    if (TRUE.has(word) || FALSE.has(word)) return { wanted: TRUE.has(word) };
    return `${shown(text)} is neither true nor false${didYouMean(word, ["true", "false"])}`;
  });
  if (become?.wanted === false) return { method: "none" };
  read("becomeMethod", (text) =>
    /^(?:ansible\.builtin\.)?sudo$/u.test(text) ? {} : `${shown(text)} is not supported, only sudo is`,
  );
  read("becomeUser", (text) =>
    text === "root" ? {} : `${shown(text)} is not supported, curfew has to become root`,
  );
  return become === undefined ? undefined : { method: "sudo" };
}

/** ssh takes an IPv6 address in brackets as well. */
function readAddress(given: string): { text: string } | string {
  const text = /^\[(?<inner>[^[\]]*:[^[\]]*)\]$/u.exec(given)?.groups?.["inner"] ?? given;
  return isDestination(text) ? { text } : `${shown(given)} is neither a DNS name nor an IP address`;
}

/** `~/` is the home directory; a relative path starts where curfew was started, as in Ansible. */
function readPath(text: string, { home, working }: Directories): { path: string } | string {
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"'`\\]/u.test(text)) return `${shown(text)} is not a usable path`;
  if (isAbsolute(text)) return { path: resolve(text) };
  if (!text.startsWith("~")) return { path: resolve(working, text) };
  if (home === undefined || !/^~(?:\/|$)/u.test(text))
    return `${shown(text)}: this home directory is not known, write the path out`;
  return { path: join(home, text.slice(1)) };
}
