/**
 * A compliance baseline: which numbers its rules ask for, on which systems, in which form a scanner
 * recognises them. The built-in ones are `templates/profiles/NAME.yaml`; this is their schema.
 */
import { z } from "zod";
import { BASELINE_NAMES } from "./baseline-name.ts";
import { DURATION_PATTERN, parseDuration } from "../terms/duration.ts";

/** A setting that rules are about, as its man page spells it. A control speaks for it. */
export type RuleSetting = string;

const line = z
  .string()
  .min(1)
  .max(300)
  .regex(/^[^\p{C}]+$/u, "one line of plain text");
const number = z.number().int().min(0).max(604_800);

/** What a rule asks of a number; all that is given has to hold. */
const relation = z
  .strictObject({
    "at-most": number.optional(),
    "more-than": number.optional(),
    equals: number.optional(),
  })
  .refine((value) => Object.keys(value).length > 0, "at-most, more-than or equals is needed");

const limit = z
  .string()
  .regex(DURATION_PATTERN, "a duration is written 90s, 15m or 1h30m")
  .transform((text) => parseDuration(text) ?? 0);

const system = z.strictObject({
  name: line.meta({ description: "How people call it: RHEL 9" }),
  id: line.meta({ description: "ID of os-release(5)" }),
  version: line.meta({ description: "VERSION_ID of os-release(5), or its beginning up to a dot" }),
});

const rule = z.strictObject({
  id: line,
  title: line,
  severity: z.enum(["high", "medium", "low"]),
  references: z.array(line).default([]),
  systems: z.array(line).optional().meta({ description: "Names of systems; all of them if left out" }),
  since: line.optional().meta({ description: "The first VERSION_ID to which the rule applies" }),
  requires: z
    .record(z.string().regex(/^[A-Z][A-Za-z]*$/u, "the name of a setting"), relation)
    .refine((value) => Object.keys(value).length > 0, "a rule asks for something"),
});

export const baselineSchema = z.strictObject({
  id: z.enum(BASELINE_NAMES),
  title: line,
  version: line,
  systems: z.array(system).meta({ description: "Where the baseline applies; everywhere if empty" }),
  /** One value of ClientAlive for everybody: the baseline calls differing values a finding. */
  uniform: z.boolean(),
  /**
   * How TMOUT has to be written for scanners: `typeset` is `typeset -xr TMOUT=N` in a line of its
   * own, `lines` is the three lines `TMOUT=N`, `readonly TMOUT`, `export TMOUT`, `by-system` is
   * `typeset` with the two other lines after it on Red Hat's family and Debian, `lines` elsewhere.
   */
  form: z.enum(["typeset", "lines", "by-system"]),
  /** The keywords of sshd have to stand in a drop-in whose name sorts before this one. */
  before: line.optional(),
  /**
   * What the published checks for scanners compare with, beyond what the benchmark's own text asks for. It is kept to
   * where curfew writes, and never judged.
   */
  scanner: z
    .strictObject({
      source: line.meta({ description: "Whose checks, for people" }),
      checks: z
        .array(
          z.strictObject({
            systems: z
              .array(line)
              .optional()
              .meta({ description: "IDs of os-release(5); every other system if left out" }),
            requires: z.record(z.string().regex(/^[A-Z][A-Za-z]*$/u, "the name of a setting"), relation),
          }),
        )
        .min(1)
        .meta({ description: "The first that is for a system holds there" }),
      main_file_only: z
        .array(line)
        .default([])
        .meta({ description: "IDs of os-release(5) for which they read no drop-in of sshd" }),
    })
    .optional(),
  /** Where scanners look for StopIdleSessionSec: `main-file` is /etc/systemd/logind.conf and nothing else. */
  logind: z.enum(["drop-in", "main-file"]).default("drop-in"),
  /** What holds where the policy names nothing, and what nobody may be given more of. */
  limits: z.strictObject({ client_idle_timeout: limit, unresponsive_timeout: limit }),
  /** What all rules go back to. */
  references: z.array(line),
  rules: z.array(rule).min(1),
});

export type Baseline = z.output<typeof baselineSchema>;
export type BaselineRule = Baseline["rules"][number];
export type Relation = z.output<typeof relation>;

/** A baseline that a policy names, and the hosts that may have it; all of them where it says none. */
export interface BaselineChoice {
  readonly baseline: Baseline;
  readonly hosts?: readonly string[];
}
