/** Contents read back, many in one statement. */
import { inflateRawSync } from "node:zlib";
import { CurfewError } from "../../model/terms/error.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { hexDigest } from "./contents.ts";

/** No part of a host comes near; a damaged row must not fill the memory. */
const LONGEST = 256 * 1024 * 1024;

interface Row {
  readonly id: number;
  readonly digest: Buffer;
}

/** Reads contents back, each once however often it is asked for. Errors: CurfewError `input` for damaged ones. */
export interface StoredReader {
  /** Fetches what is missing of these; `get` has them afterwards. */
  fetch(ids: Iterable<number | null>): Promise<void>;
  get<T>(id: number): T;
  /** Fetches lists of findings, or what of them is not a pass; `list` and `open` have them afterwards. */
  fetchLists(ids: Iterable<number | null>, which?: "members" | "open"): Promise<void>;
  list(id: number): readonly Finding[];
  open(id: number): readonly Finding[];
}

export function createStoredReader(session: DatabaseSession, where: string): StoredReader {
  const contents = new Map<number, unknown>();
  const findings = new Map<number, Finding>();
  type Lists = Map<number, readonly Finding[]>;
  const lists = { members: new Map() as Lists, open: new Map() as Lists };
  return {
    async fetch(ids) {
      for (const row of await select<ContentRow>(session, "content", "body, packed", absent(ids, contents))) {
        contents.set(row.id, JSON.parse(checked(textOf(row, where), row.digest, where)));
      }
    },
    get: <T>(id: number) => need(contents, id, where, "a part of an audit is missing") as T,
    async fetchLists(ids, which = "members") {
      type ListRow = Row & { readonly ids: readonly (number | string)[] };
      const missing = absent(ids, lists[which]);
      const found = await select<ListRow>(session, "finding_list", `${which} AS ids`, missing);
      const members = new Map(found.map((row) => [row.id, row.ids.map(Number)]));
      const wanted = absent([...members.values()].flat(), findings);
      for (const row of await select<Row & { body: string }>(session, "finding", "body", wanted)) {
        findings.set(row.id, JSON.parse(checked(row.body, row.digest, where)) as Finding);
      }
      for (const [id, of] of members) {
        lists[which].set(
          id,
          of.map((member) => need(findings, member, where, "a finding is missing")),
        );
      }
    },
    list: (id) => need(lists.members, id, where, "a list of findings is missing"),
    open: (id) => need(lists.open, id, where, "a list of findings is missing"),
  };
}

function select<T>(
  session: DatabaseSession,
  table: "content" | "finding" | "finding_list",
  columns: string,
  ids: readonly number[],
): Promise<T[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return session.rows<T>(`SELECT id, digest, ${columns} FROM curfew.${table} WHERE id = ANY($1::bigint[])`, [
    ids,
  ]);
}

type ContentRow = Row & { readonly body: string | null; readonly packed: Buffer | null };

function textOf({ body, packed }: ContentRow, where: string): string {
  try {
    return body ?? inflateRawSync(packed ?? "", { maxOutputLength: LONGEST }).toString("utf8");
  } catch {
    throw damaged(where, "a part of an audit cannot be unpacked");
  }
}

function need<T>(map: ReadonlyMap<number, T>, id: number, where: string, what: string): T {
  const found = map.get(id);
  if (found === undefined) throw damaged(where, what);
  return found;
}

/** An audit is evidence: what was changed behind curfew's back is not shown as found. */
function checked(text: string, digest: Buffer, where: string): string {
  if (hexDigest(text) === digest.toString("hex")) return text;
  throw damaged(where, "a part of an audit is not what was stored");
}

function damaged(where: string, what: string): CurfewError {
  return new CurfewError("input", `${where} is damaged: ${what}`, {
    hint: "somebody changed its tables; a backup from before has what was stored",
  });
}

function absent(ids: Iterable<number | null>, known: ReadonlyMap<number, unknown>): number[] {
  return [...new Set(ids)].filter((id) => id !== null && !known.has(id)).map(Number);
}
