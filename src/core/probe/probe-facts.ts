import { CurfewError } from "../../model/terms/error.ts";
import type { TimeoutFile } from "../../model/control/timeout.ts";
import type { Person } from "../policy/resolve-person.ts";

/** An account as the host knows it, and whether somebody could log in to it. */
export interface ProbeAccount extends Person {
  readonly uid: number;
  readonly shell: string;
  /** Why no login can succeed, or empty. */
  readonly obstacle: string;
}

export interface ProbeFacts {
  readonly accounts: readonly ProbeAccount[];
  readonly files: readonly TimeoutFile[];
}

/** Three mebibytes of files that set a timeout, and more groups than anybody is in. */
const MOST_LINES = 200_000;
const MOST_FIELDS = 70_000;

/**
 * Reads what `templates/remote/probe-facts.sh` printed.
 * Errors: CurfewError `remote` for output that was cut short or is not of that form.
 */
export function parseProbeFacts(output: string): ProbeFacts {
  const lines = output.split("\n", MOST_LINES + 1).map((line) => line.split("\t", MOST_FIELDS));
  if (lines.length > MOST_LINES) {
    throw new CurfewError("remote", `the survey of accounts has more than ${MOST_LINES} lines`);
  }
  if (!lines.some(([word]) => word === "end")) {
    throw new CurfewError("remote", "the survey of accounts was cut short");
  }
  const groups = new Map(
    lines
      .filter(([word]) => word === "groups")
      .map(([, name = "", ...names]) => [name, names.filter((group) => group !== "")]),
  );
  const accounts = lines.filter(([word]) => word === "account").map((fields) => account(fields, groups));
  return { accounts, files: files(lines) };
}

function account(fields: readonly string[], groups: ReadonlyMap<string, readonly string[]>): ProbeAccount {
  const [, user = "", uid = "", shell = "", , obstacle = ""] = fields;
  return { user, uid: Number(uid), shell, obstacle, groups: groups.get(user) ?? [] };
}

/** A file's bytes are in the lines that follow it. Each line is looked at once. */
function files(lines: readonly (readonly string[])[]): TimeoutFile[] {
  const found: (Omit<TimeoutFile, "text"> & { readonly hex: string[] })[] = [];
  let open: string[] | undefined;
  for (const [word = "", path = "", realPath = ""] of lines) {
    if (word.startsWith("hex")) open?.push(word.slice(3).replaceAll(" ", ""));
    else open = undefined;
    if (word !== "file") continue;
    open = [];
    found.push({ path, realPath, hex: open });
  }
  return found.map(({ path, realPath, hex }) => ({ path, realPath, text: bytesOf(hex) }));
}

function bytesOf(hex: readonly string[]): string {
  return Buffer.from(hex.join(""), "hex").toString("latin1");
}
