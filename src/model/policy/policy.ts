/**
 * The policy as an administrator writes it, and the one place of its defaults and limits.
 * Field names are those of the file (Teleport's `client_idle_timeout`), so that messages,
 * schema and code say the same word. Durations are Seconds after parsing.
 */
import { z } from "zod";
import type { ControlId } from "../terms/control-id.ts";
import { DURATION_PATTERN, parseDuration } from "../terms/duration.ts";
import { BASELINE_NAMES } from "./baseline-name.ts";
import type { Baseline, BaselineChoice } from "./baseline.ts";

/**
 * What no text of a policy may contain: control characters (a newline would add a directive),
 * invisible and direction-changing characters (the diff would show something else than the host
 * reads), every blank but the plain space, and lone surrogates (they become U+FFFD on the host).
 */
const UNPRINTABLE =
  "\\u0000-\\u001f\\u007f-\\u00a0\\u00ad\\u061c\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff";

/**
 * Names that reach a host file. Refused besides: the double quote (sshd's quoting differs by version), a backslash
 * unless it stands alone before a letter or digit, as in `EXAMPLE\jdoe`, which every version reads alike; what a
 * shell reads in or around quotes, pattern characters and commas (sshd_config(5) PATTERNS would widen the match),
 * `:` and `/` (field separators of passwd). A `#` in front begins a comment for some releases, quoted or not.
 */
const NAME = new RegExp(
  `^(?![-# \\\\])(?:[^${UNPRINTABLE}"\\\\'\`$*?!,:/]|\\\\(?=[\\p{L}\\p{N}_]))*(?<! )$`,
  "u",
);
const NAME_MESSAGE =
  "a name must not contain control or invisible characters or any of \" ' ` $ * ? ! , : / and must not start with -, # or a space or end with a space; \\ stands between a domain and an account only";
const name = z
  .string()
  .min(1)
  .max(256)
  .regex(NAME, NAME_MESSAGE)
  .meta({ description: "An account or group name, exactly as the host knows it" });

const DURATION_MESSAGE = "a duration is written 90s, 15m or 1h30m, from 1s to 168h";
const LONGEST_DURATION = 7 * 24 * 3600;
const duration = z
  .string()
  .max(32)
  .regex(DURATION_PATTERN, DURATION_MESSAGE)
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds <= LONGEST_DURATION) return seconds;
    context.addIssue({ code: "custom", message: DURATION_MESSAGE });
    return z.NEVER;
  })
  .meta({ description: "A duration such as 90s, 15m or 1h30m", examples: ["15m", "1h30m"] });

/** Free text for people; it may reach a comment on a host, so one line only. */
const line = z
  .string()
  .min(1)
  .max(500)
  .regex(new RegExp(`^[^${UNPRINTABLE}]+$`, "u"), "one line of text without control or invisible characters");

/** The same language as `-l`, one term at a time; see core/policy/host-pattern.ts. */
const hostPattern = z
  .string()
  .min(1)
  .max(256)
  .regex(
    new RegExp(`^[!&]?(?![-!&@~])[^${UNPRINTABLE}"\\\\'\`$,;|&!<>(){}[\\] ]+$`, "u"),
    "an inventory group, a host name, or a pattern with * and ?, without blanks, quotes and brackets",
  )
  .meta({ description: "An inventory group, a host name, or a pattern with * and ?; ! in front excludes" });

const limits = {
  client_idle_timeout: duration
    .optional()
    .meta({ description: "A session without a keystroke for this long ends" }),
  unresponsive_timeout: duration
    .optional()
    .meta({ description: "The client stopped answering for this long: the session ends" }),
  warn_before: duration
    .optional()
    .meta({ description: "Tell the user this long before the end, where a mechanism can" }),
};

const role = z.strictObject({
  ...limits,
  users: z.array(name).default([]).meta({ description: "Accounts in the role" }),
  groups: z.array(name).default([]).meta({ description: "Unix groups whose members are in the role" }),
  database_roles: z.array(name).optional().meta({
    description:
      "Roles or users of databases that its people use, beside those with the names of their accounts; see curfew help databases",
  }),
  hosts: z
    .array(hostPattern)
    .optional()
    .meta({ description: "Where the role applies; everywhere if left out" }),
  probe: z
    .strictObject({
      user: name.meta({ description: "Whom it logs in as" }),
      identity_file: line.meta({ description: "The private key on this machine; ~/ is the home directory" }),
    })
    .optional()
    .meta({ description: "An account of this role for live probes: login name and private key" }),
  teleport: z
    .strictObject({
      roles: z.array(line).min(1).meta({ description: "Teleport roles whose members are in this role" }),
    })
    .optional()
    .meta({ description: "Who is in the role at a Teleport gateway, for curfew teleport" }),
});

