/** The facts of one host as `check --json` saved them. They are input: every field is checked. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { BOOT_HOOKS, SERVICE_MANAGERS } from "../../model/facts/facts.ts";
import type { SystemFacts } from "../../model/change/render.ts";

const line = z.string().regex(/^[^\u0000-\u001f\u007f]*$/u, "one line without control characters");
const path = line.startsWith("/", "an absolute path").max(4096);
const id = z.number().int().min(0).max(0xffffffff);
const openssh = z.strictObject({ major: id, minor: id });

function reading<T extends z.ZodType>(value: T) {
  return z.discriminatedUnion("state", [
    z.strictObject({ state: z.literal("known"), value }),
    z.strictObject({ state: z.literal("absent") }),
    z.strictObject({ state: z.literal("unreadable"), reason: z.string() }),
  ]);
}

const fileFact = z.strictObject({
  path,
  realPath: path,
  state: reading(
    z.strictObject({
      content: z.string(),
      mode: z.string().regex(/^[0-7]{4}$/u, "four octal digits"),
      uid: id,
      gid: id,
    }),
  ),
});

const factsSchema: z.ZodType<SystemFacts> = z.strictObject({
  server: z.discriminatedUnion("product", [
    z.strictObject({ product: z.literal("openssh"), version: openssh, text: line }),
    z.strictObject({ product: z.literal("other"), text: line }),
  ]),
  os: reading(z.strictObject({ id: line, like: z.array(line).exactOptional(), versionId: line, name: line })),
  kernel: line,
  service: reading(
    z.strictObject({
      manager: z.enum(SERVICE_MANAGERS),
      unit: line,
      pid: id.nullable(),
      perConnection: z.boolean(),
      bootHook: z.enum(BOOT_HOOKS),
    }),
  ),
  systemdVersion: reading(id),
  logind: reading(z.strictObject({ version: id, idleStop: line, utmp: z.enum(["yes", "no", "unknown"]) })),
  shells: z.array(z.strictObject({ path, kind: line, inUse: z.boolean() })),
  files: z.array(fileFact),
  foreignTimeouts: z.array(z.strictObject({ file: path, line: id, text: z.string() })),
  sshd: z.strictObject({
    path: reading(path),
    version: reading(openssh),
    mainFile: fileFact,
    includes: z.array(z.strictObject({ pattern: line, line: id, inMatch: z.boolean() })),
    dropIns: z.array(fileFact),
    options: z.array(line),
  }),
});

const AGAIN = "save them with curfew check HOST --json > FILE";

/**
 * The facts of `host`, or of the only host in the file. Errors: CurfewError `input` naming the file and the place in
 * it, `usage` where it is not said which of several hosts is meant.
 */
export async function loadSavedFacts(file: string, host: string | undefined): Promise<SystemFacts> {
  const name = visible(file);
  const hosts = hostsIn(name, await read(name, file));
  const chosen = chosenHost(name, hosts, host);
  const result = factsSchema.safeParse(chosen["facts"]);
  if (result.success) return result.data;
  throw new CurfewError("input", `${name}: ${issueText(result.error)}`, { hint: AGAIN });
}

async function read(name: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    const what = error instanceof SyntaxError ? `${name} is not JSON` : `cannot read ${name}`;
    throw new CurfewError("input", `${what}: ${reason}`, { hint: AGAIN, cause: error });
  }
}

type SavedHost = Readonly<Record<string, unknown>>;

function hostsIn(name: string, document: unknown): SavedHost[] {
  const { schema, hosts } = isRecord(document) ? document : {};
  if (schema === "curfew/check/1" && Array.isArray(hosts)) return hosts.filter(isRecord);
  const what = typeof schema === "string" ? `is ${visible(schema)}` : "is not a result of curfew check";
  throw new CurfewError("input", `${name} ${what}; facts are in that of curfew check`, { hint: AGAIN });
}

function chosenHost(name: string, hosts: readonly SavedHost[], wanted: string | undefined): SavedHost {
  const names = hosts.map(({ host }) => String(host));
  const found = wanted === undefined ? hosts : hosts.filter(({ host }) => host === wanted);
  const [first, second] = found;
  if (first === undefined) {
    const guess = wanted === undefined ? "" : didYouMean(wanted, names);
    throw new CurfewError("usage", `${name} has no host ${shown(wanted ?? "")}${guess}`);
  }
  if (second !== undefined) {
    throw new CurfewError("usage", `${name} has the facts of ${hosts.length} hosts`, {
      hint: `say which is meant: --host ${visible(names[0] ?? "")}`,
    });
  }
  if (first["facts"] === undefined)
    throw new CurfewError("input", `${name}: the facts of this host could not be read`, { hint: AGAIN });
  return first;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function issueText({ issues }: z.ZodError): string {
  const [first] = issues;
  const place = (first?.path ?? []).map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return visible(`facts${place.join("")}: ${first?.message ?? "not facts"}`);
}
