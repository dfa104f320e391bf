/** Settings of logind that are in a file and end nobody. Pure. */
import type { InertLine } from "../../model/control/ending.ts";
import type { Facts, LogindState } from "../../model/facts/facts.ts";
import { LOGIND_FILE } from "../../model/inventory/host-paths.ts";
import { WITH_TERMINAL } from "../../model/terms/session-kind.ts";
import { stopSeconds } from "./ability.ts";
import { knownUnseen } from "./use-pam.ts";

/** Only logind's own answer is known, and curfew's file; a line of others is named by its key. */
export function logindInert(facts: Facts): InertLine[] {
  const { logind } = facts;
  if (logind.state !== "known") return [];
  const { idleStop } = logind.value;
  const own = ownLogindLine(facts);
  const set = stopSeconds(logind.value) > 0;
  const why = set ? whyUnseen(logind.value, facts) : own === undefined ? undefined : whyUnset(logind.value);
  if (why === undefined) return [];
  const source = own ?? "logind.conf(5) StopIdleSessionSec";
  const text = `StopIdleSessionSec=${set ? idleStop : "…"}`;
  const base = { check: "mechanism-works", control: "logind", subject: "StopIdleSessionSec" } as const;
  return [{ ...base, text, source, why, kinds: WITH_TERMINAL }];
}

function whyUnseen({ version, utmp }: LogindState, facts: Facts): string | undefined {
  if (utmp !== "no") return knownUnseen(facts);
  return `systemd ${version} is built without utmp here, so logind never sees that an SSH session is idle`;
}

function whyUnset({ version, idleStop }: LogindState): string {
  if (idleStop === "unsupported") return `systemd ${version} ignores the key; it came with 252`;
  return `logind itself says ${idleStop}: it has not read the file; restart it`;
}

function ownLogindLine({ files }: Facts): string | undefined {
  const state = files.find(({ path }) => path === LOGIND_FILE)?.state;
  if (state?.state !== "known") return undefined;
  const index = state.value.content.split("\n").findIndex((line) => line.startsWith("StopIdleSessionSec="));
  return index < 0 ? undefined : `${LOGIND_FILE}:${index + 1}`;
}
