/** What many hosts and many runs have in common, stored once and named by its sha256. */
import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Finding } from "../../model/finding.ts";
import type { Database } from "./database.ts";
import { damaged } from "./error.ts";

/** Below this, deflate saves less than a page would notice. */
const SHORT = 200;
/** No part of a host comes near; a damaged row must not fill the memory. */
const LONGEST = 256 * 1024 * 1024;

/** The id of that data, as JSON, stored now or earlier. */
export function putContent(database: Database, data: unknown): number {
  const text = JSON.stringify(data);
  return put(database, "content", "body", text, () => (text.length < SHORT ? text : deflateRawSync(text)));
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
  const members = (): string =>
    JSON.stringify(texts.map((text) => put(database, "finding", "body", text, () => text)));
  return put(database, "finding_list", "members", texts.join("\n"), members);
}

/** The ids of the findings of a list, in order. */
export function memberIds(database: Database, list: number): number[] {
  const row = database.get<{ members: string }>("SELECT members FROM finding_list WHERE id = ?", list);
  if (row === undefined) throw damaged(database.file, "a list of findings is missing");
  return JSON.parse(row.members) as number[];
}

/** Reads lists of findings; hosts that share a finding share the object. Errors: CurfewError `input` for damaged ones. */
export function createFindingReader(database: Database): {
  readonly finding: (id: number) => Finding;
  readonly list: (id: number) => readonly Finding[];
} {
  const findings = new Map<number, Finding>();
  const lists = new Map<number, readonly Finding[]>();
  const finding = (id: number): Finding => {
    const known = findings.get(id) ?? readFinding(database, id);
    findings.set(id, known);
    return known;
  };
  const list = (id: number): readonly Finding[] => {
    const known = lists.get(id) ?? memberIds(database, id).map(finding);
    lists.set(id, known);
    return known;
  };
  return { finding, list };
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
  table: "content" | "finding" | "finding_list",
  column: "body" | "members",
  text: string,
  value: () => string | Uint8Array,
): number {
  const digest = digestOf(text);
  const row = database.get<{ id: number }>(`SELECT id FROM ${table} WHERE digest = ?`, digest);
  return row?.id ?? database.run(`INSERT INTO ${table} (digest, ${column}) VALUES (?, ?)`, digest, value());
}

/** An audit is evidence: what was changed behind curfew's back, or by a failing disk, is not shown as found. */
function checked({ file }: Database, text: string, digest: Uint8Array): string {
  if (digestOf(text).equals(digest)) return text;
  throw damaged(file, "a part of an audit is not what was stored");
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
