/** Settings of logind and the watchdog that are in a file and end nobody. Pure. */
import type { Facts, LogindState } from "../../model/facts.ts";
import { LOGIND_FILE, WATCHDOG_FILES } from "../../model/host-paths.ts";
import { SESSION_KINDS } from "../../model/session-kind.ts";
import type { InertLine } from "./inert-line.ts";
import { WATCHDOG_STOPPED, watchdogInterval } from "./installed-watchdog.ts";
import { hasTerminal } from "../../model/session-kind.ts";
import { knownUnseen } from "../sshd/use-pam.ts";

/** Lines of these two that do nothing on this host. */
export function inertServices(facts: Facts): InertLine[] {
  return [...logindLines(facts), ...watchdogLines(facts)];
}

/** What both are about. */
const WITH_TERMINAL = SESSION_KINDS.filter((kind) => kind !== "typing" && hasTerminal(kind));

/** Only logind's own answer is known, and curfew's file; a line of others is named by its key. */
function logindLines(facts: Facts): InertLine[] {
  const { logind } = facts;
  if (logind.state !== "known") return [];
  const { idleStop } = logind.value;
  const own = ownLogindLine(facts);
  const set = /^\d+$/u.test(idleStop) && Number(idleStop) > 0;
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

/** The watchdog's script is there, and nothing starts it. */
function watchdogLines(facts: Facts): InertLine[] {
  const { script, timer } = WATCHDOG_FILES;
  const interval = watchdogInterval(facts);
  if (interval === undefined || facts.watchdogTimer.state !== "known" || facts.watchdogTimer.value) return [];
  return [
    {
      check: "mechanism-works",
      control: "watchdog",
      subject: "curfew-watchdog.timer",
      text: `OnUnitActiveSec=${interval}s, running ${script}`,
      source: timer,
      why: WATCHDOG_STOPPED,
      kinds: WITH_TERMINAL,
    },
  ];
}
