/** Sessions that a host cannot have at all, told apart from those that were judged. Pure. */
import type { Finding } from "../../model/verdict/finding.ts";
import type { ProbeResult } from "../../model/change/run.ts";

/** A probe's result, and why this host can have no such session, where that is so. */
export interface ProbeOutcome {
  readonly result: ProbeResult;
  /** Set where the network of a session cannot be cut. */
  readonly cannot?: string;
}

/**
 * A client can fall silent in two ways, and for sshd they are one: no answer comes. Where a host cannot cut a
 * network (a container without CAP_NET_ADMIN), the client that was stopped decides, and the other is a remark. Where
 * that one was not judged either, both stay what they are.
 */
export function setApart(outcomes: readonly ProbeOutcome[]): {
  readonly probes: readonly ProbeResult[];
  readonly findings: readonly Finding[];
} {
  const isApart = ({ result, cannot }: ProbeOutcome): boolean =>
    cannot !== undefined && outcomes.some((other) => speaksFor(other.result, result));
  const first = outcomes.find(isApart);
  return {
    probes: outcomes.filter((each) => !isApart(each)).map(({ result }) => result),
    findings: first === undefined ? [] : [remark(first.cannot ?? "")],
  };
}

function speaksFor(judged: ProbeResult, other: ProbeResult): boolean {
  return (
    judged.variant === "stopped" &&
    judged.outcome !== "unknown" &&
    judged.role === other.role &&
    judged.user === other.user &&
    judged.via === other.via &&
    judged.expect === other.expect
  );
}

function remark(why: string): Finding {
  return {
    check: "host-judged",
    subject: "network-gone",
    control: "host",
    role: "*",
    expected: "a client falls silent in two ways: it is stopped, or its network goes",
    actual: `frozen clients were judged stopped; the other way cannot be had here: ${why} (give the host CAP_NET_ADMIN, or perl or python, to have both)`,
    source: "curfew verify",
    evidence: "demonstrated",
    outcome: "pass",
  };
}
