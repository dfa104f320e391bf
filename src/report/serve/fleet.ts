/** The fleet now, or as one audit saw it: the verdict, the trend, why, and the hosts. */
import type { OpenReason } from "../../core/audit/open.ts";
import { visible } from "../../core/text/visible.ts";
import { countOutcomes } from "../../core/verdict/outcome.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { HostFilter, HostLine, Page, RunFrame } from "../../model/record/history-views.ts";
import { bar, counts, lead, spoken, verdict } from "../html/summary.ts";
import { renderPart } from "../html/template.ts";
import { trendValues } from "../html/trend.ts";
import { countOf, mark, number, took, when } from "../html/words.ts";
import { clipLine } from "../layout/clip.ts";
import { address, type Query } from "./address.ts";
import { reasonAddress } from "./finding-parts.ts";
import { hostListValues } from "./host-list.ts";
import type { Waiver } from "./waivers.ts";

/** Reasons on one page; the report has all of them. */
const REASONS = 50;

export interface FleetView {
  readonly frame: RunFrame;
  /** The run that was named in the address; undefined: the newest one. */
  readonly named: string | undefined;
  /** A newer run of the same policy and `-l` that did not end, if there is one. */
  readonly newer: RunSummary | undefined;
  /** Runs of the same policy and `-l`, oldest first. */
  readonly trend: readonly RunSummary[];
  readonly reasons: readonly OpenReason[];
  readonly waivers: readonly Waiver[];
  readonly filter: HostFilter;
  readonly page: number;
  readonly hosts: Page<HostLine>;
}

/** The content of the page. */
export function renderFleet(view: FleetView): string {
  const { frame, reasons, trend } = view;
  const { header, run } = frame;
  const scope = { policy: header.policy.name, limit: header.inventory.limit };
  const tallied = { ...NONE, ...run.hosts };
  const found = { ...NONE, ...run.findings };
  const total = Math.max(frame.planned, run.hosts.pass);
  return renderPart("serve/fleet", {
    policy: visible(scope.policy),
    scope: visible(scope.limit),
    profile:
      header.profile === null ? null : visible(`${header.profile.title} ${header.profile.version}`.trim()),
    startedAt: visible(run.startedAt),
    when: when(run.startedAt),
    took: run.finishedAt === null ? "" : took(run.startedAt, run.finishedAt),
    runId: visible(run.runId),
    verdict: run.state === "finished" ? verdict(tallied, total) : unfinished(frame),
    lead: lead(tallied, frame.findings, apart(reasons)),
    cautions: cautions(view),
    changes: address("changes", { run: run.runId }),
    hosts: {
      total: number(total),
      label: `Hosts: ${spoken(tallied)}`,
      bar: bar(tallied),
      counts: counts(tallied, ["unknown", "fail", "pass"]).map(({ mark: its, amount }) => ({
        mark: its,
        amount,
        href: address("./", { ...kept(view), outcome: its.id }),
      })),
    },
    findings: {
      total: number(Object.values(run.findings).reduce((sum, amount) => sum + amount, 0)),
      label: `Findings: ${spoken(found)}`,
      bar: bar(found),
      counts: counts(found, JUDGED),
    },
    waivers: waiverTile(view, scope),
    trendHref: address("trend", scope),
    chart: trendValues(trend),
    reasonsAmount: countOf(reasons.length, "reason"),
    reasons: reasons.slice(0, REASONS).map((reason) => reasonRow(reason, run.runId)),
    ...listValues(view),
  });
}

/** As findings are told: unknown ones first. */
const JUDGED = ["unknown", "fail", "waived", "pass"] as const;
const NONE = countOutcomes([]);

/** Hosts that no baseline of the policy is for. */
function apart(reasons: readonly OpenReason[]): number {
  const its = reasons.filter(
    ({ check, outcome }) => check === "baseline-system" && outcome === "not-applicable",
  );
  return its.reduce((sum, { hosts }) => sum + hosts, 0);
}

