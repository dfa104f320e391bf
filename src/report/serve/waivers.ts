/** Exemptions in force, expired and unused, those that end first on top. */
import { exemptionEnd } from "../../core/plan/policy-findings.ts";
import { visible } from "../../core/text/visible.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { OpenFindings } from "../../model/record/history-views.ts";
import { renderPart } from "../html/template.ts";
import { countOf, mark, number, when } from "../html/words.ts";
import { address } from "./address.ts";
import type { FleetScope } from "./page.ts";

const STATES = {
  "exemption-active": "in force",
  "exemption-current": "expired",
  "exemption-used": "unused",
} as const;
const DAY_MS = 24 * 3600 * 1000;

export interface Waiver {
  readonly name: string;
  readonly state: (typeof STATES)[keyof typeof STATES];
  /** `2027-01-31`; null where it is not said. */
  readonly expires: string | null;
  readonly finding: Finding;
  readonly controls: readonly string[];
  /** 0: about the fleet as a whole. */
  readonly hosts: number;
}

/** What an audit says of exemptions, one line for each, state and end; expired ones first, then by their end. Pure. */
export function waiversOf(open: readonly OpenFindings[]): Waiver[] {
  const found = new Map<string, { finding: Finding; controls: Set<string>; hosts: number }>();
  for (const { hosts, findings } of open) {
    const its = Map.groupBy(findings.filter(isExemption), waiverKey);
    for (const [key, [finding, ...more]] of its) {
      if (finding === undefined) continue;
      const waiver = found.get(key) ?? { finding, controls: new Set(), hosts: 0 };
      waiver.hosts += hosts ?? 0;
      for (const { control } of [finding, ...more]) waiver.controls.add(control);
      found.set(key, waiver);
    }
  }
  return [...found.values()].map(waiverOf).toSorted(byEnd);
}

/** The content of the page. `within`: only those that end in so many days or have ended. */
export function renderWaivers(
  waivers: readonly Waiver[],
  about: { readonly scope: FleetScope; readonly runId: string; readonly startedAt: string },
  { now, within }: { readonly now: Date; readonly within: number | undefined },
): string {
  const shown = waivers.filter(({ expires, state }) => {
    if (within === undefined || state !== "in force") return true;
    return expires === null || daysLeft(expires, now) <= within;
  });
  const { scope, runId, startedAt } = about;
  const choices = [undefined, 30, 90, 365].map((days) => ({
    title: days === undefined ? "All" : `Within ${days} days`,
    href: address("waivers", { ...scope, within: days }),
    current: days === within,
  }));
  return renderPart("serve/waivers", {
    policy: visible(scope.policy),
    when: when(startedAt),
    audit: address("./", { run: runId }),
    amount: countOf(shown.length, "waiver"),
    choices,
    rows: shown.map((waiver) => row(waiver, runId, now)),
  });
}

function isExemption({ check }: Finding): boolean {
  return check in STATES;
}

/** The accounts differ from host to host, the exemption and its end do not. */
function waiverKey(finding: Finding): string {
  const { check, subject = "", source } = finding;
  return [check, subject === "" ? source : subject, exemptionEnd(finding) ?? ""].join("\0");
}

function waiverOf({
  finding,
  controls,
  hosts,
}: {
  finding: Finding;
  controls: Set<string>;
  hosts: number;
}): Waiver {
  return {
    name: finding.subject ?? finding.source,
    state: STATES[finding.check as keyof typeof STATES],
    expires: exemptionEnd(finding),
    finding,
    controls: [...controls].filter((control) => control !== "host"),
    hosts,
  };
}

const ORDER = ["expired", "in force", "unused"];

function byEnd(a: Waiver, b: Waiver): number {
  const order = ORDER.indexOf(a.state) - ORDER.indexOf(b.state);
  return order || (a.expires ?? "9999").localeCompare(b.expires ?? "9999") || a.name.localeCompare(b.name);
}

const MARKS = { "in force": mark("waived"), expired: mark("fail"), unused: mark("fail") };

function row({ name, state, expires, finding, controls, hosts }: Waiver, runId: string, now: Date) {
  const left = expires === null ? null : daysLeft(expires, now);
  return {
    name: visible(name),
    href: address("finding", { check: finding.check, subject: finding.subject, run: runId }),
    mark: MARKS[state],
    state,
    expires: expires ?? "unknown",
    left: state === "in force" && left !== null ? leftText(left) : "",
    tone: left !== null && left < 0 ? "over" : left !== null && left <= 30 ? "soon" : "",
    why: visible(finding.waiver ?? finding.actual),
    controls: controls.join(", "),
    amount: hosts === 0 ? "the fleet" : number(hosts),
  };
}

/** Whole days until the last day is over, in UTC. */
function daysLeft(expires: string, now: Date): number {
  const today = Date.parse(now.toISOString().slice(0, 10));
  return Math.round((Date.parse(expires) - today) / DAY_MS);
}

function leftText(days: number): string {
  if (days < 0) return `ended ${countOf(-days, "day")} ago, after this audit`;
  return days === 0 ? "ends today" : countOf(days, "day");
}
