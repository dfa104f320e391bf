import { serverOf } from "../core/sshd/openssh-version.ts";
import { parseFacts } from "../core/facts/parse-facts.ts";
import { type ExtraPart, factsScript } from "../core/answer/script.ts";
import type { Selector } from "../core/policy/selectors.ts";
import { visible } from "../core/text/visible.ts";
import type { Control } from "../model/control/control.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { Facts } from "../model/facts/facts.ts";

export interface GatherOptions {
  readonly controls: readonly Control[];
  readonly signal: AbortSignal;
  /** When the facts count as taken. */
  readonly now: Date;
  /** What is asked besides; nothing if left out. */
  readonly extra?: readonly ExtraPart[];
  /** False where nobody is judged: then no shells are run, and no own files are read. */
  readonly people?: boolean;
  /** 32 fresh hexadecimal digits: they frame the answer, so that nothing in it can be taken for its frame. */
  readonly token: string;
}

/** Every command of the script that may hang has its own bound of 15 s; this is for all together. */
const TIMEOUT_SECONDS = 120;

/**
 * Everything curfew has to know of a host, in one round trip. `selectors` are the people of the
 * policy to find on the host. Reads only.
 * Errors: CurfewError `remote` for an answer that cannot be trusted as a whole, and those of
 * `Connection.runScript`. Single facts that cannot be read are unreadable Readings instead.
 */
export async function gatherFacts(
  connection: Connection,
  selectors: readonly Selector[],
  options: GatherOptions,
): Promise<Facts> {
  const { serverIdent, host } = connection;
  const { token } = options;
  const openssh = serverOf(serverIdent).product === "openssh";
  const script = factsScript(token, selectors, openssh, options.controls, options.extra, options.people);
  const output = await connection.runScript(script, {
    signal: options.signal,
    timeoutSeconds: TIMEOUT_SECONDS,
    keepShell: true,
  });
  if (output.exitCode !== 0) {
    const last = visible(output.stderr.trim().split("\n").at(-1) ?? "").slice(0, 300);
    const how = output.exitCode === null ? "was cut off" : `ended with status ${output.exitCode}`;
    throw new CurfewError("remote", `the facts script on ${host.name} ${how}: ${last}`, { host: host.name });
  }
  const takenAt = options.now.toISOString();
  return parseFacts(output.stdout, {
    host: host.name,
    token,
    serverIdent,
    selectors: selectors.map(({ name }) => name),
    takenAt,
    controls: options.controls,
  });
}
