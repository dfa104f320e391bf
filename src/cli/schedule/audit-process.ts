/** The audit of a schedule as a process of its own. */
import { spawn } from "node:child_process";
import { curfewScript } from "../../flow/schedule/places.ts";
import type { AuditProcess } from "../../flow/schedule/turn.ts";
import type { ScheduleTurn } from "../../model/record/schedule.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { withTurn } from "./turn-variable.ts";

/** As much of an error as a message carries. */
const SAID = 500;

/** Memory of a run is gone with its process, and nothing in it can keep it from being ended. */
export function startAudit(
  given: readonly string[],
  { token, broken }: ScheduleTurn,
  { err, environment }: Terminal,
): AuditProcess {
  if (broken !== undefined) return notStarted(broken);
  const child = spawn(process.execPath, [curfewScript(), "audit", ...given], {
    // The channel tells the audit when its supervisor is gone; cli/progress/interrupts.ts.
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    env: withTurn(environment, token),
  });
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-4096);
    err(text);
  });
  const ended = new Promise<Awaited<AuditProcess["ended"]>>((settle) => {
    child.once("error", ({ message }) => settle({ exitCode: null, signal: null, said: message }));
    child.once("close", (exitCode, signal) => settle({ exitCode, signal, said: lastError(tail) }));
  });
  return { ended, kill: (signal) => void child.kill(signal) };
}

/** Another machine may be auditing, and only the database knows: so no audit is started. */
function notStarted(said: string): AuditProcess {
  return { ended: Promise.resolve({ exitCode: 64, signal: null, said }), kill: () => {} };
}

function lastError(tail: string): string {
  const lines = tail.split("\n").filter((line) => line.trim() !== "");
  const error = lines.findLast((line) => line.startsWith("error: ")) ?? lines.at(-1) ?? "";
  return error.replace(/^error: /u, "").slice(0, SAID);
}
