/** What commands about a Teleport gateway print with --json. */
import { z } from "zod";
import { at, wholeNumber, counted, judged, seconds } from "../options/answer-schema.ts";

/** What `curfew teleport check`, `explain` and `render` print with --json: one of three documents. */
export function teleportSchema(): z.ZodType {
  const policy = z.strictObject({ name: z.string(), file: z.string(), digest: z.string() });
  const session = z.strictObject({
    id: z.string(),
    title: z.string(),
    ends: z.enum(["in-time", "never", "unproven"]),
    why: z.string(),
  });
  const check = z.strictObject({
    schema: z.literal("curfew/teleport-check/1"),
    summary: z.strictObject({ files: wholeNumber, ...counted }),
    policy,
    digest: z.string(),
    sessions: z.array(session),
    hosts: z.array(z.strictObject(judged)),
  });
  const limit = z.strictObject({
    who: z.string(),
    seconds,
    text: z.string(),
    place: z.string(),
    known: z.boolean(),
  });
  const explain = z.strictObject({
    schema: z.literal("curfew/teleport-explain/1"),
    summary: z.strictObject({ user: z.string(), seconds, outcome: z.enum(["known", "unknown"]) }),
    limit: limit.nullable(),
    user: z.string(),
    roles: z.array(z.string()),
    weighed: z.array(limit),
    afterStart: limit.nullable().optional(),
    certificate: z.string().optional(),
  });
  const rendered = z.strictObject({
    at,
    subject: z.string(),
    before: z.string(),
    after: z.string().nullable(),
    text: z.string(),
    owned: z.boolean(),
  });
  const render = z.strictObject({
    schema: z.literal("curfew/teleport-render/1"),
    summary: z.strictObject({ changed: wholeNumber, unchanged: wholeNumber, missing: wholeNumber }),
    missing: z.array(z.string()),
    documents: z.array(rendered),
  });
  return z.union([check, explain, render]).meta({ title: "curfew teleport --json" });
}
