import { z } from "zod";
import { CHECKS, type CheckId } from "../../model/verdict/check.ts";
import type { Plan } from "../../model/change/plan.ts";
import { CONTROL_IDS } from "../../controls/registry.ts";
import { ACTIVITIES, FATES } from "../../model/facts/session.ts";
import { SESSION_KINDS } from "../../model/terms/session-kind.ts";
import { COUNTED } from "../../core/verdict/outcome.ts";

export const digest = z.string().regex(/^[0-9a-f]{64}$/u, "a sha256 in hexadecimal");
export const line = z.string().regex(/^[^\u0000-\u001f\u007f]*$/u, "one line without control characters");
const path = line.startsWith("/", "an absolute path").max(4096);
const control = z.enum(CONTROL_IDS);
const id = z.number().int().min(0).max(0xffffffff);
const risk = z.enum(["login", "shell", "service"]);
// Controls bring their own; the guard refuses what none of them has.
const activation = z.string().regex(/^[a-z][a-z0-9-]{0,60}$/u, "the name of an activation");
const kind = z.enum(SESSION_KINDS);

const fileState = z.strictObject({
  content: z.string(),
  mode: z.string().regex(/^[0-7]{4}$/u, "four octal digits"),
  uid: id,
  gid: id,
});

const change = z.strictObject({
  control,
  path,
  action: z.enum(["create", "update", "remove"]),
  before: fileState.nullable(),
  after: fileState.nullable(),
  reason: z.string(),
  risk,
  activation: activation.nullable(),
});

const amount = z.number().int().nonnegative();

export const finding = z.strictObject({
  check: z.enum(Object.keys(CHECKS) as [CheckId, ...CheckId[]]),
  control: z.union([control, z.literal("host")]),
  role: z.string(),
  rule: z.string().exactOptional(),
  subject: z.string().exactOptional(),
  expected: z.string(),
  actual: z.string(),
  source: z.string(),
  evidence: z.enum(["configured", "effective", "demonstrated"]),
  outcome: z.enum(COUNTED),
  waiver: z.string().exactOptional(),
  level: z.enum(["medium", "high"]).exactOptional(),
  counts: z.strictObject({ attempts: amount, connections: amount, addresses: amount }).exactOptional(),
});

export const errorDataSchema = z.strictObject({
  code: z.enum([
    "usage",
    "input",
    "unreachable",
    "host-key",
    "auth",
    "escalation",
    "unsupported",
    "stale-plan",
    "lost-lines",
    "locked",
    "hurt",
    "invalid-config",
    "remote",
    "timeout",
    "interrupted",
    "internal",
  ]),
  message: z.string(),
  hint: z.string().exactOptional(),
});

const session = z.strictObject({
  service: line.exactOptional(),
  unread: z.string().exactOptional(),
  user: line,
  groups: z.array(line).nullable(),
  from: line.nullable(),
  terminal: line.nullable(),
  seconds: z.number().min(0),
  idle: z.number().min(0).nullable(),
  activity: z.enum(ACTIVITIES),
  what: z.string(),
  fate: z.enum(FATES),
  within: z.number().min(0).nullable(),
  limit: z.number().positive().nullable(),
  role: z.string().nullable(),
  by: z.string().nullable(),
  reason: z.string().exactOptional(),
});

export const hostPlan = z.strictObject({
  host: line.min(1),
  // Empty for a host that could not be read.
  factsDigest: z.union([digest, z.literal("")]),
  description: z.string(),
  changes: z.array(change),
  activations: z.array(activation),
  expectations: z.array(z.strictObject({ role: z.string(), user: line, lines: z.array(line) })),
  findings: z.array(finding),
  coverage: z.array(
    z.strictObject({
      control,
      role: z.string(),
      kind,
      within: z.number().positive(),
      limit: z.number().positive().exactOptional(),
    }),
  ),
  uncaught: z.array(z.strictObject({ role: z.string(), kind, reason: z.string() })),
  sessions: z
    .union([
      z.strictObject({ state: z.literal("known"), value: z.array(session) }),
      z.strictObject({ state: z.literal("absent") }),
      z.strictObject({ state: z.literal("unreadable"), reason: z.string() }),
    ])
    .exactOptional(),
  error: errorDataSchema.exactOptional(),
});

/** A saved plan without `summary`, `outcome` and `integrity`. Strict: nothing unknown passes. */
export const planSchema: z.ZodType<Plan> = z.strictObject({
  schema: z.literal("curfew/plan/1"),
  createdAt: z.iso.datetime(),
  policy: z.strictObject({ file: line, digest }),
  inventory: z.strictObject({ sources: z.array(line), digest, limit: line }),
  hosts: z.array(hostPlan),
});
