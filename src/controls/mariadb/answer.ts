/** What a server answers to `mariadb_questions` of templates/remote/facts/mariadb.sh. It is hostile until proved otherwise. Pure. */
import { z } from "zod";
import { visible } from "../../core/text/visible.ts";

const shortText = z.string().max(1000);
export const serverSchema = z.object({
  version: shortText,
  socket: shortText,
  /** Seconds, as they are in force for new sessions. */
  interactive: z.number(),
  wait: z.number(),
  /** What the server has where nothing sets the limit of interactive sessions. */
  usual: z.number(),
  /** Whether something is run for each new session of those without administrators' rights. */
  initConnect: z.boolean(),
  /** What files and command line set when it starts, in their order: the last one counts. */
  start: z.array(z.number()),
  /** Of which it reads every file. */
  directories: z.array(shortText),
  users: z.array(shortText),
  roles: z.array(shortText),
  /** Who was given which role, itself or by way of another. */
  members: z.array(z.tuple([shortText, shortText])),
  /** Whether there are more names than were read. */
  cut: z.boolean(),
});
export type MariaDbServer = z.output<typeof serverSchema>;

type Answer = Omit<MariaDbServer, "socket" | "start" | "directories">;

/** Names of one kind that an answer may have: the question asks for one more. */
const MOST_NAMES = 3000;

/** What it says; a sentence where it could not be asked, is not MariaDB, or where the answer is not one. */
export function parseAnswer(body: Buffer): Answer | string {
  const rows = body
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
  const failed = rows.find(([kind = ""]) => kind.startsWith("ERROR"));
  const product = rows.find(([kind]) => kind === "product");
  if (product === undefined) return whyNot(failed?.join(" ") ?? "");
  const version = fromHex(product[2]) ?? "";
  if (product[1] !== "1") return `the server is MySQL ${visible(version)}, of which curfew knows nothing yet`;
  if (failed !== undefined) return `it answered: ${shown(failed.join(" "))}`;
  if (rows.at(-1)?.[0] !== "end") return "its answer was cut short";
  const right = missingRight(rows);
  if (right !== undefined) return right;
  return fromRows(visible(version), rows) ?? "what it answered is not what was asked";
}

function whyNot(failed: string): string {
  if (/ERROR (?:1045|1698)\b/u.test(failed)) {
    return `root cannot log in to it over its socket without a password (unix_socket): ${shown(failed)}`;
  }
  return failed === "" ? "it did not answer in time" : `it could not be asked: ${shown(failed)}`;
}

/** To see everybody's sessions, and to end them; before 10.5 SUPER is all of it. */
function missingRight(rows: readonly string[][]): string | undefined {
  const rights = new Set(rows.flatMap(([kind, right]) => (kind === "right" ? [right] : [])));
  const ends = rights.has("SUPER") || rights.has("CONNECTION ADMIN");
  if (rights.has("PROCESS") && ends) return undefined;
  return "its root may not see or end the sessions of others: PROCESS and CONNECTION ADMIN are needed";
}

function fromRows(version: string, rows: readonly string[][]): Answer | undefined {
  const variables = new Map(
    rows.flatMap(([kind, name = "", value, usual]) =>
      kind === "variable" ? [[name, { value: fromHex(value), usual: fromHex(usual) }] as const] : [],
    ),
  );
  const interactive = seconds(variables.get("interactive_timeout")?.value);
  const usual = seconds(variables.get("interactive_timeout")?.usual);
  const wait = seconds(variables.get("wait_timeout")?.value);
  const connect = variables.get("init_connect");
  const accounts = rows.filter(([kind]) => kind === "account");
  const given = rows.filter(([kind]) => kind === "member");
  const names = accounts.map(([, name, role]) => ({ name: fromHex(name), role: role === "Y" }));
  const members = given.map(([, user, role]) => [fromHex(user), fromHex(role)] as const);
  if (interactive === undefined || usual === undefined || wait === undefined || connect === undefined)
    return undefined;
  if (names.some(({ name }) => name === undefined) || members.flat().includes(undefined)) return undefined;
  return {
    version: version.slice(0, 100),
    interactive,
    wait,
    usual,
    initConnect: (connect.value ?? "") !== "",
    users: names.flatMap(({ name = "", role }) => (role ? [] : [name])).slice(0, MOST_NAMES),
    roles: names.flatMap(({ name = "", role }) => (role ? [name] : [])).slice(0, MOST_NAMES),
    members: allMembers(members.map(([user = "", role = ""]) => [user, role] as const)),
    cut: names.length > MOST_NAMES || members.length > MOST_NAMES,
  };
}

/** A role may be given to a role: whoever has the one has the other. */
function allMembers(given: readonly (readonly [string, string])[]): [string, string][] {
  const roles = Map.groupBy(given, ([user]) => user);
  const all = given.flatMap(([user, role]): [string, string][] => {
    const found = new Set([role]);
    for (const each of found) {
      for (const [, further] of roles.get(each) ?? []) if (found.size < MOST_NAMES) found.add(further);
    }
    return [...found].map((each) => [user, each]);
  });
  return all.slice(0, MOST_NAMES * 4);
}

/** As HEX() writes it; undefined for anything else, and for what is not UTF-8. */
export function fromHex(digits: string | undefined): string | undefined {
  if (digits === undefined || digits.length > 2000 || !/^(?:[0-9A-F]{2})*$/u.test(digits)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(digits, "hex"));
  } catch {
    return undefined;
  }
}

function seconds(text: string | undefined): number | undefined {
  return /^\d{1,9}$/u.test(text ?? "") ? Number(text) : undefined;
}

/** A number of an option file, with the unit that it may have there. */
export function parseNumber(word: string): number | undefined {
  const [, digits = "", unit = ""] = /^(\d{1,9})([kmg]?)$/iu.exec(word) ?? [];
  const factors: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
  return digits === "" ? undefined : Number(digits) * (factors[unit.toLowerCase()] ?? 1);
}

function shown(line: string): string {
  return visible(line).slice(0, 300);
}
