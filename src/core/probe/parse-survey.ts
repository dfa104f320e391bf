import { CurfewError } from "../../model/error.ts";
import type { Person } from "../policy/resolve-person.ts";

/** An account as the host knows it, and whether somebody could log in to it. */
export interface SurveyedAccount extends Person {
  readonly uid: number;
  readonly shell: string;
  /** Why no login can succeed, or empty. */
  readonly obstacle: string;
}

/** A file that sets a timeout of a shell. Text as latin1: one character for each byte. */
export interface TimeoutFile {
  readonly path: string;
  readonly realPath: string;
  readonly text: string;
}

export interface Survey {
  readonly accounts: readonly SurveyedAccount[];
  readonly files: readonly TimeoutFile[];
}

/**
 * Reads what `templates/remote/shadow-survey.sh` printed.
 * Errors: CurfewError `remote` for output that was cut short or is not of that form.
 */
export function parseSurvey(output: string): Survey {
  const lines = output.split("\n").map((line) => line.split("\t"));
  if (!lines.some(([word]) => word === "end")) {
    throw new CurfewError("remote", "the survey of accounts was cut short");
  }
  const groups = new Map(
    lines
      .filter(([word]) => word === "groups")
      .map(([, name = "", ...names]) => [name, names.filter((group) => group !== "")]),
  );
  const accounts = lines.filter(([word]) => word === "account").map((fields) => account(fields, groups));
  return { accounts, files: [...files(lines)] };
}

function account(fields: readonly string[], groups: ReadonlyMap<string, readonly string[]>): SurveyedAccount {
  const [, user = "", uid = "", shell = "", , obstacle = ""] = fields;
  return { user, uid: Number(uid), shell, obstacle, groups: groups.get(user) ?? [] };
}

function* files(lines: readonly (readonly string[])[]): Generator<TimeoutFile> {
  for (const [index, [word, path = "", realPath = ""]] of lines.entries()) {
    if (word !== "file") continue;
    const following = lines.slice(index + 1);
    const end = following.findIndex(([first = ""]) => !first.startsWith("hex"));
    const hex = following
      .slice(0, Math.max(0, end))
      .map(([first = ""]) => first.slice(3).replaceAll(" ", ""));
    yield { path, realPath, text: Buffer.from(hex.join(""), "hex").toString("latin1") };
  }
}
