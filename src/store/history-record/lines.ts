/** The history as JSON lines: to keep elsewhere, to move, to read with other tools. */
import { visibleJson } from "../../core/text/visible.ts";
import { shown } from "../../core/text/nearest.ts";
import type { AuditedHost, AuditEnd, AuditHeader } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { AppliedRun } from "../../model/record/history-views.ts";
import { type HistoryLine, historyLineSchema } from "./schema.ts";
import type { StoredEnd, StoredHead } from "./run.ts";

/** The line before a run's hosts, with its line feed. */
export function headLine({ header, planned }: StoredHead): string {
  return lineText({ type: "run", header, hosts: planned });
}

/** The line of a host. */
export function hostLine(host: AuditedHost): string {
  return lineText({ type: "host", host });
}

/** The line after a run's hosts. */
export function endLine({ findings }: StoredHead, { finished, written }: Omit<StoredEnd, "state">): string {
  if (finished === null) return lineText({ type: "broken-off", at: written });
  return lineText({ type: "end", end: { finishedAt: finished, findings } });
}

/** The line of a run that changed hosts. */
export function appliedLine(applied: AppliedRun): string {
  return lineText({ type: "applied", applied });
}

function lineText(line: HistoryLine): string {
  return `${visibleJson(JSON.stringify(line))}\n`;
}

/** A run whose end has not been read yet. */
interface Pending {
  readonly line: number;
  readonly header: AuditHeader;
  readonly planned: readonly string[];
  readonly hosts: Map<string, AuditedHost>;
}

/** A run as it was exported. */
export interface ImportedRun {
  readonly header: AuditHeader;
  readonly planned: readonly string[];
  readonly hosts: readonly AuditedHost[];
  /** ISO time of the last word of it. */
  readonly written: string;
  /** Undefined: it was broken off. */
  readonly end: AuditEnd | undefined;
}

/** A history that takes in what was exported. */
export interface ImportTarget {
  /** Stores a run whole or not at all; false where it is there already. */
  run(run: ImportedRun): Promise<boolean>;
  /** One that is there already stays as it is. */
  applied(applied: AppliedRun): Promise<void>;
}

/**
 * Takes in what was exported; memory for one run. Runs read before an error stay. Returns how many were new.
 * Errors: CurfewError `input` with the number of the line; those of `into`.
 *
 */
export async function importRuns(lines: AsyncIterable<string>, into: ImportTarget): Promise<number> {
  let pending: Pending | undefined;
  let added = 0;
  let number = 0;
  const refuse = (reason: string): never => refuseLine(number, reason, added);
  for await (const text of lines) {
    number += 1;
    if (text.trim() === "") continue;
    const line = parseLine(text, refuse);
    if (line.type === "applied") {
      await into.applied(line.applied);
    } else if (line.type === "run") {
      if (pending !== undefined) refuse(`the audit that began in line ${pending.line} has no end`);
      pending = { line: number, header: line.header, planned: line.hosts, hosts: new Map() };
    } else if (pending === undefined) {
      refuse("a line before the first audit");
    } else if (line.type === "host") {
      if (pending.hosts.has(line.host.host)) refuse(`${shown(line.host.host)} is there twice`);
      pending.hosts.set(line.host.host, line.host);
    } else {
      added += (await into.run(importedRun(pending, line))) ? 1 : 0;
      pending = undefined;
    }
  }
  number += 1;
  if (pending !== undefined) refuse(`the end of the audit that began in line ${pending.line} is missing`);
  return added;
}

function importedRun(
  { header, planned, hosts }: Pending,
  line: Extract<HistoryLine, { type: "end" | "broken-off" }>,
): ImportedRun {
  const end = line.type === "end" ? line.end : undefined;
  const written = line.type === "end" ? line.end.finishedAt : line.at;
  return { header, planned, hosts: [...hosts.values()], written, end };
}

function refuseLine(number: number, reason: string, added: number): never {
  const before = added === 1 ? "the audit before it is stored" : `${added} audits before it are stored`;
  throw new CurfewError("input", `line ${number}: ${reason}`, {
    hint: added === 0 ? "curfew history import takes what curfew history export wrote" : before,
  });
}

function parseLine(text: string, refuse: (reason: string) => never): HistoryLine {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return refuse("not JSON");
  }
  const result = historyLineSchema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return refuse(`${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "not a line of a history"}`);
}
