/** The keys of one kubeconfig, as a host said them, as the kubeconfig that they make. */
import type { SourcePosition } from "../../model/inventory/host.ts";
import type {
  Credential,
  ExecPlugin,
  KubeCluster,
  KubeContext,
  Kubeconfig,
  KubeFile,
  KubeUser,
} from "../../model/access/kube.ts";
import { dateable, lifeBetween, machineOf, MASTERS, UNENDING } from "./credential-life.ts";

export interface SaidKey {
  readonly at: SourcePosition;
  readonly words: readonly string[];
}

type Keys = ReadonlyMap<string, SaidKey>;
/** By the path of an exec plugin: id, idle, max. */
type Gates = ReadonlyMap<string, readonly string[]>;

export function kubeconfigOf(file: KubeFile, keys: Keys, gates: Gates): Kubeconfig {
  const here = { file: file.path, line: 1, column: 1 };
  const contexts = entries(keys, "contexts").map((path): KubeContext => ({
    name: wordOf(keys, `${path}.name`),
    at: keys.get(`${path}.name`)?.at ?? here,
    cluster: wordOf(keys, `${path}.context.cluster`),
    user: wordOf(keys, `${path}.context.user`),
  }));
  const users = entries(keys, "users").map((path) =>
    userOf(keys, path, { here, contexts, credentials: credentialsOf(keys, `${path}.user`, gates) }),
  );
  const clusters = entries(keys, "clusters").map((path) => clusterOf(keys, path, here));
  return { file, currentContext: keys.get("current-context")?.words[0] ?? null, users, clusters, contexts };
}

function userOf(
  keys: Keys,
  path: string,
  {
    here,
    contexts,
    credentials,
  }: Pick<KubeUser, "credentials"> & {
    readonly here: SourcePosition;
    readonly contexts: readonly KubeContext[];
  },
): KubeUser {
  const name = wordOf(keys, `${path}.name`);
  const masters = keys.get(`${path}.user.as-groups`);
  return {
    name,
    at: keys.get(`${path}.name`)?.at ?? here,
    credentials,
    ...(masters === undefined ? {} : { mastersAt: masters.at }),
    contexts: contexts.filter(({ user }) => user === name).map((context) => context.name),
  };
}

/** `users.0`, `users.1`, …: of everything that was said below them. */
function entries(keys: Keys, list: string): string[] {
  const entry = new RegExp(`^${list}\\.\\d{1,6}(?=\\.)`, "u");
  return [...new Set([...keys.keys()].flatMap((path) => entry.exec(path)?.[0] ?? []))];
}

function wordOf(keys: Keys, path: string): string {
  return keys.get(path)?.words[0] ?? "";
}

function clusterOf(keys: Keys, path: string, here: SourcePosition): KubeCluster {
  const server = keys.get(`${path}.cluster.server`);
  const [scheme, address = "-"] = server?.words ?? [];
  const insecure = keys.get(`${path}.cluster.insecure-skip-tls-verify`);
  return {
    name: wordOf(keys, `${path}.name`),
    at: keys.get(`${path}.name`)?.at ?? here,
    server: address === "-" ? null : `${scheme === "https" ? "https" : "http"}://${address}`,
    insecureAt: insecure?.at ?? null,
    plainAt: server !== undefined && scheme !== "https" ? server.at : null,
  };
}

/** In the order in which kubectl prefers them: config/kube/credentials.ts. */
function credentialsOf(keys: Keys, user: string, gates: Gates): Credential[] {
  const at = (key: string) => keys.get(`${user}.${key}`);
  const certificate =
    at("client-certificate-data") === undefined ? "client-certificate" : "client-certificate-data";
  const password = at("username") === undefined ? "password" : "username";
  const provider = "auth-provider";
  return [
    ...optional(at(certificate), (said) =>
      certificateOf(said, certificate, keyFile(keys, user, certificate)),
    ),
    ...optional(at("token"), (said) => tokenOf(said, "token")),
    ...optional(at("tokenFile"), (said) => tokenOf(said, "tokenFile", fileOf(at("tokenFile.file")))),
    ...optional(at(password), (said) => lasting(said, "basic-auth", password)),
    ...optional(at(provider), (said) => lasting(said, provider, provider)),
    ...optional(at("exec"), (said) => execOf(said, keys, `${user}.exec`, gates)),
  ];
}

