/**
 * Cockpit, the web console: a root shell in a browser, past sshd. Its IdleTimeout is one value for everybody on the host,
 * read by the bridge of each session and counted by the page in the browser alone.
 *
 * Measured on 287 and 337, and read in the sources of 239 to 370:
 * - The page asks its bridge when it is loaded, and the bridge keeps what it has read: a new value is for new logins, and
 *   nothing has to be restarted.
 * - The bridge runs as the account that logged in, so the file has to be readable for everybody.
 * - The page counts runs of a timer of 5 s, and for the last 30 s those of one of 1 s, in which it warns. It does so after
 *   logins by password only. Chromium runs each of them once a minute in a hidden tab, also beside an open WebSocket.
 * - There is no directory of drop-ins. XDG_CONFIG_DIRS, which PAM may set, sends the bridge to another file.
 */
import type { Control, Rendered } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { DesiredFile } from "../../model/change/plan.ts";
import { decideConsole } from "./decide.ts";
import { withoutBlock } from "./edit.ts";
import { cockpitEndings, cockpitInert, cockpitInForce, CONSOLE, IN_VIEW } from "./endings.ts";
import { COCKPIT_CONF, cockpitOf, confState, parseCockpit } from "./facts.ts";
import { cockpitFindings, consoleNotAsked, unreadConsole } from "./findings.ts";
import { concernsCockpit, consoleRoles } from "./people.ts";

export const cockpit: Control = {
  id: "cockpit",
  words: "catches idle pages of the web console in view; one limit for all",
  mechanisms: [IN_VIEW],
  own: [],
  shared: [COCKPIT_CONF],
  activation: {
    name: "ask-cockpit",
    script: ["cockpit-ask", "activate/ask-cockpit"],
    failed: "cockpit does not read its IdleTimeout as meant",
  },
  facts: { script: ["cockpit-ask", "facts/cockpit"], parse: parseCockpit },
  sessions: {
    kind: CONSOLE,
    service: "Cockpit",
    concerns: concernsCockpit,
    client: () => "only the page of the web console ends it, and verify opens no browser",
  },
  render,
  endings: cockpitEndings,
  inert: cockpitInert,
  inForce: cockpitInForce,
};

const NOTHING: Rendered = { files: [], expectations: [], findings: [], coverage: [] };

function render(facts: Facts, limits: HostLimits, selected: boolean): Rendered {
  const away = { ...NOTHING, files: fileOf(facts, null) };
  if (!selected) return away;
  // Facts that are assumed, or older than this control.
  if (facts.parts?.["cockpit"] === undefined) return { ...NOTHING, findings: [consoleNotAsked()] };
  const found = cockpitOf(facts);
  if (found === undefined || found.state === "absent") return away;
  if (found.state === "unreadable") return { ...NOTHING, findings: [unreadConsole(found.reason)] };
  // Nobody has a session on this host: its web server only leads to others.
  if (found.value.dialect === null) return away;
  const decision = decideConsole(facts, limits, found.value);
  if (decision.state === "nothing") return away;
  const findings = cockpitFindings(facts, limits, found.value, decision);
  if (decision.state === "left-out") return { ...(decision.stays ? NOTHING : away), findings };
  const within = decision.minutes * 60;
  return {
    files: fileOf(facts, decision.text),
    expectations: [],
    findings,
    coverage: consoleRoles(facts, limits, found.value).map(({ role }) => ({
      control: "cockpit",
      role,
      kind: CONSOLE,
      within,
    })),
  };
}

/** The file as it is to be; null: without curfew's block. Nothing where neither changes it. */
function fileOf(facts: Facts, wanted: string | null): DesiredFile[] {
  const before = confState(facts) ?? { content: "", mode: "0644", uid: 0, gid: 0 };
  const text = wanted ?? withoutBlock(before.content);
  if (text === before.content) return [];
  // A file that held nothing but the block was curfew's, unless it was there before, empty.
  const was = facts.curfew.originals.some(({ path, kind }) => path === COCKPIT_CONF && kind === "file");
  return [
    {
      control: "cockpit",
      path: COCKPIT_CONF,
      content: text === "" && !was ? null : text,
      mode: before.mode,
      owner: { uid: before.uid, gid: before.gid },
      reason:
        wanted === null
          ? "the web console needs no limit of curfew's"
          : "the web console logs out idle pages",
      risk: "service",
      activation: "ask-cockpit",
    },
  ];
}
