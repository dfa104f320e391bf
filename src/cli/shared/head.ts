/** What a coordinator leaves in the queue for another one that goes on with its run. */
import { z } from "zod";
import { shown } from "../../core/text/nearest.ts";
import type { AuditHeader } from "../../model/record/audit.ts";
import type { Host } from "../../model/inventory/host.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { SharedWork } from "../../model/record/shared-work.ts";
import { header as auditHeader } from "../../store/history-record/schema.ts";
import { digest, line } from "../../store/run/plan-schema.ts";
import type { Hosts, PolicyInput } from "../options/inputs.ts";

/** What is to be done. */
export interface SharedQuestion {
  readonly chosen: Hosts;
  readonly loaded: PolicyInput;
  readonly work: Omit<SharedWork, "policy" | "connectTimeout">;
}

export interface Head {
  readonly policy: string;
  readonly inventory: string;
  readonly limit: string;
  /** In the order of the queue's positions. */
  readonly hosts: readonly string[];
  /** Of an audit. */
  readonly header?: AuditHeader | undefined;
}

export const headSchema: z.ZodType<Head> = z.strictObject({
  policy: digest,
  inventory: digest,
  limit: line,
  hosts: z.array(line.min(1)),
  header: auditHeader.exactOptional(),
});

/**
 * A run goes on with the policy, the hosts and the question that it began with, or not at all: half its answers are there.
 * Errors: CurfewError `input` naming what differs.
 */
export function refuseOther(
  runId: string,
  { work, head }: { readonly work: SharedWork; readonly head: Head },
  { chosen, loaded, work: wanted }: SharedQuestion,
): void {
  const differs = [
    ...(work.kind === wanted.kind ? [] : [`the command (it is curfew ${work.kind})`]),
    ...(head.policy === loaded.source.digest ? [] : ["the policy"]),
    ...(head.inventory === chosen.source.digest ? [] : ["the inventory"]),
    ...(head.limit === chosen.source.limit ? [] : ["-l"]),
    ...(sameHosts(head.hosts, chosen.hosts) ? [] : ["the hosts"]),
    ...(questionOf(work) === questionOf(wanted) ? [] : ["--verify, --sessions, --role or --scaled"]),
  ];
  if (differs.length === 0) return;
  throw new CurfewError(
    "input",
    `the run ${shown(runId)} was begun otherwise; these differ: ${differs.join(", ")}`,
    {
      hint: "give the command as it was given then",
    },
  );
}

/** In the same order: answers are known by their position. */
function sameHosts(names: readonly string[], hosts: readonly Host[]): boolean {
  return names.length === hosts.length && hosts.every(({ name }, index) => name === names[index]);
}

function questionOf({
  sessions,
  verify,
  roles,
  scaled,
}: Omit<SharedWork, "policy" | "connectTimeout">): string {
  return JSON.stringify([sessions, verify, roles ?? null, scaled ?? null]);
}
