import { type CurfewError, errorData } from "../model/error.ts";
import type { HostResult } from "../model/run.ts";

/**
 * The result of a host on which this run changed nothing. `before` is what it had to take back of an earlier run:
 * then it was nothing else.
 */
export function untouched(
  host: string,
  failure: CurfewError,
  outcome: "failed" | "unknown",
  before?: string,
): HostResult {
  const { message } = failure;
  return {
    host,
    outcome,
    error: errorData(failure),
    message:
      before === undefined
        ? `${message}; nothing was changed`
        : [before, message, "nothing else was changed"].filter((part) => part !== "").join("; "),
  };
}

/** What is not known of a host that was lost, or not waited for, is not a failure. */
export function outcomeOf({ code }: CurfewError): "failed" | "unknown" {
  return ["unreachable", "timeout", "interrupted"].includes(code) ? "unknown" : "failed";
}
