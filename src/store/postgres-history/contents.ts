/** What many hosts and many runs have in common, stored once and named by its sha256. */
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { countFindings } from "../../core/audit/summary.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { DatabaseSession } from "../postgres/session.ts";

/** Below this, deflate saves less than a page would notice. */
const SHORT = 200;
/** Ids that a writer remembers of each table. */
const MOST_KNOWN = 50_000;

type Table = "finding" | "finding_list" | "content";

/** A row that is to be there, by its digest. */
interface Item {
  readonly digest: string;
  readonly values: readonly unknown[];
}

const COLUMNS: Readonly<Record<Table, readonly (readonly [name: string, type: string])[]>> = {
  finding: [["body", "text"]],
  finding_list: [
    ["members", "text"],
    ["open", "text"],
    ["pass", "int"],
    ["fail", "int"],
    ["unknown", "int"],
    ["waived", "int"],
  ],
  content: [
    ["body", "text"],
    ["packed", "bytea"],
  ],
};

const ARRAYS: ReadonlySet<string> = new Set(["members", "open"]);

/** Ids by digest, as far as this process has seen them and they are still there. */
export interface Known {
  readonly tables: Readonly<Record<Table, Map<string, number>>>;
  readonly hosts: Map<string, number>;
  generation: number;
}

export function createKnown(): Known {
  const tables = { finding: new Map(), finding_list: new Map(), content: new Map() };
  return { tables, hosts: new Map(), generation: -1 };
}

/** Forgets all where contents were taken away meanwhile, or what is remembered has become much. */
export function refreshKnown(known: Known, generation: number): void {
  const all = [...Object.values(known.tables), known.hosts];
  const gone = known.generation !== generation;
  for (const map of all) if (gone || map.size > MOST_KNOWN) map.clear();
  known.generation = generation;
}

/** The ids of these data, as JSON, in order; null stays null. Runs in a transaction. */
export async function putContents(
  session: DatabaseSession,
  known: Known,
  data: readonly unknown[],
): Promise<(number | null)[]> {
  const items = data.map((each) => (each === null ? null : contentItem(JSON.stringify(each))));
  const ids = await put(
    session,
    known,
    "content",
    items.filter((item) => item !== null),
  );
  return items.map((item) => (item === null ? null : idOf(ids, item.digest)));
}

function contentItem(text: string): Item {
  const short = text.length < SHORT;
  return { digest: hexDigest(text), values: short ? [text, null] : [null, deflateRawSync(text)] };
}

/** The ids of these lists of findings, in order. Runs in a transaction. */
export async function putFindingLists(
  session: DatabaseSession,
  known: Known,
  lists: readonly (readonly Finding[])[],
): Promise<number[]> {
  const texts = lists.map((list) => list.map((finding) => JSON.stringify(finding)));
  const items = texts.flat().map((text) => ({ digest: hexDigest(text), values: [text] }));
  const findings = await put(session, known, "finding", items);
  const rows = lists.map((list, index) => listItem(list, texts[index] ?? [], findings));
  const ids = await put(session, known, "finding_list", rows);
  return rows.map(({ digest }) => idOf(ids, digest));
}

function listItem(
  list: readonly Finding[],
  texts: readonly string[],
  ids: ReadonlyMap<string, number>,
): Item {
  const { pass, fail, unknown, waived } = countFindings([], list);
  const members = texts.map((text) => idOf(ids, hexDigest(text)));
  const open = members.filter((_, index) => list[index]?.outcome !== "pass");
  return {
    digest: hexDigest(texts.join("\n")),
    values: [`{${members.join(",")}}`, `{${open.join(",")}}`, pass, fail, unknown, waived],
  };
}

/**
 * Somebody else may put the same in at the same time: in the order of digests nobody waits for somebody who waits for
 * them, and what the other one has put in is there once it has been waited for.
 */
async function put(
  session: DatabaseSession,
  known: Known,
  table: Table,
  items: readonly Item[],
): Promise<ReadonlyMap<string, number>> {
  const ids = known.tables[table];
  const missing = (): Item[] => [
    ...new Map(items.filter(({ digest }) => !ids.has(digest)).map((item) => [item.digest, item])).values(),
  ];
  const look = async (): Promise<void> => {
    const wanted = missing().map(({ digest }) => Buffer.from(digest, "hex"));
    if (wanted.length === 0) return;
    remember(
      ids,
      await session.rows<Row>(`SELECT id, digest FROM curfew.${table} WHERE digest = ANY($1::bytea[])`, [
        wanted,
      ]),
    );
  };
  await look();
  const fresh = missing().toSorted((left, right) => (left.digest < right.digest ? -1 : 1));
  if (fresh.length > 0) remember(ids, await insert(session, table, fresh));
  await look();
  return ids;
}

/** A row by its content. */
interface Row {
  readonly id: number;
  readonly digest: Buffer;
}

function remember(ids: Map<string, number>, rows: readonly Row[]): void {
  for (const { id, digest } of rows) ids.set(digest.toString("hex"), id);
}

function insert(session: DatabaseSession, table: Table, items: readonly Item[]): Promise<Row[]> {
  const columns = COLUMNS[table];
  const names = columns.map(([name]) => name).join(", ");
  const types = columns.map(([, type], index) => `$${index + 2}::${type}[]`).join(", ");
  // An array of arrays is not what unnest would take apart.
  const chosen = columns.map(([name]) => (ARRAYS.has(name) ? `${name}::bigint[]` : name)).join(", ");
  return session.rows<Row>(
    `INSERT INTO curfew.${table} (digest, ${names})
     SELECT digest, ${chosen} FROM unnest($1::bytea[], ${types}) AS new (digest, ${names})
     ON CONFLICT (digest) DO NOTHING RETURNING id, digest`,
    [
      items.map(({ digest }) => Buffer.from(digest, "hex")),
      ...columns.map((_, index) => items.map(({ values }) => values[index])),
    ],
  );
}

function idOf(ids: ReadonlyMap<string, number>, digest: string): number {
  const id = ids.get(digest);
  if (id === undefined) throw new Error("a part of an audit was stored and is not there");
  return id;
}

/** The sha256 of a text, in hex. */
export function hexDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
