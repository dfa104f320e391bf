/** What ends idle sessions with the host's MariaDB server: curfew's watchdog, and what the server has in force. Pure. */
import { watchdogEnding } from "../databases/watchdog.ts";
import type { Ending, EndingQuestion, Endings, InertLine, InForce } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { ownDropIn } from "./drop-in.ts";
import type { MariaDbServer } from "./answer.ts";
import { mariaDb } from "./facts.ts";
import { MARIADB_FILES } from "./files.ts";

export const WATCHDOG = "MariaDB watchdog";
export const TIMEOUTS = "wait_timeout";

/**
 * The watchdog's ending holds for every account that the policy names; the server's own limits for nobody surely, as
 * every session may set its own anew.
 */
export function mariaDbEndings({ facts, kind, placed }: EndingQuestion): Endings {
  const found = kind === "idle-database" ? mariaDb(facts) : undefined;
  if (found === undefined || found.state === "absent") return NOTHING;
  if (found.state === "unreadable") return { endings: [], unread: [`MariaDB: ${found.reason}`] };
  const { server, why, others, now } = found.value;
  const unread = [...(server === null ? [`MariaDB (${why})`] : []), ...others];
  const own = server === null ? [] : [ownEnding(server)];
  return {
    endings: [...watchdogEnding(OURS, facts, placed, { state: now.watchdog, unread }), ...own],
    unread,
  };
}

const NOTHING: Endings = { endings: [], unread: [] };

const OURS = {
  control: "mariadb",
  by: WATCHDOG,
  source: MARIADB_FILES.script,
  confirmed: "the watchdog of MariaDB runs, and the server answers it",
} as const;

/** A client is either interactive or not, which it says itself: at the latest the longer of the two ends its session. */
function ownEnding({ interactive, wait }: MariaDbServer): Ending {
  return {
    control: "mariadb",
    by: TIMEOUTS,
    seconds: Math.max(interactive, wait),
    grace: 0,
    source: `@@GLOBAL.interactive_timeout ${interactive}, @@GLOBAL.wait_timeout ${wait}`,
    confirmed: `the server says interactive_timeout ${interactive} s, wait_timeout ${wait} s`,
    denied:
      "wait_timeout is user-overridable: every session can SET SESSION wait_timeout; the watchdog of MariaDB would still end it",
  };
}

/** What the server's own limits do on a host before curfew, for people. */
export function mariaDbInForce(facts: Facts): InForce[] {
  const found = mariaDb(facts);
  if (found?.state !== "known" || found.value.server === null) return [];
  const { interactive, wait } = found.value.server;
  const overridable = "a session can set its own anew";
  const source = "MariaDB";
  return [
    {
      setting: `interactive_timeout ${interactive}`,
      source,
      effect: `ends prompts of the mariadb client and other interactive ones after ${interactive} s; ${overridable}`,
      verdict: "partly",
    },
    {
      setting: `wait_timeout ${wait}`,
      source,
      effect: `ends the sessions of all other clients, pools among them, after ${wait} s; ${overridable}`,
      verdict: "partly",
    },
  ];
}

/** curfew's drop-in is there, and the running server has something looser in force. */
export function mariaDbInert(facts: Facts): InertLine[] {
  const found = mariaDb(facts);
  const own = ownDropIn(facts);
  if (own === undefined || found?.state !== "known" || found.value.server === null) return [];
  const { interactive } = found.value.server;
  const { path, seconds } = own;
  if (interactive <= seconds) return [];
  return [
    {
      check: "mechanism-works",
      control: "mariadb",
      subject: "interactive_timeout",
      text: `interactive_timeout = ${seconds}`,
      source: path,
      why: `the running server has ${interactive}; SET GLOBAL interactive_timeout = ${seconds} sets it, or a later file that says otherwise has to go`,
      kinds: ["idle-database"],
    },
  ];
}
