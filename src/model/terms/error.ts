/**
 * Why something could not be done. Match on the code, never on the message text.
 *
 * `usage` and `input` are the user's to mend (exit 64); `interrupted` is 130; `internal` is a
 * defect of curfew (exit 1); every other code concerns one host (exit 3).
 */
export type ErrorCode =
  | "usage"
  | "input"
  | "unreachable"
  | "host-key"
  | "auth"
  | "escalation"
  | "unsupported"
  | "stale-plan"
  | "lost-lines"
  | "locked"
  | "hurt"
  | "invalid-config"
  | "remote"
  | "timeout"
  | "interrupted"
  | "internal";

/** What an error may carry beside its code and message. */
export interface ErrorContext {
  /** Inventory name of the host concerned. */
  readonly host?: string | undefined;
  /** What the reader can do about it, as an imperative without a full stop. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The one error of curfew. Messages are lower case, without a full stop, say what happened and,
 * where a host is concerned, what the host will do next.
 */
export class CurfewError extends Error {
  readonly code: ErrorCode;
  readonly host: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, { cause: context.cause });
    this.name = "CurfewError";
    this.code = code;
    this.host = context.host;
    this.hint = context.hint;
  }
}

/** Something was sent off and its answer was lost: whether it was done is unknown. */
export class UnknownEndError extends CurfewError {}

/** The same facts as plain data, for plan files, journals and JSON output. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** Any thrown value as plain data; what is not a CurfewError is `internal`. */
export function errorData(error: unknown): ErrorData {
  if (error instanceof CurfewError) {
    const { code, message, hint } = error;
    return hint === undefined ? { code, message } : { code, message, hint };
  }
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}
