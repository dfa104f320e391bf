/** A host key that no known_hosts file mentions: what to show to somebody who may accept it, and how it is kept. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { knownHostLine, type PresentedKey } from "../../core/sshd/known-host-line.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";

interface Description extends PresentedKey {
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** The user's own known_hosts file, the first where there are several. */
  readonly file: string;
  /** HashKnownHosts. */
  readonly hashed: boolean;
}

/**
 * The cause of a `host-key` error where nothing is on record for the host, so that somebody who
 * compared the fingerprint may accept the key. Errors about changed and revoked keys have none.
 */
export class UnknownHostKey extends Error {
  readonly description: Description;

  constructor(description: Description) {
    super(`${description.name} presents ${description.type} ${description.fingerprint}`);
    this.name = "UnknownHostKey";
    this.description = description;
  }
}

/** The acceptable key behind an error, undefined where there is none. */
export function unknownKeyIn(error: unknown): Description | undefined {
  if (!(error instanceof CurfewError) || error.code !== "host-key") return undefined;
  return error.cause instanceof UnknownHostKey ? error.cause.description : undefined;
}

/**
 * Adds the key to the user's known_hosts as ssh does after a yes: at the end, behind a line feed if
 * the last line has none, hashed where the configuration says so (add_host_to_hostfile in OpenSSH's
 * hostfile.c). Errors: CurfewError `input` where the file cannot be written.
 */
export async function acceptHostKey(accepted: Description): Promise<void> {
  const { file, hashed } = accepted;
  const line = knownHostLine(accepted, hashed ? randomBytes(20) : undefined);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await append(file, line);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CurfewError(
      "input",
      `the host key cannot be written to ${visible(file)}: ${code ?? "unknown"}`,
      {
        hint: "make the known_hosts file writable, or name another with UserKnownHostsFile",
        cause: error,
      },
    );
  }
}

async function append(file: string, line: string): Promise<void> {
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDWR } = constants;
  const handle = await open(file, O_APPEND | O_CREAT | O_NONBLOCK | O_RDWR, 0o600);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "it is not a file" });
    const { size } = found;
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const unfinished = size > 0 && last[0] !== 0x0a;
    await handle.appendFile(`${unfinished ? "\n" : ""}${line}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
