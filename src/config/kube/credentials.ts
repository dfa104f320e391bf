import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { gateWords, goesElsewhere } from "../../core/kube/gate/words.ts";
import { certificateLife, isBootstrapToken, tokenLife, UNENDING } from "../../core/people/credential-life.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import type { Credential, ExecPlugin, KubeFile } from "../../model/access/kube.ts";
import { readTextFile } from "../text-file.ts";
import type { RawUser } from "./kubeconfig-schema.ts";

type Place = (key: string) => SourcePosition;

/**
 * What kubectl would log in with, in the order in which it prefers them: a certificate counts beside everything, a token
 * before a password, all of them before an auth-provider, and an exec plugin only where there is none of the others.
 */
export async function credentialsOf(user: RawUser, kubeconfig: string, place: Place): Promise<Credential[]> {
  const found = await Promise.all([
    certificateOf(user, kubeconfig, place),
    tokenOf(user, place),
    tokenFileOf(user, kubeconfig, place),
  ]);
  return [
    ...found.flat(),
    ...passwordOf(user, place),
    ...(user["auth-provider"] ? [lasting("auth-provider", "auth-provider", place)] : []),
    ...execOf(user, place),
  ];
}

function lasting(kind: Credential["kind"], key: string, place: Place): Credential {
  return { kind, key, at: place(key), life: UNENDING };
}

async function certificateOf(user: RawUser, kubeconfig: string, place: Place): Promise<Credential[]> {
  const data = user["client-certificate-data"];
  const path = user["client-certificate"];
  if (filled(data)) return [certificateFrom(Buffer.from(data, "base64"), "client-certificate-data", place)];
  if (!filled(path)) return [];
  const read = await readBeside(kubeconfig, path);
  const key = "client-certificate";
  if (read.text === undefined) {
    return [{ kind: "client-certificate", key, at: place(key), life: null, reason: read.reason }];
  }
  const keyFile = filled(user["client-key"])
    ? await fileAt(beside(kubeconfig, user["client-key"]))
    : undefined;
  return [{ ...certificateFrom(read.text, key, place), ...(keyFile && { file: keyFile }) }];
}

function certificateFrom(pem: string | Buffer, key: string, place: Place): Credential {
  const found = certificateLife(pem);
  const head = { kind: "client-certificate", key, at: place(key) } as const;
  if (found === undefined) return { ...head, life: null, reason: "it is not a certificate that can be read" };
  return { ...head, ...found };
}

async function tokenOf({ token }: RawUser, place: Place): Promise<Credential[]> {
  return filled(token) ? [tokenFrom(token, "token", place)] : [];
}

async function tokenFileOf({ tokenFile }: RawUser, kubeconfig: string, place: Place): Promise<Credential[]> {
  if (!filled(tokenFile)) return [];
  const read = await readBeside(kubeconfig, tokenFile);
  const head = { kind: "token", key: "tokenFile", at: place("tokenFile"), file: read.file } as const;
  if (read.text === undefined) return [{ ...head, life: null, reason: read.reason }];
  return [{ ...tokenFrom(read.text, "tokenFile", place), file: read.file }];
}

function tokenFrom(token: string, key: string, place: Place): Credential {
  const kind = isBootstrapToken(token) ? "bootstrap-token" : "token";
  const life = kind === "token" ? tokenLife(token) : undefined;
  return {
    kind,
    key,
    at: place(key),
    life: life ?? UNENDING,
    ...(life === undefined && { reason: "opaque" }),
  };
}

function passwordOf({ username, password }: RawUser, place: Place): Credential[] {
  if (!filled(username) && !filled(password)) return [];
  return [lasting("basic-auth", filled(username) ? "username" : "password", place)];
}

function execOf({ exec }: RawUser, place: Place): Credential[] {
  if (!exec) return [];
  const args = exec.args ?? [];
  const gate = gateWords(exec.command, args);
  const elsewhere = gate === undefined ? [] : goesElsewhere((exec.env ?? []).map(({ name }) => name));
  const plugin: ExecPlugin = {
    command: exec.command,
    apiVersion: exec.apiVersion ?? "",
    interactiveMode: exec.interactiveMode ?? null,
    gate: gate?.id ?? null,
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    inner: gate === undefined ? null : (args[gate.own] ?? null),
  };
  return [{ kind: "exec", key: "exec", at: place("exec"), life: null, exec: plugin }];
}

function filled(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text !== "";
}

function beside(kubeconfig: string, path: string): string {
  return resolve(dirname(kubeconfig), path);
}

interface ReadFile {
  readonly file: KubeFile;
  readonly text?: string;
  readonly reason: string;
}

async function readBeside(kubeconfig: string, path: string): Promise<ReadFile> {
  const absolute = beside(kubeconfig, path);
  const file = await fileAt(absolute);
  try {
    const text = await readTextFile(absolute, { maxBytes: 1024 * 1024, what: "credential", found: true });
    return { file, text, reason: "" };
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    return { file, reason: file.reason ?? "what it names cannot be read as text" };
  }
}

async function fileAt(path: string): Promise<KubeFile> {
  try {
    const { mode, uid } = await stat(path);
    return { path, mode: mode & 0o7777, uid };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "error";
    const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read: ${code}`;
    return { path, mode: null, uid: null, reason };
  }
}
