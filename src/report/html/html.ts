/**
 * The audit for people: one HTML file that needs no network and no server. What counts is in the page
 * itself; a script adds filters, the map and the detail of each host. Everything that came from a host
 * is text: escaped by the templates, or set as text by the script, which a Content-Security-Policy with
 * Trusted Types keeps from doing anything else.
 */
import { visible } from "../../core/text/visible.ts";
import type { AuditContext, AuditRun } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import { changeValues } from "./changes.ts";
import { pageData } from "./data.ts";
import { hostRow, hostValues } from "./hosts.ts";
import { groupAlike } from "../layout/groups.ts";
import { reasons, type Reason } from "./reasons.ts";
import { reasonValues } from "./reason-values.ts";
import { exemptionValues, ruleValues } from "./rules.ts";
import { summaryValues } from "./summary.ts";
import { contentHash, renderPart, reportAsset } from "./template.ts";
import { trendValues } from "./trend.ts";
import { countOf, OUTCOMES, when } from "./words.ts";

const STYLES = ["page.css", "parts.css", "detail.css", "print.css"] as const;
const SCRIPTS = ["data.js", "state.js", "filter.js", "map.js", "host.js", "page.js"] as const;

/**
 * The page in chunks, to be written one after the other as UTF-8. Evidence is linked relative to the
 * page, which therefore belongs into the run's directory. Pure but for reading `templates/report`.
 */
export function* renderHtml(run: AuditRun, context: AuditContext): Iterable<string> {
  const style = reportAsset(...STYLES);
  const script = `\n${reportAsset(...SCRIPTS)}`;
  const policy = csp(style, script);
  const why = reasons(run);
  yield renderPart("head", {
    policy,
    title: visible(`${run.policy.name}: curfew audit ${when(run.startedAt)}`),
  });
  yield `<style>${style}</style>\n</head>\n`;
  yield renderPart("summary", summaryValues(run));
  yield renderPart("trend", { trend: trendValues(context.trend) });
  yield renderPart("changes", changeValues(run, context.changes, hasBefore(run, context)));
  yield renderPart("filters", filterValues(run));
  yield* reasonParts(run, why);
  yield renderPart("map", {});
  yield* hostParts(run, why);
  yield renderPart("rules", { rules: ruleValues(run) });
  yield renderPart("exemptions", exemptionValues(why, run));
  yield renderPart("about", aboutValues(run));
  yield '<script type="application/json" id="data">\n';
  yield* pageData(run, why);
  yield `\n</script>\n<script type="module">${script}</script>\n</body>\n</html>\n`;
}

/** Nothing but this page's own style and script; scripts cannot turn text into markup. */
function csp(style: string, script: string): string {
  return [
    "default-src 'none'",
    `style-src ${contentHash(style)}`,
    `script-src ${contentHash(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hasBefore(run: AuditRun, { trend }: AuditContext): boolean {
  return trend.some(({ runId, state }) => runId !== run.runId && state === "finished");
}

function filterValues(run: AuditRun) {
  const findings = run.hosts.flatMap((host) => host.findings);
  const checks = new Set(findings.map(({ check }) => check));
  const roles = new Set([
    ...findings.map(({ role }) => role),
    ...run.hosts.flatMap(({ ladder }) => ladder.map(({ role }) => role)),
  ]);
  return {
    checks: [...checks].map((id) => ({ id, title: CHECKS[id].title })),
    roles: [...roles].filter((role) => role !== "*").map((role) => visible(role)),
  };
}

function* reasonParts(run: AuditRun, why: readonly Reason[]): Iterable<string> {
  yield renderPart("reasons-start", { nothing: why.length === 0, amount: countOf(why.length, "reason") });
  for (const reason of why) yield renderPart("reason", reasonValues(reason, run));
  yield renderPart("reasons-end", {});
}

function* hostParts(run: AuditRun, why: readonly Reason[]): Iterable<string> {
  yield renderPart("hosts-start", { amount: countOf(run.hosts.length, "host") });
  const its = (index: number): Reason[] => why.filter(({ hosts }) => hosts.has(index));
  const rows = run.hosts.map((host, index) => ({ host, index, values: hostValues(host, its(index)) }));
  const order = ({ host }: (typeof rows)[number]): number => OUTCOMES.indexOf(host.outcome);
  const sorted = rows.toSorted((a, b) => order(a) - order(b));
  for (const group of groupAlike(sorted, ({ values }) => values))
    yield renderPart("host-row", hostRow(group));
  yield renderPart("hosts-end", {});
}

function aboutValues({ policy, profile, inventory, ...run }: AuditRun) {
  return {
    scope: visible(run.scope ?? ""),
    assessor: visible(run.assessor ?? ""),
    runId: visible(run.runId),
    started: visible(run.startedAt),
    finished: visible(run.finishedAt),
    curfew: visible(run.curfew),
    policyFile: visible(policy.file),
    policyDigest: visible(policy.digest),
    profile: profile === null ? "none" : visible(`${profile.id} ${profile.version}`.trim()),
    inventory: inventory.sources.map((source) => visible(source)).join(", "),
    inventoryDigest: visible(inventory.digest),
    limit: inventory.limit === "" ? "every host" : visible(inventory.limit),
    sessions: run.verified
      ? run.scaled === undefined
        ? "opened, with their real limits"
        : `opened, with limits scaled to ${run.scaled} s`
      : "none opened",
  };
}
