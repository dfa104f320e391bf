import { z } from "zod";
import type { AuditedHost, AuditEnd, AuditHeader, ProfileInfo } from "../../model/record/audit.ts";
import type { AppliedHost, AppliedRun } from "../../model/record/history-views.ts";
import type { LadderCell } from "../../model/verdict/finding.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { SESSION_KINDS } from "../../model/terms/session-kind.ts";
import { digest, errorDataSchema, finding, line } from "../run/plan-schema.ts";

/** One line of an exported history. `hosts`: the names of all that were to be judged. */
export type HistoryLine =
  | { readonly type: "run"; readonly header: AuditHeader; readonly hosts: readonly string[] }
  | { readonly type: "host"; readonly host: AuditedHost }
  | { readonly type: "end"; readonly end: AuditEnd }
  | { readonly type: "broken-off"; readonly at: string }
  | { readonly type: "applied"; readonly applied: AppliedRun };

/** A field that was added to a type must be added here, optional ones too: what is not named here is refused. */
type Keys<T> = Readonly<Record<keyof T, z.ZodType>>;

const time = z.iso.datetime();
const seconds = z.number().nonnegative();
const name = line.min(1).max(256);

const runId = z.string().regex(/^\d{8}T\d{6}Z-[a-z]{1,20}-[0-9a-f]{8}$/u, "the id of a run");

const profile = z.strictObject({
  id: line.min(1),
  title: line,
  version: line,
  rules: z.array(
    z.strictObject({
      id: line,
      title: line,
      severity: z.enum(["high", "medium", "low"]),
      references: z.array(line),
    }),
  ),
} satisfies Keys<ProfileInfo>);

/** What is stored and, with the hosts, printed as `curfew/audit/1`; schema.ts makes a JSON Schema of it. */
export const header = z.strictObject({
  schema: z.literal("curfew/audit/1"),
  runId,
  startedAt: time,
  curfew: line,
  policy: z.strictObject({ name: line, file: line, digest }),
  profile: profile.nullable(),
  profiles: z.array(profile).exactOptional(),
  inventory: z.strictObject({ sources: z.array(line), digest, limit: line }),
  sessions: z.array(z.enum(SESSION_KINDS)),
  verified: z.boolean(),
  scaled: seconds.exactOptional(),
  scope: line.max(500).exactOptional(),
  assessor: line.max(500).exactOptional(),
} satisfies Keys<AuditHeader>);

const rung = z.strictObject({ by: z.string(), seconds: seconds.nullable(), source: z.string() }).nullable();

export const cell: z.ZodType<LadderCell> = z.strictObject({
  role: z.string(),
  kind: z.enum(SESSION_KINDS),
  expect: z.enum(["dropped", "kept"]),
  limit: seconds.nullable(),
  configured: rung,
  effective: rung,
  demonstrated: rung,
  outcome: z.enum(["pass", "fail", "unknown", "waived"]),
  evidence: z.enum(["configured", "effective", "demonstrated"]).nullable(),
  reason: z.string().exactOptional(),
} satisfies Keys<LadderCell>);

export const probe: z.ZodType<ProbeResult> = z.strictObject({
  session: z.enum(SESSION_KINDS),
  role: z.string(),
  user: z.string(),
  via: z.enum(["live", "shadow"]),
  variant: z.enum(["stopped", "network-gone"]).exactOptional(),
  client: z.enum(["ssh", "ssh2"]).exactOptional(),
  scaled: seconds.exactOptional(),
  expect: z.enum(["dropped", "kept"]),
  withinSeconds: seconds,
  droppedAfterSeconds: seconds.nullable(),
  by: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/u, "the name of a mechanism"),
  outcome: z.enum(["pass", "fail", "unknown"]),
  clientSaw: z.string(),
  orphans: z.array(z.string()).exactOptional(),
  reason: z.string(),
} satisfies Keys<ProbeResult>);

export const evidenceFile = z.strictObject({
  path: line,
  sha256: digest,
  bytes: z.number().int().nonnegative(),
  title: z.string(),
});

export const host = z.strictObject({
  host: name,
  outcome: z.enum(["pass", "fail", "unknown"]),
  description: z.string(),
  profile: line.exactOptional(),
  findings: z.array(finding),
  ladder: z.array(cell),
  probes: z.array(probe),
  drift: z.array(z.strictObject({ path: z.string(), diff: z.string() })),
  evidence: z.array(evidenceFile),
  error: errorDataSchema.exactOptional(),
} satisfies Keys<AuditedHost>);

export const end = z.strictObject({ finishedAt: time, findings: z.array(finding) } satisfies Keys<AuditEnd>);

const applied: z.ZodType<AppliedRun> = z.strictObject({
  runId,
  command: line.min(1).max(40),
  owner: z.string(),
  startedAt: time,
  finishedAt: time.nullable(),
  curfew: line,
  policy: z.strictObject({ name: line, digest }).nullable(),
  hosts: z.array(
    z.strictObject({
      host: name,
      outcome: z.enum(["unchanged", "confirmed", "rolled-back", "failed", "unknown", "skipped"]),
      message: z.string().exactOptional(),
      changed: z.array(z.string()),
    } satisfies Keys<AppliedHost>),
  ),
} satisfies Keys<AppliedRun>);

/** One line of an exported history, strictly: what is taken in will be reported as found. */
export const historyLineSchema: z.ZodType<HistoryLine> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("run"), header, hosts: z.array(name) }),
  z.strictObject({ type: z.literal("host"), host }),
  z.strictObject({ type: z.literal("end"), end }),
  z.strictObject({ type: z.literal("broken-off"), at: time }),
  z.strictObject({ type: z.literal("applied"), applied }),
]);
