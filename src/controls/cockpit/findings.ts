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
  if (decision.state === "left-out") {
    const actual = `it is left out: ${visible(decision.why)}`;
    return [
      finding("mechanism-works", "*", ENDS, actual, MANUAL, decision.outcome, IDLE_TIMEOUT),
      ...trouble,
    ];
  }
  const { minutes, theirs, limit } = decision;
  const whose = theirs ? `as its administrator has set it; the policy asks for ${formatDuration(limit)}` : "";
  const socket =
    found.now.socket === "active" ? "" : `; cockpit.socket is ${found.now.socket || "not there"}`;
  const cockpit = `cockpit ${found.version === "" ? "of an unknown version" : found.version}`;
  const actual = `${cockpit}: ${IDLE_TIMEOUT} ${minutes}${whose === "" ? "" : `, ${whose}`}${socket}`;
  return [
    finding("mechanism-works", "*", ENDS, actual, COCKPIT_CONF, "pass", IDLE_TIMEOUT),
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
    .map(({ role: name, idle }) => {
      const actual = `one value in whole minutes for the whole host: ${formatDuration(set)}${because}; the policy allows ${formatDuration(idle ?? 0)}`;
      return finding(
        "backstop",
        name,
        `${IDLE_TIMEOUT} is the role's limit`,
        actual,
        MANUAL,
        "pass",
        IDLE_TIMEOUT,
      );
    });
  if (limits.defaults.idle !== null) return stricter;
  const actual = `one value for the whole host: everybody without a limit is logged out after ${formatDuration(set)} as well${because}`;
  return [
    ...stricter,
    finding(
      "backstop",
      "default",
      `${IDLE_TIMEOUT} is the role's limit`,
      actual,
      MANUAL,
      "pass",
      IDLE_TIMEOUT,
    ),
  ];
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
  return finding("mechanism-works", "*", ENDS, actual, "facts of the host", "unknown", IDLE_TIMEOUT);
}

export function unreadConsole(reason: string): Finding {
  return finding(
    "mechanism-works",
    "*",
    ENDS,
    `it is left out: ${visible(reason)}`,
    MANUAL,
    "unknown",
    IDLE_TIMEOUT,
  );
}