function listValues(view: FleetView) {
  const { filter, frame, hosts, page } = view;
  const shown = { q: filter.name, outcome: filter.outcome };
  return {
    q: visible(filter.name ?? ""),
    kept: Object.entries(kept(view)).map(([name, value]) => ({ name, value: value ?? "" })),
    outcomes: (["unknown", "fail", "pass"] as const).map((id) => ({
      id,
      word: mark(id).word,
      chosen: id === filter.outcome,
    })),
    filtered: filter.name !== undefined || filter.outcome !== undefined,
    clear: address("./", kept(view)),
    list: hostListValues(hosts, frame.run.runId, page, (to) =>
      address("./", { ...kept(view), ...shown, page: to }),
    ),
  };
}

/** What stays in the address while the list is filtered. */
function kept({ frame: { header }, named }: FleetView): Record<string, string | undefined> {
  if (named !== undefined) return { run: named };
  const { policy, inventory } = header;
  return { policy: policy.name, ...(inventory.limit === "" ? {} : { limit: inventory.limit }) };
}

function unfinished({ run, planned }: RunFrame) {
  const state = run.state === "running" ? "is still running" : "was broken off";
  return { mark: mark("unknown"), text: `This audit of ${countOf(planned, "host")} ${state}` };
}

function cautions({ frame: { header, run, planned }, named, newer }: FleetView) {
  const { verified, scaled, inventory } = header;
  const judged = run.hosts.pass + run.hosts.fail + run.hosts.unknown;
  const texts: { title: string; text: string; href?: string; link?: string }[] = [];
  if (run.state !== "finished") {
    const text = `At most ${number(judged)} of ${countOf(planned, "host")} were judged; the others are unknown and not listed.`;
    texts.push({ title: "Not finished", text });
  }
  if (named !== undefined) {
    const href = address("./", { policy: header.policy.name, limit: inventory.limit });
    texts.push({ title: "One audit", text: "This is what one audit saw.", href, link: "The fleet now" });
  }
  if (newer !== undefined) {
    const text = `An audit that began on ${when(newer.startedAt)} ${newer.state === "running" ? "is still running" : "was broken off"}.`;
    texts.push({
      title: "Not the newest",
      text,
      href: address("./", { run: newer.runId }),
      link: "What it saw",
    });
  }
  if (!verified) texts.push({ title: "Not demonstrated", text: NO_SESSIONS });
  if (scaled !== undefined) {
    texts.push({
      title: `Scaled to ${scaled} s`,
      text: "Sessions were opened with scaled limits; the real limits were not waited out.",
    });
  }
  return texts.map(({ title, text, href = "", link = "" }) => ({ title, text, href, link }));
}

const NO_SESSIONS =
  "No real session was opened in this audit. It rests on files and on what the daemons answer.";

function waiverTile({ waivers }: FleetView, scope: Query) {
  const inForce = waivers.filter(({ state }) => state === "in force");
  const [next] = inForce;
  const ends = next?.expires ?? null;
  return {
    total: number(inForce.length),
    next: next === undefined ? "None" : visible(`${next.name} ends first, on ${ends ?? "an unknown day"}`),
    href: address("waivers", scope),
  };
}

function reasonRow(reason: OpenReason, runId: string) {
  const { outcome, check, role, rule, hosts, variants } = reason;
  const [first, ...others] = variants;
  return {
    mark: mark(outcome),
    href: reasonAddress(reason, runId),
    title: CHECKS[check].title,
    rule: rule === null ? null : visible(rule),
    role: role === "*" ? "any" : visible(role),
    expected: clipLine(first?.finding.expected ?? "", 160),
    actual: clipLine(first?.finding.actual ?? "", 160),
    more: others.length === 0 ? null : `and ${countOf(others.length, "other")}`,
    amount: hosts === 0 ? "the fleet" : number(hosts),
  };
}
