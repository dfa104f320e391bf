/** How to reach one host, as the user's OpenSSH configuration says it: the output of `ssh -G`. */
import { hostname as ownName, userInfo } from "node:os";
import type { AllowedAlgorithms } from "../channel/algorithms.ts";

export interface SshSettings {
  /** The name in the ssh_config sense: what was asked for. */
  readonly alias: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** Paths, expanded, in order. */
  readonly identityFiles: readonly string[];
  /** The one of them that was given for this host alone: it is said where there is no such file. */
  readonly givenIdentity: string | undefined;
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket path; undefined for none. */
  readonly agentSocket: string | undefined;
  /** `[user@]host[:port]`, first hop first. */
  readonly proxyJump: readonly string[];
  readonly proxyCommand: string | undefined;
  /** Paths, expanded; user's files first. */
  readonly knownHostsFiles: readonly string[];
  /** Where ssh would write a key that is accepted; undefined where the user has no such file. */
  readonly userKnownHostsFile: string | undefined;
  readonly hashKnownHosts: boolean;
  /** False where StrictHostKeyChecking is yes: then not even a person is asked. */
  readonly asksAboutNewKeys: boolean;
  /** The name under which the host stands in known_hosts, where it is not its own. */
  readonly hostKeyAlias: string | undefined;
  /** Seconds. */
  readonly connectTimeout: number | undefined;
  readonly family: 0 | 4 | 6;
  readonly localAddress: string | undefined;
  readonly allowed: AllowedAlgorithms;
  /** Configured ways to be let in or to trust a host that curfew does not have, for error messages. */
  readonly unsupported: readonly string[];
}

/** The values of each keyword, by its lower-case name, in order. */
export type Keywords = ReadonlyMap<string, readonly string[]>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The names ssh tries by itself (ssh_config(5), IdentityFile), as `ssh -G` prints them. */
const OWN_IDENTITIES = ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"].map(
  (name) => `~/.ssh/id_${name}`,
);

/**
 * Reads the output of `ssh -G`, which may have been taken apart before.
 * `identityFile` comes before those of the configuration and in place of ssh's own default names.
 * Sources: ssh_config(5); its TOKENS section for what is expanded.
 */
export function parseSettings(
  output: string | Keywords,
  alias: string,
  environment: Environment,
  identityFile?: string,
): SshSettings {
  const values = typeof output === "string" ? readKeywords(output) : output;
  const one = (keyword: string): string | undefined => configured(values.get(keyword)?.[0]);
  const many = (keyword: string): readonly string[] => values.get(keyword) ?? [];
  const login = {
    alias,
    hostname: one("hostname") ?? alias,
    port: Number(one("port") ?? 22),
    user: one("user") ?? userInfo().username,
  };
  const path = (text: string): string => expand(text, login, environment, one("proxyjump"));
  const words = (keyword: string): string[] =>
    many(keyword).flatMap((text) => text.split(" ").filter((word) => configured(word) !== undefined));
  const list = (keyword: string): readonly string[] | undefined => mapped(one(keyword), splitOnce);
  const identities = many("identityfile").filter((file) => configured(file) !== undefined);
  const extra = identityFile === undefined ? identities : without(identities, OWN_IDENTITIES);
  // As `ssh -i` does it.
  const given = mapped(identityFile, path);
  return {
    ...login,
    identityFiles: [...(given === undefined ? [] : [given]), ...extra.map(path)],
    givenIdentity: given,
    certificateFiles: many("certificatefile").map(path),
    identitiesOnly: one("identitiesonly") === "yes",
    agentSocket: agentSocket(one("identityagent"), values.get("identityagent")?.[0], environment, path),
    proxyJump: list("proxyjump") ?? [],
    proxyCommand: mapped(one("proxycommand"), path),
    knownHostsFiles: [...words("userknownhostsfile"), ...words("globalknownhostsfile")].map(path),
    userKnownHostsFile: mapped(words("userknownhostsfile")[0], path),
    hashKnownHosts: one("hashknownhosts") === "yes",
    // `ssh -G` prints yes as true.
    asksAboutNewKeys: !["yes", "true"].includes(one("stricthostkeychecking") ?? ""),
    hostKeyAlias: one("hostkeyalias"),
    connectTimeout: mapped(one("connecttimeout"), Number),
    family: one("addressfamily") === "inet" ? 4 : one("addressfamily") === "inet6" ? 6 : 0,
    localAddress: one("bindaddress"),
    allowed: allowedAlgorithms(list),
    unsupported: unsupportedSettings(one),
  };
}