const exemption = (ids: readonly ControlId[]) =>
  z.strictObject({
    name: line.meta({ description: "What findings and reports call it" }),
    users: z.array(name).default([]).meta({ description: "Exempt accounts" }),
    groups: z.array(name).default([]).meta({ description: "Unix groups whose members are exempt" }),
    hosts: z
      .array(hostPattern)
      .optional()
      .meta({ description: "Where the exemption holds; everywhere if left out" }),
    controls: z
      .union([z.literal("all"), z.array(z.enum(ids)).min(1)])
      .default("all")
      .meta({ description: "The mechanisms that let these people be" }),
    justification: line.meta({ description: "Why they may stay idle, for those who read the reports" }),
    owner: line.meta({ description: "Who is responsible for it" }),
    expires: z.iso.date().meta({ description: "The last day on which the exemption holds, YYYY-MM-DD, UTC" }),
  });

const profileChoice = z.union([
  z.enum(BASELINE_NAMES),
  z.strictObject({
    name: z.enum(BASELINE_NAMES),
    hosts: z.array(hostPattern).min(1).meta({ description: "Where it may be chosen" }),
  }),
]);

const kubernetes = z
  .strictObject({
    session_idle_timeout: duration
      .optional()
      .meta({ description: "No kubectl command for this long: kubectl asks for a new login" }),
    session_max: duration
      .optional()
      .meta({ description: "This long after a login kubectl asks for a new one, used or not" }),
    users: z.array(name).default([]).meta({
      description:
        "Accounts whose kubeconfigs these limits hold for; everybody's if no group is named either",
    }),
    groups: z
      .array(name)
      .default([])
      .meta({ description: "Unix groups whose members' kubeconfigs these limits hold for" }),
  })
  .meta({ description: "Limits for sessions with clusters, see curfew help kubernetes" });

/** What an account sees anyway is counted over a day. */
const LONGEST_WINDOW = 24 * 3600;

/** `.prefault`: as it would be written, so that the schema for editors says it in the same words. */
const failedLogins = z
  .strictObject({
    window: duration
      .refine((seconds) => seconds <= LONGEST_WINDOW, "a window is 24h at most")
      .prefault("10m")
      .meta({ description: "Failed logins count for this long after a timeout ended a session" }),
    threshold: z
      .int()
      .min(2)
      .max(1000)
      .default(5)
      .meta({ description: "So many failed attempts are a finding, 2 to 1000" }),
    look_back: duration.prefault("24h").meta({
      description: "How far back an audit looks for timeouts; as long as the time between two audits",
    }),
    addresses: z.enum(["full", "network", "none"]).default("full").meta({
      description:
        "What findings say of the addresses that the failed logins came from: all of it, only the network (/24, /48), nothing",
    }),
  })
  .meta({
    description: "Audits look for repeated failed logins after a timeout, see curfew help auditing",
  });

/** The schema of a policy file that may choose among these mechanisms; also the source of the JSON Schema for editors. */
// oxlint-disable-next-line explicit-module-boundary-types
export const policySchemaOf = (ids: readonly ControlId[]) =>
  z
    .strictObject({
      name: line.meta({ description: "What reports call this policy" }),
      profile: z
        .union([z.enum(BASELINE_NAMES), z.array(profileChoice).min(1)])
        .optional()
        .meta({
          description:
            "A compliance baseline: its limits hold where the policy names none, and only an exemption loosens them. Of a list each host has the first that is for its groups and its system",
        }),
      controls: z
        .array(z.enum(ids))
        .min(1)
        .default(["sshd", "shell-timeout"])
        .meta({ description: "The mechanisms that enforce it" }),
      sshd_file: z.enum(["drop-in", "main"]).optional().meta({
        description:
          "Where sshd's settings go: a drop-in of curfew's own (the default), or marked blocks in sshd_config for scanners that read no drop-in",
      }),
      tmux: z.enum(["detach", "end"]).default("detach").meta({
        description:
          "When the watchdog ends a session with a tmux client: detach leaves tmux and its jobs running, end ends the tmux servers of that user",
      }),
      defaults: z
        .strictObject(limits)
        .default({})
        .meta({ description: "Limits for everybody; no role loosens them" }),
      roles: z
        .record(name, role)
        .default({})
        .meta({ description: "Stricter limits for some people; in several roles the strictest wins" }),
      kubernetes: kubernetes.optional(),
      failed_logins_after_timeout: failedLogins.optional(),
      exemptions: z
        .array(exemption(ids))
        .default([])
        .meta({ description: "The only way to loosen a limit, with a reason, an owner and an end" }),
    })
    .meta({ title: "curfew policy" });

export type Policy = z.output<ReturnType<typeof policySchemaOf>> & {
  /** The baseline that has been taken into the limits, see `core/policy/apply-baseline.ts`. */
  readonly baseline?: Baseline;
  /** Where `profile` names several: a host's own is not known before its facts are. */
  readonly baselines?: readonly BaselineChoice[];
};
export type Role = Policy["roles"][string];
export type KubernetesPolicy = NonNullable<Policy["kubernetes"]>;
export type FailedLoginsPolicy = NonNullable<Policy["failed_logins_after_timeout"]>;
export type Exemption = Policy["exemptions"][number];
