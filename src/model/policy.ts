/**
 * The policy as an administrator writes it, and the one place of its defaults and limits.
 * Field names are those of the file (Teleport's `client_idle_timeout`), so that messages,
 * schema and code say the same word. Durations are Seconds after parsing.
 */
import { z } from "zod";
import { parseDuration } from "./duration.ts";

/** The enforcement mechanisms a policy may choose among. */
export const CONTROL_IDS = ["sshd", "shell-timeout", "logind"] as const;
export type ControlId = (typeof CONTROL_IDS)[number];

/**
 * Names that reach a host file. Refused: control characters (a newline would add a directive),
 * the double quote and backslash (sshd's quoting differs by version), pattern characters and
 * commas (sshd_config(5) PATTERNS would widen the match), `:` and `/` (field separators of passwd).
 */
const NAME_MESSAGE =
  "a name must not contain control characters or any of \" \\ ' ` $ * ? ! , : / and must not start with -, a space or end with a space";
const name = z
  .string()
  .min(1)
  .max(256)
  // eslint-disable-next-line no-control-regex
  .regex(/^(?![- ])[^\u0000-\u001f\u007f-\u009f\u2028\u2029"\\'`$*?!,:/]*(?<! )$/u, NAME_MESSAGE)
  .meta({ description: "An account or group name, exactly as the host knows it" });

const duration = z
  .string()
  .max(32)
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds <= 7 * 24 * 3600) return seconds;
    context.addIssue({ code: "custom", message: "a duration such as 90s, 15m or 1h30m, at most 168h" });
    return z.NEVER;
  })
  .meta({ description: "A duration such as 90s, 15m or 1h30m", examples: ["15m", "1h30m"] });

/** Free text for people; it may reach a comment on a host, so one line only. */
const line = z
  .string()
  .min(1)
  .max(500)
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/u, "one line of text without control characters");

const hostPattern = line.meta({ description: "An inventory group, a host name, or a pattern with * and ?" });

const limits = {
  client_idle_timeout: duration
    .optional()
    .meta({ description: "Nobody typed for this long: the session ends" }),
  unresponsive_timeout: duration
    .optional()
    .meta({ description: "The client stopped answering for this long: the session ends" }),
  warn_before: duration
    .optional()
    .meta({ description: "Tell the user this long before the end, where a mechanism can" }),
};

const role = z.strictObject({
  ...limits,
  users: z.array(name).default([]),
  groups: z.array(name).default([]),
  hosts: z
    .array(hostPattern)
    .optional()
    .meta({ description: "Where the role applies; everywhere if left out" }),
  probe: z
    .strictObject({ user: name, identity_file: line })
    .optional()
    .meta({ description: "An account of this role for live probes: login name and private key" }),
});

const exemption = z.strictObject({
  name: line,
  users: z.array(name).default([]),
  groups: z.array(name).default([]),
  hosts: z.array(hostPattern).optional(),
  controls: z.union([z.literal("all"), z.array(z.enum(CONTROL_IDS)).min(1)]).default("all"),
  justification: line,
  owner: line,
  expires: z.iso.date().meta({ description: "The last day on which the exemption holds, YYYY-MM-DD, UTC" }),
});

/** The schema of a policy file; also the source of the JSON Schema for editors. */
export const policySchema = z.strictObject({
  name: line,
  controls: z.array(z.enum(CONTROL_IDS)).min(1).default(["sshd", "shell-timeout"]),
  defaults: z.strictObject(limits).default({}),
  roles: z.record(name, role).default({}),
  exemptions: z.array(exemption).default([]),
});

export type Policy = z.output<typeof policySchema>;
export type Role = Policy["roles"][string];
export type Exemption = Policy["exemptions"][number];
