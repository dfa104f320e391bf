import { visible, visibleJson, visibleLines } from "../../core/text/visible.ts";
import type { Verdict } from "../../core/verdict/outcome.ts";
import { CurfewError, type ErrorCode, errorData } from "../../model/terms/error.ts";
import type { Terminal } from "./terminal.ts";

/** What the exit codes mean; the help prints this table. */
export const EXIT_CODES = {
  0: "everything asked for holds",
  1: "unexpected: a defect of curfew",
  2: "a difference or a failed finding",
  3: "a host could not be judged or changed, a result not stored, signed or told (outranks 2)",
  64: "bad usage or input; nothing was contacted",
  75: "skipped: an audit of the same schedule is still running",
  130: "interrupted",
} as const;
export type ExitCode = keyof typeof EXIT_CODES;

const BY_VERDICT = { pass: 0, fail: 2, unknown: 3 } as const satisfies Record<Verdict, ExitCode>;
const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = { usage: 64, input: 64, interrupted: 130, internal: 1 };

/** The exit code of a run that came to its end. */
export function exitCodeOfVerdict(verdict: Verdict): ExitCode {
  return BY_VERDICT[verdict];
}

/** The exit code of a run that was given up; codes that concern a host are 3. */
export function exitCodeOf(error: unknown): ExitCode {
  return BY_CODE[errorData(error).code] ?? 3;
}

/** Says on standard error what happened, where, and what to do; the stack only for CURFEW_DEBUG=1. */
export function writeError(error: unknown, terminal: Terminal): void {
  const { errPaint: paint, environment } = terminal;
  const host = error instanceof CurfewError && error.host !== undefined ? `${visible(error.host)}: ` : "";
  const { message, hint } = describe(error);
  const lines = [`${paint.red("error:")} ${host}${visibleLines(message)}`];
  if (hint !== undefined) lines.push(`${paint.cyan("hint:")} ${visibleLines(hint)}`);
  if (environment["CURFEW_DEBUG"] === "1") lines.push(stackOf(error));
  terminal.err(`${lines.join("\n")}\n`);
}

/** The document that `--json` prints on standard output where there is no other. */
export function errorDocument(error: unknown): string {
  return `${visibleJson(JSON.stringify({ schema: "curfew/error/1", error: describe(error) }))}\n`;
}

function describe(error: unknown): ReturnType<typeof errorData> {
  const data = errorData(error);
  if (data.code !== "internal" || data.hint !== undefined) return data;
  const hint = "this is a defect of curfew; CURFEW_DEBUG=1 shows where; report it with that output";
  return { ...data, hint };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
