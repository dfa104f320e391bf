/** What comes out of the database, strictly: both ends take it for hostile input. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { hostNameProblem, isDestination, isGroupName, isLogin } from "../../core/text/destination.ts";
import { readJson } from "../../core/text/json.ts";
import { visible } from "../../core/text/visible.ts";
import type { HostResult } from "../../model/change/run.ts";
import { SESSION_KINDS } from "../../model/terms/session-kind.ts";
import {
  type HostAnswer,
  type SharedWork,
  type QueuedHost,
  type TravellingHost,
  WORK_KINDS,
} from "../../model/record/shared-work.ts";
import { cell, evidenceFile, host as auditedHost, probe } from "../history-record/schema.ts";
import { digest, errorDataSchema, finding, hostPlan, line } from "../run/plan-schema.ts";

/** An answer with all its evidence is far smaller. */
export const LARGEST_ANSWER = 64 * 1024 * 1024;
const MOST_GROUPS = 2000;

const text = (holds: (value: string) => boolean, message: string) => z.string().refine(holds, message);
const roleName = line.min(1).max(256);

/** The same rules as for a file: nothing that ssh, a shell or a pattern would read as its own. */
const travellingHost: z.ZodType<TravellingHost> = z.strictObject({
  name: text((value) => hostNameProblem(value) === undefined, "the name of a host"),
  address: text(isDestination, "a DNS name or an IP address"),
  port: z.number().int().min(1).max(65_535).exactOptional(),
  user: text(isLogin, "a login name").exactOptional(),
  become: z.strictObject({ method: z.enum(["none", "sudo"]) }).exactOptional(),
  groups: z.array(text(isGroupName, "the name of a group")).max(MOST_GROUPS),
});

/** What an integer of PostgreSQL holds. */
const LARGEST = 2_147_483_647;

export const jobSchema: z.ZodType<QueuedHost> = z.strictObject({
  run: z.number().int().positive().max(LARGEST),
  runId: line.min(1).max(256),
  position: z.number().int().nonnegative().max(LARGEST),
  host: travellingHost,
  approved: z.strictObject({ facts: digest, changes: digest }).exactOptional(),
  look: z.literal(true).exactOptional(),
});

const DAY = 24 * 3600;

const sharedChange = z.strictObject({
  owner: text(
    (value) => value !== "" && value.length <= 300 && visible(value) === value,
    "a name on one line",
  ),
  confirmWithin: z.number().positive().max(DAY),
  acceptLostLines: z.boolean(),
});

const workSchema: z.ZodType<SharedWork> = z
  .strictObject({
    kind: z.enum(WORK_KINDS),
    policy: z.unknown(),
    sessions: z.array(z.enum(SESSION_KINDS)),
    verify: z.boolean(),
    roles: z.array(roleName).exactOptional(),
    scaled: z.number().int().min(1).max(999_999).exactOptional(),
    connectTimeout: z
      .number()
      .positive()
      .max(7 * DAY),
    apply: sharedChange.exactOptional(),
  })
  .refine(({ kind, apply }) => (kind === "apply") === (apply !== undefined));

const evidence = z.array(
  z.strictObject({ name: line.min(1).max(500), title: z.string(), content: z.string() }),
);

const verification = z.strictObject({
  host: line.min(1),
  probes: z.array(probe),
  findings: z.array(finding),
  ladder: z.array(cell).exactOptional(),
  evidence: z.array(evidenceFile).exactOptional(),
  error: errorDataSchema.exactOptional(),
});

/** What a worker may say of a host that it was to change; that it left it alone is its coordinator's to say. */
const result: z.ZodType<HostResult> = z.strictObject({
  host: line.min(1),
  outcome: z.enum(["unchanged", "confirmed", "rolled-back", "failed", "unknown"]),
  message: z.string().exactOptional(),
  error: errorDataSchema.exactOptional(),
  changed: z.array(z.string()).exactOptional(),
});

const answerSchema: z.ZodType<HostAnswer> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("audit"), host: auditedHost, evidence }),
  z.strictObject({ kind: z.literal("plan"), host: hostPlan }),
  z.strictObject({ kind: z.literal("verify"), host: verification, evidence }),
  z.strictObject({ kind: z.literal("apply"), host: result }),
  z.strictObject({ kind: z.literal("none"), error: errorDataSchema }),
]);

/** Undefined for what is not a run of this curfew. */
export function readWork(stored: string): SharedWork | undefined {
  const work = workSchema.safeParse(readJson(stored));
  return work.success ? work.data : undefined;
}

export function packAnswer(answer: HostAnswer): Buffer {
  return deflateRawSync(JSON.stringify(answer));
}

/** What a worker wrote, and its bytes; an error in its place where that is not an answer of this curfew. */
export function unpackAnswer(packed: Buffer): { readonly answer: HostAnswer; readonly size: number } {
  let size = 0;
  try {
    const json = inflateRawSync(packed, { maxOutputLength: LARGEST_ANSWER });
    size = json.length;
    return { answer: answerSchema.parse(JSON.parse(json.toString("utf8"))), size };
  } catch {
    const message = "the answer of the worker cannot be read, so nothing is taken from it";
    return { answer: { kind: "none", error: { code: "internal", message } }, size };
  }
}
