/** What the watchdog on a host ends, where the policy's files are there. Pure. */
import { otherTerminal } from "../../core/sshd/other-session.ts";
import type { EndingQuestion, Endings, InertLine } from "../../model/control/ending.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";
import {
  expectedLate,
  installedInterval,
  watchdogPace,
  watchdogStarted,
  WATCHDOG_STOPPED,
} from "./installed.ts";
import { beyondTenth } from "./limits.ts";
import { type InstalledLimit, installedLimit } from "./installed-limits.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { WITH_TERMINAL } from "../../model/terms/session-kind.ts";

/** Effective where its starter runs, which is all that can be asked. */
export function watchdogEndings(question: EndingQuestion): Endings {
  const { facts, account } = question;
  const interval = installedInterval(facts);
  if (interval === undefined) return NOTHING;
  const own = limitOf(question, interval);
  if ("unread" in own) return { endings: [], unread: [own.unread] };
  const { seconds: placed } = own;
  if (placed === null) return NOTHING;
  const started = watchdogStarted(facts);
  if (started.state === "unread") {
    return { endings: [], unread: [`the watchdog's timer: ${started.reason}`] };
  }
  const { script: source } = WATCHDOG_FILES;
  const { late, unread, denied } = watchdogPace(facts, interval);
  if (unread !== undefined) return { endings: [], unread: [unread] };
  // The plan's whole seconds of it are in there already.
  const seconds = placed + (late % 1);
  // A look that takes less than a second is one: rounding must not decide about a short limit.
  const grace = interval + beyondTenth(placed - interval - expectedLate(facts, interval)) + (late % 1);
  const base = { control: "watchdog", by: "watchdog", seconds, grace, source } as const;
  const { state, said } = started;
  const confirmed = state === "yes" ? said : undefined;
  const why = state === "yes" ? denied : said;
  const doubt = own.doubt ?? otherTerminal(account, facts);
  const more = { ...(why === undefined ? {} : { denied: why }), ...(doubt === undefined ? {} : { doubt }) };
  return { endings: [{ ...base, confirmed, ...more }], unread: [] };
}

/** When it ends sessions of this account: as the policy says that put it there, else as its script says. */
function limitOf(
  { facts, account, kind, placed, unplanned }: EndingQuestion,
  interval: Seconds,
): InstalledLimit {
  if (placed !== undefined) return { seconds: placed };
  if (unplanned !== true || !WITH_TERMINAL.includes(kind)) return { seconds: null };
  const limit = installedLimit(facts, account);
  if ("unread" in limit || limit.seconds === null) return limit;
  return { ...limit, seconds: limit.seconds + interval + expectedLate(facts, interval) };
}

const NOTHING: Endings = { endings: [], unread: [] };

/** The watchdog's script is there, and nothing starts it. */
export function watchdogInert(facts: Facts): InertLine[] {
  const { script, timer } = WATCHDOG_FILES;
  const interval = installedInterval(facts);
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
