/** Signatures, by a program of the user's: curfew has no key and wants none. */
import { execa } from "execa";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";

/** Somebody may have to touch a token or to type a passphrase. */
const TIMEOUT_MS = 5 * 60_000;
const LARGEST = 1024 * 1024;

/**
 * What a program makes of the text on its standard input. No shell is between: the first word is the program, the others
 * are its arguments. Errors: CurfewError `remote` where it fails or writes nothing.
 */
export async function makeSignature(command: readonly string[], text: string): Promise<Uint8Array> {
  const [program = "", ...given] = command;
  const result = await execa(program, given, {
    input: text,
    encoding: "buffer",
    reject: false,
    stripFinalNewline: false,
    timeout: TIMEOUT_MS,
    maxBuffer: LARGEST,
  });
  if (!result.failed && result.stdout.length > 0) return result.stdout;
  const said = visible(Buffer.from(result.stderr).toString("utf8").trim().split("\n").at(-1) ?? "");
  const why = result.failed ? reasonOf(result) : "it wrote no signature to its standard output";
  throw new CurfewError(
    "remote",
    `SHA256SUMS is not signed: ${visible(program)}: ${why}${said === "" ? "" : `: ${said.slice(0, 200)}`}`,
    { hint: "the reports and SHA256SUMS are written; the command reads SHA256SUMS on its standard input" },
  );
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly timedOut: boolean;
}

function reasonOf({ exitCode, signal, code, timedOut }: Ended): string {
  if (timedOut) return "it did not end within 5m";
  if (exitCode !== undefined) return `status ${exitCode}`;
  return signal === undefined ? (code ?? "it could not be run") : `ended by ${signal}`;
}
