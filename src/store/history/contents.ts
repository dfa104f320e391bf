/** What many hosts and many runs have in common, stored once and named by its sha256. */
import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { countFindings } from "../../core/audit/summary.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Database } from "./database.ts";
import { damaged } from "./error.ts";

/** Below this, deflate saves less than a page would notice. */
const SHORT = 200;
/** No part of a host comes near; a damaged row must not fill the memory. */
const LONGEST = 256 * 1024 * 1024;

/** The id of that data, as JSON, stored now or earlier. */
export function putContent(database: Database, data: unknown): number {
  const text = JSON.stringify(data);
  return put(database, "content", text, () => (text.length < SHORT ? text : deflateRawSync(text)));
}

/** Reads contents back, each once however often it is asked for. Errors: CurfewError `input` for damaged ones. */
export function createContentReader(database: Database): <T>(id: number) => T {
  const known = new Map<number, unknown>();
  return <T>(id: number): T => {
    if (!known.has(id)) known.set(id, JSON.parse(readContent(database, id)));
    return known.get(id) as T;
  };
}

function readContent(database: Database, id: number): string {
  type Row = { readonly digest: Uint8Array; readonly body: string | Uint8Array };
  const row = database.get<Row>("SELECT digest, body FROM content WHERE id = ?", id);
  if (row === undefined) throw damaged(database.file, "a part of an audit is missing");
  const text = typeof row.body === "string" ? row.body : inflate(database, row.body);
  return checked(database, text, row.digest);
}

function inflate({ file }: Database, body: Uint8Array): string {
  try {
    return inflateRawSync(body, { maxOutputLength: LONGEST }).toString("utf8");
  } catch {
    throw damaged(file, "a part of an audit cannot be unpacked");
  }
}

/** The id of that list of findings: hosts that are alike share it. */
export function putFindings(database: Database, findings: readonly Finding[]): number {
  const texts = findings.map((finding) => JSON.stringify(finding));
  const digest = digestOf(texts.join("\n"));
  const row = database.get<{ id: number }>("SELECT id FROM finding_list WHERE digest = ?", digest);
  if (row !== undefined) return row.id;
  const members = texts.map((text) => put(database, "finding", text, () => text));
  const open = members.filter((_, index) => findings[index]?.outcome !== "pass");
  const { fail, unknown, waived } = countFindings([], findings);
  return database.run(
    "INSERT INTO finding_list (digest, members, open, fail, unknown, waived) VALUES (?, ?, ?, ?, ?, ?)",
    digest,
    JSON.stringify(members),
    JSON.stringify(open),
    fail,
    unknown,
    waived,
  );
}

/** The ids of the findings of a list, in order; `open`: of those that are not a pass. */
export function memberIds(database: Database, list: number, which: "members" | "open" = "members"): number[] {
  const sql = `SELECT ${which} AS ids FROM finding_list WHERE id = ?`;
  const row = database.get<{ ids: string }>(sql, list);
  if (row === undefined) throw damaged(database.file, "a list of findings is missing");
  return JSON.parse(row.ids) as number[];
}

/** Reads lists of findings; hosts that share a finding share the object. Errors: CurfewError `input` for damaged ones. */
export function createFindingReader(database: Database): {
  readonly finding: (id: number) => Finding;
  readonly list: (id: number) => readonly Finding[];
  /** Those of a list that are not a pass. */
  readonly open: (id: number) => readonly Finding[];
} {
  const findings = new Map<number, Finding>();
  const lists = {
    members: new Map<number, readonly Finding[]>(),
    open: new Map<number, readonly Finding[]>(),
  };
  const finding = (id: number): Finding => {
    const known = findings.get(id) ?? readFinding(database, id);
    findings.set(id, known);
    return known;
  };
  const read =
    (which: "members" | "open") =>
    (id: number): readonly Finding[] => {
      const known = lists[which].get(id) ?? memberIds(database, id, which).map(finding);
      lists[which].set(id, known);
      return known;
    };
  return { finding, list: read("members"), open: read("open") };
}

function readFinding(database: Database, id: number): Finding {
  type Row = { readonly digest: Uint8Array; readonly body: string };
  const row = database.get<Row>("SELECT digest, body FROM finding WHERE id = ?", id);
  if (row === undefined) throw damaged(database.file, "a finding is missing");
  return JSON.parse(checked(database, row.body, row.digest)) as Finding;
}

/** The id of the row whose text has that digest; it is made where there is none. */
function put(
  database: Database,
  table: "content" | "finding",
  text: string,
  value: () => string | Uint8Array,
): number {
  const digest = digestOf(text);
  const row = database.get<{ id: number }>(`SELECT id FROM ${table} WHERE digest = ?`, digest);
  return row?.id ?? database.run(`INSERT INTO ${table} (digest, body) VALUES (?, ?)`, digest, value());
}

/** An audit is evidence: what was changed behind curfew's back, or by a failing disk, is not shown as found. */
function checked({ file }: Database, text: string, digest: Uint8Array): string {
  if (digestOf(text).equals(digest)) return text;
  throw damaged(file, "a part of an audit is not what was stored");
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
