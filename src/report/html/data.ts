/**
 * The details of every host as JSON for the page's script, small enough for a thousand hosts: every
 * text and every equal record is there once and referred to by number. All text is visible already,
 * and nothing in it can end the script element that it stands in.
 */
import { visible, visibleLines } from "../../core/text/visible.ts";
import type { AuditedHost, AuditRun } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { Finding, LadderCell, Rung } from "../../model/verdict/finding.ts";
import type { EvidenceFile } from "../../model/verdict/evidence.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { SESSION_KINDS } from "../../model/terms/session-kind.ts";
import { reasonKey, type Reason } from "./reasons.ts";

/** Characters of diffs and of what clients saw that one page carries at most. */
const LONG_TEXT = 4_000_000;
const LEFT_OUT = "Left out to keep this page small; the JSON report has it.";

type Packed = readonly (number | string | boolean | null | Packed)[];

/**
 * JSON text in chunks; without `<`, `>` and `&`, which would mean something to an HTML parser.
 * The shape is read by `templates/report/data.js`.
 */
export function* pageData(run: AuditRun, reasons: readonly Reason[]): Iterable<string> {
  const pack = createPack(reasons);
  const hosts = run.hosts.map((host) => json(pack.host(host)));
  const rules = (run.profile?.rules ?? []).map(({ id, title, severity }) => [
    visible(id),
    visible(title),
    severity,
  ]);
  const head = {
    checks: CHECKS,
    kinds: SESSION_KINDS,
    judged: run.sessions,
    rules,
    fleet: run.findings.map(pack.finding),
  };
  yield `${json(head).slice(0, -1)},"hosts":[`;
  for (const [index, host] of hosts.entries()) yield index === 0 ? host : `,\n${host}`;
  yield "]";
  for (const [name, records] of pack.tables()) {
    yield `,\n"${name}":[`;
    for (let from = 0; from < records.length; from += 500) {
      yield `${from === 0 ? "" : ","}${records.slice(from, from + 500).join(",")}`;
    }
    yield "]";
  }
  yield "}";
}

/** The address of an evidence file beside the page, or null where the path leaves the run's directory. */
export function evidenceAddress(path: string): string | null {
  const segments = path.toWellFormed().split("/");
  const outside = segments.some((segment) => segment === "" || segment === "." || segment === "..");
  return outside ? null : `./${segments.map((segment) => encodeURIComponent(segment)).join("/")}`;
}

function createPack(reasons: readonly Reason[]) {
  const { text, longText, texts } = createTexts();
  const reasonIds = new Map(reasons.map(({ key, id }) => [key, id]));
  const [findings, cells, probes] = [createTable(), createTable(), createTable()];
  const finding = (item: Finding): number => {
    const { check, control, role, rule, subject, expected, actual, source, evidence, outcome, waiver } = item;
    const words = [check, control, role, rule, subject, expected, actual, source, evidence, outcome, waiver];
    return findings.add([...words.map(text), reasonIds.get(reasonKey(item)) ?? 0]);
  };
  const rung = (item: Rung | null): Packed | null =>
    item === null ? null : [text(item.by), item.seconds, text(item.source)];
  const cell = (item: LadderCell): number => {
    const { role, kind, expect, limit, configured, effective, demonstrated, outcome, evidence, reason } =
      item;
    const rungs = [rung(configured), rung(effective), rung(demonstrated)];
    const judged = [text(outcome), text(evidence), text(reason)];
    return cells.add([text(role), text(kind), text(expect), limit, ...rungs, ...judged]);
  };
  const probe = (item: ProbeResult): number => {
    const { session, role, user, via, scaled, expect, withinSeconds, droppedAfterSeconds, by } = item;
    const times = [scaled ?? null, withinSeconds, droppedAfterSeconds];
    const seen = [text(item.outcome), longText(item.clientSaw.trim()), text(item.reason)];
    const orphans = text(item.orphans?.join(", "));
    return probes.add([...[session, role, user, via, expect, by].map(text), ...times, ...seen, orphans]);
  };
  const evidence = ({ path, sha256, bytes, title }: EvidenceFile): Packed => {
    return [text(path), evidenceAddress(path), visible(sha256), bytes, text(title)];
  };
  const host = ({ drift, error, ...rest }: AuditedHost): Packed => [
    visible(rest.host),
    rest.outcome,
    text(rest.description),
    rest.findings.map(finding),
    rest.ladder.map(cell),
    rest.probes.map(probe),
    drift.map(({ path, diff }) => [text(path), longText(diff)]),
    rest.evidence.map(evidence),
    error === undefined ? null : [text(error.message), text(error.hint)],
  ];
  const tables = (): [string, readonly string[]][] => [
    ["findings", findings.rows],
    ["cells", cells.rows],
    ["probes", probes.rows],
    ["texts", texts.map(json)],
  ];
  return { finding, host, tables };
}

/** Every text once; -1 is none. */
function createTexts() {
  const texts: string[] = [];
  const known = new Map<string, number>();
  let room = LONG_TEXT;
  const add = (raw: string, spell: (raw: string) => string): number => {
    const index = known.get(raw);
    if (index !== undefined) return index;
    known.set(raw, texts.length);
    return texts.push(spell(raw)) - 1;
  };
  const text = (raw: string | null | undefined): number => add(raw ?? "", visible);
  const longText = (raw: string): number => {
    const key = `long:${raw}`;
    if (!known.has(key)) room -= raw.length;
    return room < 0 && !known.has(key) ? text(LEFT_OUT) : add(key, () => visibleLines(raw));
  };
  return { text, longText, texts };
}

/** Equal records once. */
function createTable() {
  const rows: string[] = [];
  const known = new Map<string, number>();
  const add = (record: Packed): number => {
    const row = json(record);
    const index = known.get(row);
    if (index !== undefined) return index;
    known.set(row, rows.length);
    return rows.push(row) - 1;
  };
  return { rows, add };
}

function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&]/gu,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
