import { type CurfewError, errorData } from "../../model/terms/error.ts";
import type { HostResult } from "../../model/change/run.ts";

/** The result of a host on which this run changed nothing, or nothing but what it took back of an earlier one. */
export function untouched(
  host: string,
  failure: CurfewError,
  outcome: "failed" | "unknown",
  what: "nothing" | "nothing else" = "nothing",
): HostResult {
  return { host, outcome, error: errorData(failure), message: `${failure.message}; ${what} was changed` };
}

/** What is not known of a host that was lost, or not waited for, is not a failure. */
export function outcomeOf({ code }: CurfewError): "failed" | "unknown" {
  return ["unreachable", "timeout", "interrupted"].includes(code) ? "unknown" : "failed";
}