function optional<T>(said: SaidKey | undefined, make: (said: SaidKey) => T): T[] {
  return said === undefined ? [] : [make(said)];
}

function lasting({ at }: SaidKey, kind: Credential["kind"], key: string): Credential {
  return { kind, key, at, life: UNENDING };
}

function keyFile(keys: Keys, user: string, certificate: string): KubeFile | undefined {
  return certificate === "client-certificate" ? fileOf(keys.get(`${user}.client-key.file`)) : undefined;
}

function fileOf(said: SaidKey | undefined): KubeFile | undefined {
  const [path, mode, uid] = said?.words ?? [];
  return fileSaid(path, mode, uid);
}

/** Undefined for words that stat(1) cannot have said. */
export function fileSaid(path: string | undefined, mode = "", uid = ""): KubeFile | undefined {
  if (path === undefined || !/^[0-7]{1,4}$/u.test(mode) || !/^\d{1,10}$/u.test(uid)) return undefined;
  return { path, mode: Number.parseInt(mode, 8), uid: Number(uid) };
}

function certificateOf({ at, words }: SaidKey, key: string, file: KubeFile | undefined): Credential {
  const [word = "", from = "", until = "", group, name = ""] = words;
  const head = { kind: "client-certificate", key, at, ...(file && { file }) } as const;
  const life = word === "life" ? lifeBetween(dateOf(from), dateOf(until)) : undefined;
  if (life === undefined || life.until === null) return { ...head, life: null, reason: unreadReason(word) };
  const groups = group === "masters" ? [MASTERS] : [];
  // The host says a name only where no group of people stands beside it.
  const machine = machineOf([name], name.startsWith("system:node:") ? [...groups, "system:nodes"] : groups);
  return { ...head, life, groups, ...(machine === undefined ? {} : { machine }) };
}

function dateOf(text: string): number | undefined {
  return dateable(Date.parse(text) / 1000);
}

function tokenOf({ at, words }: SaidKey, key: string, file?: KubeFile): Credential {
  const [word = "", from = "", until = ""] = words;
  const head = { key, at, ...(file && { file }) } as const;
  if (word === "bootstrap") return { ...head, kind: "bootstrap-token", life: UNENDING, reason: "opaque" };
  if (word === "opaque") return { ...head, kind: "token", life: UNENDING, reason: "opaque" };
  if (word !== "jwt") return { ...head, kind: "token", life: null, reason: unreadReason(word) };
  return { ...head, kind: "token", life: lifeBetween(secondsOf(from), secondsOf(until)) };
}

/** Undefined: it does not say. */
function secondsOf(word: string): number | undefined {
  return /^\d{1,12}$/u.test(word) ? dateable(Number(word)) : undefined;
}

function execOf({ at }: SaidKey, keys: Keys, path: string, gates: Gates): Credential {
  const command = wordOf(keys, `${path}.command`);
  const plugin: ExecPlugin = {
    command: command === "" || command === "-" ? "the exec plugin" : command,
    apiVersion: wordOf(keys, `${path}.apiVersion`),
    interactiveMode: keys.get(`${path}.interactiveMode`)?.words[0] ?? null,
    gate: gates.get(path)?.[0] ?? null,
    inner: null,
  };
  return { kind: "exec", key: "exec", at, life: null, exec: plugin };
}

/** Of what a kubeconfig names or holds. A path is not repeated: it may be a token that was pasted one line too high. */
function unreadReason(word: string): string {
  const reasons: Readonly<Record<string, string>> = {
    "no-openssl": "the host has no openssl, which says when a certificate ends",
    unreadable: "it is not a certificate that can be read",
    none: "the file that it names is empty",
    gone: "there is no such file that root can see",
    link: "what it names lies where its owner leads root out of his home; it was not read",
    moved: "the file that it names was replaced while it was read",
    special: "what it names is not a regular file",
    closed: "root may not read the file that it names",
    foreign: "the file that it names belongs to another account; it was not read",
    large: "the file that it names is larger than 1 MiB; it was not read",
    name: "the name of its file cannot be printed",
  };
  return reasons[word] ?? "what it holds could not be told";
}
