/** What the watchdog may end a session by that is to be opened. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";
import { hasTerminal } from "../../model/terms/session-kind.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";
import { beyondTenth, endsAfter } from "./limits.ts";
import { installedInterval, WATCHDOG_STOPPED, watchdogPace, watchdogStarted } from "./installed.ts";

/**
 * What it enforces is in files that only it reads: the policy's limit is what a drop is held against. It
 * counts what is typed, so a frozen client's own limit is nothing to it. It is not part of a scaled run.
 */
export function watchdogTimeouts({
  facts,
  session,
  limit,
  scaledLimit,
  idle = limit,
  factor,
}: ProbedSession): ConfiguredTimeout[] {
  const every = hasTerminal(session) && factor === 1 ? runningInterval(facts) : undefined;
  if (every === undefined) return [];
  const fires = idle === limit ? scaledLimit : idle;
  const { late } = watchdogPace(facts, every);
  return [
    {
      by: "watchdog",
      fires,
      real: idle,
      every,
      step: beyondTenth(endsAfter(idle)),
      late,
      source: WATCHDOG_FILES.script,
    },
  ];
}

export function watchdogUnscalable({ facts, session }: ProbedSession): string | undefined {
  const runs = hasTerminal(session) && runningInterval(facts) !== undefined;
  return runs ? "the watchdog cannot be scaled" : undefined;
}

/** One that nothing starts ends no session. */
function runningInterval(facts: Facts): Seconds | undefined {
  return watchdogStarted(facts).state === "no" ? undefined : installedInterval(facts);
}

/** One that is on the host and that nothing starts ends no session at a terminal, whatever its kind. */
export function watchdogKept(
  { facts, session }: ProbedSession,
  configured: readonly ConfiguredTimeout[],
): string[] {
  if (session === "typing") return [];
  if (hasTerminal(session) && isStopped(facts)) {
    return [`${didNot(WATCHDOG_FILES.script)}: ${WATCHDOG_STOPPED}`];
  }
  if (session === "idle-shell" || session === "frozen-client") return [];
  return configured.map(({ source }) => didNot(source));
}

function didNot(source: string): string {
  return `the watchdog of ${source} did not end it`;
}

function isStopped(facts: Facts): boolean {
  return installedInterval(facts) !== undefined && watchdogStarted(facts).state === "no";
}
