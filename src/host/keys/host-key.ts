/**
 * Host keys: always checked, against the known_hosts files that ssh would use.
 * `StrictHostKeyChecking no` and `accept-new` do not loosen this: curfew changes sshd itself, so it
 * never talks to a host that it cannot tell from another.
 */
import { readFile } from "node:fs/promises";
import { CurfewError } from "../../model/terms/error.ts";
import {
  indexKnownHosts,
  judgeHostKey,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
  type KnownHost,
  type KnownHosts,
} from "../../core/sshd/known-hosts.ts";
import { command } from "../../template/shell-quote.ts";
import { blobType, fingerprint } from "../channel/ssh2.ts";
import type { SshSettings } from "../openssh/ssh-settings.ts";
import { UnknownHostKey } from "./unknown-key.ts";

/** What a login needs to know about the keys a host may present. */
export interface HostKeyCheck {
  /** Key types on record, to be asked for first. */
  readonly types: readonly string[];
  /** Undefined where the key (a public key blob) is the host's; else the reason to go no further. */
  judge(blob: Buffer): CurfewError | undefined;
}

/** Reads known_hosts files, each once per run, and keeps one index for every list of files. */
export class KnownHostsFiles {
  readonly #files = new Map<string, Promise<readonly KnownHost[]>>();
  readonly #indexes = new Map<string, Promise<KnownHosts>>();

  /** The lines of all files together. A file that does not exist is empty, as for ssh. Errors: `input`. */
  open(paths: readonly string[]): Promise<KnownHosts> {
    const name = paths.join("\0");
    const index = this.#indexes.get(name) ?? this.#index(paths);
    this.#indexes.set(name, index);
    return index;
  }

  async #index(paths: readonly string[]): Promise<KnownHosts> {
    const lines = await Promise.all(
      paths.map((path) => {
        const read = this.#files.get(path) ?? readKnownHosts(path);
        this.#files.set(path, read);
        return read;
      }),
    );
    return indexKnownHosts(lines.flat());
  }
}

/** The check for a host reached with these settings. `host` is its inventory name, for messages. */
export async function hostKeyCheck(
  files: KnownHostsFiles,
  settings: SshSettings,
  host: string,
): Promise<HostKeyCheck> {
  const known = await files.open(settings.knownHostsFiles);
  // With an alias ssh leaves the port out (get_hostfile_hostname_ipaddr in sshconnect.c).
  const name = knownHostName(
    settings.hostKeyAlias ?? settings.hostname,
    settings.hostKeyAlias ? 22 : settings.port,
  );
  const bare = knownHostName(settings.hostname, 22);
  const fallback = settings.hostKeyAlias === undefined && bare !== name ? bare : undefined;
  const types = knownKeyTypes(known, name);
  return {
    types: types.length > 0 || fallback === undefined ? types : knownKeyTypes(known, fallback),
    judge(blob) {
      const presented = { type: blobType(blob), key: blob.toString("base64") };
      const verdict = judgeHostKey(known, name, presented, fallback);
      if (verdict.kind === "known") return undefined;
      const shown = `${presented.type} ${fingerprint(blob)}`;
      if (verdict.kind === "revoked") return revokedError(verdict.line, shown, host);
      if (verdict.kind === "changed") return changedError(verdict.lines, shown, name, host);
      const { userKnownHostsFile: file, hashKnownHosts: hashed, asksAboutNewKeys } = settings;
      // A host that is on record with another key, or vouched for by an authority, is not simply new.
      const alone = verdict.others.length + verdict.authorities.length === 0;
      const described = { ...presented, name, fingerprint: fingerprint(blob), hashed };
      const acceptable = alone && asksAboutNewKeys && file !== undefined;
      const cause = acceptable ? new UnknownHostKey({ ...described, file }) : undefined;
      return unknownError(verdict, shown, name, settings, host, cause);
    },
  };
}

/** The check for a host whose keys are known beforehand: base64 blobs as in known_hosts. */
export function fixedHostKeys(keys: readonly string[], host: string): HostKeyCheck {
  const allowed = keys.map((key) => Buffer.from(key, "base64"));
  return {
    types: [...new Set(allowed.map(blobType))],
    judge: (blob) =>
      allowed.some((key) => key.equals(blob))
        ? undefined
        : new CurfewError(
            "host-key",
            `${blobType(blob)} ${fingerprint(blob)} is none of the host's own keys`,
            {
              host,
            },
          ),
  };
}

async function readKnownHosts(path: string): Promise<readonly KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(path, "utf8"), path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new CurfewError("input", `${path} cannot be read: ${code ?? String(error)}`, {
      hint: "make the known_hosts file readable, or name another in ssh_config",
      cause: error,
    });
  }
}

function revokedError(line: KnownHost, shown: string, host: string): CurfewError {
  return new CurfewError("host-key", `the host presents ${shown}, which ${line.file}:${line.line} revokes`, {
    host,
    hint: "treat the host as compromised until its administrator has given it a new key",
  });
}

function changedError(lines: readonly KnownHost[], shown: string, name: string, host: string): CurfewError {
  const old = lines.map(
    (line) => `${line.type} ${fingerprint(Buffer.from(line.key, "base64"))} at ${line.file}:${line.line}`,
  );
  const removals = [...new Set(lines.map((line) => line.file))].map((file) =>
    command(["ssh-keygen", "-f", file, "-R", name]),
  );
  return new CurfewError(
    "host-key",
    `THE HOST KEY HAS CHANGED: ${name} presents ${shown}, but on record is ${old.join(" and ")}; somebody may be answering in its place`,
    {
      host,
      hint: `compare the fingerprint on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub); only if it was reinstalled: ${removals.join(" && ")}`,
    },
  );
}

function unknownError(
  {
    others,
    authorities,
  }: { readonly others: readonly KnownHost[]; readonly authorities: readonly KnownHost[] },
  shown: string,
  name: string,
  settings: SshSettings,
  host: string,
  cause: UnknownHostKey | undefined,
): CurfewError {
  const remarks = [
    ...(others[0] === undefined
      ? []
      : [`; on record for it is only ${listOf(others)}, which it did not offer`]),
    ...(authorities[0] === undefined
      ? []
      : [
          `; ${listOf(authorities)} is a certificate authority for it, and curfew cannot check host certificates`,
        ]),
  ];
  const words = ["ssh", ...(settings.port === 22 ? [] : ["-p", String(settings.port)]), settings.alias];
  // Quotes that are not needed look like a mistake.
  const connect = words.every((word) => /^[\w.:@-]+$/u.test(word)) ? words.join(" ") : command(words);
  return new CurfewError(
    "host-key",
    `the host key of ${name} is not known: it presents ${shown}${remarks.join("")}`,
    {
      host,
      hint: `compare the fingerprint on the host itself, then log in once with ${connect} and answer yes`,
      cause,
    },
  );
}

function listOf(lines: readonly KnownHost[]): string {
  return lines.map((line) => `${line.type} at ${line.file}:${line.line}`).join(" and ");
}