/** The settings where no `ssh` is installed, so that there is no configuration to ask. */
export function defaultSettings(
  alias: string,
  environment: Environment,
  given: { readonly user?: string; readonly port?: number; readonly identityFile?: string },
): SshSettings {
  const output = [
    `hostname ${alias}`,
    `port ${given.port ?? 22}`,
    `user ${given.user ?? userInfo().username}`,
    ...OWN_IDENTITIES.map((file) => `identityfile ${file}`),
    "userknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2",
    "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2",
  ];
  return parseSettings(output.join("\n"), alias, environment, given.identityFile);
}

/** Lower-case keyword, space, value; some keywords several times. */
export function readKeywords(output: string): Keywords {
  const values = new Map<string, string[]>();
  for (const line of output.split("\n")) {
    const end = line.indexOf(" ");
    const keyword = line.slice(0, Math.max(0, end)).toLowerCase();
    if (end > 0) addTo(values, keyword, line.slice(end + 1));
  }
  return values;
}

/** 500 hosts have the same few algorithm lists: one array each, not 500. */
const lists = new Map<string, readonly string[]>();

function splitOnce(text: string): readonly string[] {
  const list = lists.get(text) ?? text.split(",");
  lists.set(text, list);
  return list;
}

function addTo(values: Map<string, string[]>, keyword: string, value: string): void {
  const there = values.get(keyword);
  if (there === undefined) values.set(keyword, [value]);
  else there.push(value);
}

function configured(value: string | undefined): string | undefined {
  return value === undefined || value === "" || value.toLowerCase() === "none" ? undefined : value;
}

function without(list: readonly string[], taken: readonly string[]): string[] {
  return list.filter((item) => !taken.includes(item));
}

function mapped<T>(value: string | undefined, change: (value: string) => T): T | undefined {
  return value === undefined ? undefined : change(value);
}

/** As ssh: that of the account, whatever HOME says (`sudo -E`, units, containers). */
function accountHome(environment: Environment): string {
  try {
    return userInfo().homedir;
  } catch {
    return environment["HOME"] ?? "/";
  }
}

/** `~`, `%` tokens and `${VARIABLE}` (ssh_config(5), TOKENS and ENVIRONMENT VARIABLES). */
function expand(
  text: string,
  login: { readonly alias: string; readonly hostname: string; readonly port: number; readonly user: string },
  environment: Environment,
  jump = "",
): string {
  const home = accountHome(environment);
  const plain = text.replace(/^~(?=\/|$)/u, home);
  // Most paths are done here; what follows asks the system for names.
  if (!/[%$]/u.test(plain)) return plain;
  const tokens: Record<string, string> = {
    "%": "%",
    d: home,
    h: login.hostname,
    i: String(process.getuid?.() ?? ""),
    j: jump,
    k: login.hostname,
    L: ownName().split(".")[0] ?? "",
    l: ownName(),
    n: login.alias,
    p: String(login.port),
    r: login.user,
    u: userInfo().username,
  };
  return plain
    .replaceAll(/\$\{(\w+)\}/gu, (_, name: string) => environment[name] ?? "")
    .replaceAll(/%(.)/gu, (whole, token: string) => tokens[token] ?? whole);
}

/** `none` and an absent keyword differ here: without one, SSH_AUTH_SOCK counts (ssh_config(5), IdentityAgent). */
function agentSocket(
  value: string | undefined,
  written: string | undefined,
  environment: Environment,
  path: (text: string) => string,
): string | undefined {
  if (written !== undefined && value === undefined) return undefined;
  if (value === undefined || value === "SSH_AUTH_SOCK") return configured(environment["SSH_AUTH_SOCK"]);
  return value.startsWith("$") && !value.startsWith("${") ? environment[value.slice(1)] : path(value);
}

function allowedAlgorithms(list: (keyword: string) => readonly string[] | undefined): AllowedAlgorithms {
  const keywords = { kex: "kexalgorithms", hostKey: "hostkeyalgorithms", cipher: "ciphers", mac: "macs" };
  const found = Object.entries(keywords).flatMap(([kind, keyword]) => {
    const names = list(keyword);
    return names === undefined ? [] : [[kind, names] as const];
  });
  return Object.fromEntries(found);
}

function unsupportedSettings(one: (keyword: string) => string | undefined): string[] {
  const wishes: readonly (readonly [string, string])[] = [
    ["knownhostscommand", "KnownHostsCommand"],
    ["pkcs11provider", "PKCS11Provider"],
    ["hostbasedauthentication", "HostbasedAuthentication"],
    ["verifyhostkeydns", "VerifyHostKeyDNS"],
  ];
  return wishes.flatMap(([keyword, name]) => {
    const value = one(keyword);
    return value === undefined || value === "no" || value === "false" ? [] : [name];
  });
}
