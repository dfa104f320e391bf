/** Which IdleTimeout a host is to have, and why none. Pure. */
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { visible } from "../../core/text/visible.ts";
import { idleMinutes, MOST_MINUTES } from "./conf.ts";
import { editConf } from "./edit.ts";
import { HIDDEN, hidden } from "./endings.ts";
import { type Cockpit, COCKPIT_CONF, confOf, confState } from "./facts.ts";
import { consoleLimit } from "./people.ts";

export type Decision =
  | {
      readonly state: "wanted";
      /** Of the whole file. */
      readonly text: string;
      readonly minutes: number;
      /** Its administrator has set as much already. */
      readonly theirs: boolean;
      readonly limit: Seconds;
      readonly role: string;
    }
  | { readonly state: "nothing" }
  /** `stays`: what is there stays as it is, as nothing is known for sure. `why` for people, without a full stop. */
  | {
      readonly state: "left-out";
      readonly why: string;
      readonly outcome: "fail" | "unknown";
      readonly stays: boolean;
    };

/** Errors: CurfewError `invalid-config` for a damaged block. */
export function decideConsole(facts: Facts, limits: HostLimits, found: Cockpit): Decision {
  const wanted = consoleLimit(facts, limits, found);
  if (wanted.state === "no-limits") return { state: "nothing" };
  if (wanted.state === "left-out") return { ...wanted, stays: false };
  const { limit, role } = wanted;
  if (limit < 60) {
    const why = `${formatDuration(limit)} for ${visible(role)} is too short: it counts whole minutes`;
    return { state: "left-out", why, outcome: "fail", stays: false };
  }
  const trouble = whyUnsafe(facts, found);
  if (trouble !== undefined) return { state: "left-out", ...trouble, stays: true };
  const minutes = Math.min(Math.floor(limit / 60), MOST_MINUTES);
  const edited = editConf(confState(facts)?.content ?? "", minutes, found.dialect ?? "python");
  if (edited.state === "left-out") return { ...edited, outcome: "fail", stays: true };
  return { ...edited, limit, role };
}

/** Why the file is not touched. */
function whyUnsafe(
  facts: Facts,
  { dialect, said, why }: Cockpit,
): { readonly why: string; readonly outcome: "fail" | "unknown" } | undefined {
  const state = facts.files.find(({ path }) => path === COCKPIT_CONF)?.state;
  if (state?.state === "unreadable")
    return { why: `${COCKPIT_CONF} could not be read: ${state.reason}`, outcome: "unknown" };
  if (dialect === null) return { why: "there is no cockpit-bridge here", outcome: "unknown" };
  if (said === null) return { why: `cockpit-bridge could not be asked: ${why}`, outcome: "unknown" };
  if (hidden(facts)) return { why: `${HIDDEN}: chmod o+r ${COCKPIT_CONF}`, outcome: "fail" };
  const read = idleMinutes(confOf(facts, dialect), dialect);
  if (read === said) return undefined;
  const actual = `cockpit-bridge says that IdleTimeout is ${said}, and curfew reads ${read} in the file`;
  return { why: actual, outcome: "unknown" };
}
