/** What a plan or an audit says about the web console, beside what ends whose session. Pure. */
import { configuredFindings } from "../../core/verdict/configured-finding.ts";
import { visible } from "../../core/text/visible.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { Decision } from "./decide.ts";
import { elsewhereText, IDLE_TIMEOUT, NO_PAGE, stayHidden } from "./endings.ts";
import { type Cockpit, COCKPIT_CONF } from "./facts.ts";
import { consoleRoles } from "./people.ts";

const finding = configuredFindings("cockpit");
const ENDS = "the web console logs out an idle page";
const MANUAL = `cockpit.conf(5) ${IDLE_TIMEOUT}`;

export function cockpitFindings(
  facts: Facts,
  limits: HostLimits,
  found: Cockpit,
  decision: Exclude<Decision, { state: "nothing" }>,
): Finding[] {
  const trouble = troubleOf(found);
  if (decision.state === "left-out") return [leftOut(decision.why, decision.outcome), ...trouble];
  const { minutes, theirs, limit } = decision;
  const whose = theirs
    ? `, as its administrator has set it; the policy asks for ${formatDuration(limit)}`
    : "";
  const socket =
    found.now.socket === "active" ? "" : `; cockpit.socket is ${found.now.socket || "not there"}`;
  const cockpit = `cockpit ${found.version === "" ? "of an unknown version" : found.version}`;
  return [
    works(`${cockpit}: ${IDLE_TIMEOUT} ${minutes}${whose}${socket}`, COCKPIT_CONF, "pass"),
    finding(
      "user-overridable",
      "*",
      "what the page's users can do is known",
      pageOnly(minutes),
      MANUAL,
      "pass",
      "page",
    ),
    ...coarse(facts, limits, found, decision),
    ...trouble,
  ];
}

function works(actual: string, source: string, outcome: Finding["outcome"]): Finding {
  return finding("mechanism-works", "*", ENDS, actual, source, outcome, IDLE_TIMEOUT);
}

function leftOut(why: string, outcome: "fail" | "unknown"): Finding {
  return works(`it is left out: ${visible(why)}`, MANUAL, outcome);
}

function pageOnly(minutes: number): string {
  return `only the page in the browser counts, and only after a login by password: a page in a hidden tab may stay ${stayHidden(minutes)}, a client other than a browser for ever; the session of a closed page ends 15 s later`;
}

/** Whom the one value of the host hits otherwise than the policy says. */
function coarse(
  facts: Facts,
  limits: HostLimits,
  found: Cockpit,
  { minutes, role }: Extract<Decision, { state: "wanted" }>,
): Finding[] {
  const set = minutes * 60;
  const because = role === "default" ? "" : `, that of ${visible(role)}`;
  const stricter = consoleRoles(facts, limits, found)
    .filter(({ idle }) => idle !== null && idle !== set)
    .map(({ role: name, idle }) =>
      one(
        name,
        `one value in whole minutes for the whole host: ${formatDuration(set)}${because}; the policy allows ${formatDuration(idle ?? 0)}`,
      ),
    );
  if (limits.defaults.idle !== null) return stricter;
  const all = `one value for the whole host: everybody without a limit is logged out after ${formatDuration(set)} as well${because}`;
  return [...stricter, one("default", all)];
}

function one(role: string, actual: string): Finding {
  const expected = `${IDLE_TIMEOUT} is the role's limit`;
  return finding("backstop", role, expected, actual, MANUAL, "pass", IDLE_TIMEOUT);
}

function troubleOf({ page, elsewhere }: Cockpit): Finding[] {
  const expected = "the bridge and the page are those of the host";
  return [
    ...(page ? [] : [finding("mechanism-works", "*", expected, NO_PAGE, "cockpit-system", "fail", "page")]),
    ...(elsewhere.length === 0
      ? []
      : [
          finding(
            "mechanism-works",
            "*",
            expected,
            elsewhereText(elsewhere),
            "pam_env(8)",
            "unknown",
            "XDG_CONFIG_DIRS",
          ),
        ]),
  ];
}

/** Nothing is written for a console of which nobody was asked. */
export function consoleNotAsked(): Finding {
  const actual =
    "whether cockpit is installed here was not asked, so nothing is written for it; curfew apply asks the host";
  return works(actual, "facts of the host", "unknown");
}

export function unreadConsole(reason: string): Finding {
  return leftOut(reason, "unknown");
}
