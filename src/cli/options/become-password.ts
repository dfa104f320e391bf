import { readFile } from "node:fs/promises";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import type { HostOptions } from "./args.ts";
import { askSecret } from "./ask.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * The sudo password: asked for without echo (`-K`), or the first line of a file or of standard
 * input. Undefined where neither was asked for.
 * Errors: CurfewError `usage` for both at once or without a terminal, `input` for the file.
 */
export async function becomePassword(
  { askBecomePass, becomePassFile }: HostOptions,
  terminal: Terminal,
): Promise<Secret | undefined> {
  if (askBecomePass === true && becomePassFile !== undefined) {
    throw new CurfewError("usage", "--ask-become-pass and --become-pass-file exclude each other");
  }
  if (askBecomePass === true) {
    const hint = "give --become-pass-file FILE, or - for standard input";
    return new Secret(await askSecret("sudo password:", hint, terminal));
  }
  if (becomePassFile === undefined) return undefined;
  const text = becomePassFile === "-" ? await terminal.input() : await read(becomePassFile);
  const [line = ""] = text.split(/\r?\n/u);
  if (line !== "") return new Secret(line);
  throw new CurfewError("input", `${visible(becomePassFile)} holds no password in its first line`);
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
