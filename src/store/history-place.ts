/** Which store is meant: by option, environment or file; never a password in an argument, which every account could read. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { shown } from "../core/text/nearest.ts";
import { visible } from "../core/text/visible.ts";
import { CurfewError } from "../model/terms/error.ts";
import { configDirectory, stateDirectory } from "./file/xdg.ts";
import type { HistoryPlace } from "./open-history.ts";
import { isPostgresUrl, parsePostgresUrl } from "./postgres/place.ts";

export interface PlaceQuestion {
  /** What `--store` was given. */
  readonly given: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
}

/** A line with a URL, and comments. */
const LONGEST_FILE = 10_000;

/**
 * The store of `--store`, else of CURFEW_STORE, else of the file `curfew/store` in the directory of configuration, else
 * SQLite in the state directory. Errors: CurfewError `usage` and `input`; nothing was contacted.
 */
export async function historyPlace(question: PlaceQuestion): Promise<HistoryPlace> {
  const text = placeText(question);
  if (text === undefined) return { state: stateDirectory(question.environment, question.home) };
  const directory = sqliteDirectory(text);
  if (directory !== undefined) return { state: directory };
  const { postgresSettings } = await import("./postgres/settings.ts");
  return { postgres: postgresSettings(text, question.environment, question.home) };
}

/**
 * What `--store` has to be for another curfew, which runs elsewhere and without this environment; undefined where nothing
 * was chosen. Errors: CurfewError `usage` for a password that would have to be written into its arguments.
 */
export function storeArgument({ given, environment }: PlaceQuestion): string | undefined {
  const chosen = given ?? nonEmpty(environment["CURFEW_STORE"]);
  if (chosen === undefined) return undefined;
  if (given !== undefined) refusePassword(given);
  if (isPostgresUrl(chosen) && hasPassword(chosen)) {
    throw new CurfewError(
      "usage",
      "CURFEW_STORE has a password, which would have to be written into the schedule",
      {
        hint: "write the URL into a file (chmod 600) and give --store FILE, or put the password into ~/.pgpass",
      },
    );
  }
  if (isPostgresUrl(chosen)) return chosen;
  const directory = sqliteDirectory(chosen);
  return directory === undefined ? resolve(chosen) : `sqlite:${directory}`;
}

/** A URL or `sqlite:DIRECTORY`; undefined where nothing was said. */
function placeText({ given, environment, home }: PlaceQuestion): string | undefined {
  if (given !== undefined) {
    refusePassword(given);
    return direct(given) ? given : readPlace(given, "--store");
  }
  const variable = nonEmpty(environment["CURFEW_STORE"]);
  if (variable !== undefined) return direct(variable) ? variable : readPlace(variable, "CURFEW_STORE");
  const file = configuredFile(environment, home);
  return existsSync(file) ? readPlace(file, "the configuration") : undefined;
}

function direct(text: string): boolean {
  return isPostgresUrl(text) || text.startsWith("sqlite:");
}

function sqliteDirectory(text: string): string | undefined {
  if (!text.startsWith("sqlite:")) return undefined;
  const directory = text.slice("sqlite:".length);
  if (directory !== "" && !directory.startsWith("//")) return resolve(directory);
  throw new CurfewError("input", `the store ${shown(text)} names no directory`, {
    hint: "write sqlite:DIRECTORY",
  });
}

function configuredFile(environment: NodeJS.ProcessEnv, home: string): string {
  return join(configDirectory(environment, home), "curfew", "store");
}

function refusePassword(given: string): void {
  if (!isPostgresUrl(given) || !hasPassword(given)) return;
  throw new CurfewError(
    "usage",
    "--store has a password in it, which every account of this machine could read",
    {
      hint: "take it out; ~/.pgpass, the file of PGPASSFILE or a service file (PGSERVICEFILE) may hold it; or write the URL into a file (chmod 600) and give --store FILE",
    },
  );
}

/** Also of a URL that is otherwise wrong: what looks like a password is one. */
function hasPassword(url: string): boolean {
  if (/^[^?]*?:\/\/[^/?@]*:[^?]*@/u.test(url) || /[?&](?:ssl)?password=/iu.test(url)) return true;
  try {
    const { password, sslpassword } = parsePostgresUrl(url);
    return password !== undefined || sslpassword !== undefined;
  } catch {
    return false;
  }
}

/** The first line of a file that is neither empty nor a comment. */
function readPlace(file: string, from: string): string {
  const name = visible(file);
  const found = statOf(file, from);
  const text = reading(from, () => readFileSync(file, "utf8"));
  for (const [index, raw] of text.split(/\r?\n/u).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (!direct(line)) {
      throw new CurfewError("input", `${name}:${index + 1}:1: not a store: postgres://… or sqlite:DIRECTORY`);
    }
    if (isPostgresUrl(line) && hasPassword(line) && (found.mode & 0o077) !== 0) {
      throw new CurfewError(
        "input",
        `${name}:${index + 1}:1: the URL has a password, and others may read the file`,
        {
          hint: `chmod 600 ${name}`,
        },
      );
    }
    return line;
  }
  throw new CurfewError("input", `${name} names no store`, {
    hint: "write postgres://… or sqlite:DIRECTORY into it",
  });
}

function statOf(file: string, from: string): { readonly mode: number } {
  const found = reading(from, () => statSync(file));
  if (found.isFile() && found.size <= LONGEST_FILE) return found;
  throw new CurfewError("input", `${visible(file)}, from ${from}, is not a file that names a store`, {
    hint: "write postgres://… or sqlite:DIRECTORY, or name a file that holds one of them",
  });
}

/** What the system says becomes an error for people. */
function reading<T>(from: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    throw new CurfewError("input", `cannot read the store from ${from}: ${reason}`, {
      hint: "write postgres://… or sqlite:DIRECTORY, or name a file that holds one of them",
      cause: error,
    });
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
