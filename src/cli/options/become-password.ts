import { readFile } from "node:fs/promises";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { Secret } from "../../model/terms/secret.ts";
import type { HostOptions } from "./args.ts";
import { askSecret } from "./ask.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * Refuses what `becomePassword` would refuse later, before anybody is told that there is no terminal: what is wrong with
 * the input comes first. Standard input is not touched. Errors as `becomePassword`.
 */
export async function refuseBadPassword({ askBecomePass, becomePassFile }: HostOptions): Promise<void> {
  refuseBoth(askBecomePass, becomePassFile);
  if (becomePassFile !== undefined && becomePassFile !== "-")
    firstLine(await read(becomePassFile), becomePassFile);
}

/**
 * The sudo password: asked for without echo (`-K`), or the first line of a file or of standard
 * input. Undefined where neither was asked for.
 * Errors: CurfewError `usage` for both at once or without a terminal, `input` for the file.
 */
export async function becomePassword(
  { askBecomePass, becomePassFile }: HostOptions,
  terminal: Terminal,
): Promise<Secret | undefined> {
  refuseBoth(askBecomePass, becomePassFile);
  if (askBecomePass === true) {
    const hint = "give --become-pass-file FILE, or - for standard input";
    return new Secret(await askSecret("sudo password:", hint, terminal));
  }
  if (becomePassFile === undefined) return undefined;
  return new Secret(
    firstLine(becomePassFile === "-" ? await terminal.input() : await read(becomePassFile), becomePassFile),
  );
}

function refuseBoth(ask: true | undefined, file: string | undefined): void {
  if (ask !== true || file === undefined) return;
  throw new CurfewError("usage", "--ask-become-pass and --become-pass-file exclude each other");
}

function firstLine(text: string, file: string): string {
  const [line = ""] = text.split(/\r?\n/u);
  if (line !== "") return line;
  throw new CurfewError("input", `${visible(file)} holds no password in its first line`);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    throw new CurfewError("input", `cannot read the sudo password from ${visible(file)}: ${reason}`, {
      cause: error,
    });
  }
}
