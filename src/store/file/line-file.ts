import { createReadStream } from "node:fs";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";

/** Far more than one host's findings; a file without line feeds must not fill the memory. */
const LONGEST = 64 * 1024 * 1024;

/**
 * The lines of a UTF-8 file without their line feeds, or of standard input for `-`; memory for one line. Only a line
 * feed ends a line: JSON may hold every other separator. Errors: CurfewError `input`.
 */
export async function* readLines(path: string): AsyncGenerator<string, void, undefined> {
  const name = path === "-" ? "standard input" : visible(path);
  const stream = path === "-" ? createReadStream("", { fd: 0, autoClose: false }) : createReadStream(path);
  stream.setEncoding("utf8");
  let rest = "";
  try {
    for await (const chunk of stream) {
      const [first = "", ...further] = String(chunk).split("\n");
      rest += first;
      for (const next of further) {
        yield rest;
        rest = next;
      }
      if (rest.length > LONGEST)
        throw new CurfewError("input", `${name} has a line that is longer than 64 MB`);
    }
  } catch (error) {
    if (error instanceof CurfewError || !(error instanceof Error) || !("syscall" in error)) throw error;
    throw new CurfewError("input", `cannot read ${name}: ${visible(error.message)}`, { cause: error });
  }
  if (rest !== "") yield rest;
}
