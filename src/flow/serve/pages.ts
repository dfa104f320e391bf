/** Each page of `curfew serve`: what it reads of the history, and the HTML that this becomes. */
import { isMeant, openReasons } from "../../core/audit/open.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { History } from "../../model/record/history.ts";
import type { NewestRun, RunFrame } from "../../model/record/history-views.ts";
import type { PageName } from "../../report/serve/address.ts";
import { APPLIED, renderApplied, renderAppliedRun } from "../../report/serve/applied.ts";
import { renderChanges } from "../../report/serve/changes.ts";
import { renderFinding } from "../../report/serve/finding.ts";
import { renderFleet } from "../../report/serve/fleet.ts";
import { HOSTS } from "../../report/serve/host-list.ts";
import { renderHost } from "../../report/serve/host.ts";
import { when } from "../../report/html/words.ts";
import { messagePage, renderPage, type FleetScope } from "../../report/serve/page.ts";
import { renderTrend } from "../../report/serve/trend.ts";
import { renderWaivers, waiversOf } from "../../report/serve/waivers.ts";
import { dayOf, findingOf, numberOf, wantedOutcome, pageOf, textOf } from "./query.ts";

/** Audits that a trend, and a finding's or a host's life, goes back. */
const TREND = 60;
const LIFE = 200;
/** Audits that began later and did not end, among which one of the same part of the fleet is looked for. */
const MOST_LATER = 50;

/** What a page is made of. */
export interface Asked {
  readonly history: History;
  readonly query: URLSearchParams;
  readonly now: Date;
  /** Of curfew. */
  readonly version: string;
}

/** The HTML of each page. Errors: CurfewError `usage` for an address that asks for nonsense, NotThereError. */
export const RENDERED: Readonly<Record<PageName, (asked: Asked) => Promise<string>>> = {
  "./": fleetPage,
  trend: trendPage,
  changes: changesPage,
  host: hostPage,
  finding: findingPage,
  waivers: waiversPage,
  applied: appliedPage,
};

async function fleetPage(asked: Asked): Promise<string> {
  const { history, query } = asked;
  const aimed = ["run", "policy", "limit"].some((name) => query.has(name));
  if (!aimed && (await history.newest()).length === 0) return noAuditPage(asked);
  const chosen = await choose(asked);
  const { frame, named } = chosen;
  const { runId } = frame.run;
  const [page, outcome, name] = [pageOf(query), wantedOutcome(query), textOf(query, "q")];
  const filter = { outcome, name, ...sliceOf(page, HOSTS) };
  const open = await history.open(runId);
  const content = renderFleet({
    frame,
    named,
    newer: await newerRun(history, frame),
    trend: await history.list({ like: runId, last: TREND }),
    reasons: openReasons(open),
    waivers: waiversOf(open),
    filter,
    page,
    hosts: await history.hosts(runId, filter),
  });
  return inPage("./", "The fleet now", asked, chosen, content);
}

/** What is there before the first audit has ended: the address is right, so it is a page. */
async function noAuditPage({ history, version }: Asked): Promise<string> {
  const [last] = await history.list({ last: 1 });
  const state = last?.state === "running" ? "is still running" : "was broken off";
  const begun =
    last === undefined ? "" : `; the one of ${last.policy} that began on ${when(last.startedAt)} ${state}`;
  const text = `there is no finished audit in the history${begun}`;
  const hint =
    "curfew audit makes one, and curfew schedule install makes one on a timer; then this page shows the fleet";
  return messagePage("No finished audit", text, hint, version);
}

async function trendPage(asked: Asked): Promise<string> {
  const chosen = await choose(asked);
  const since = dayOf(asked.query, "since");
  const { runId } = chosen.frame.run;
  const runs = await asked.history.list({ like: runId, since, last: 5000 });
  const content = renderTrend(runs, scopeOf(chosen.frame), { since, page: pageOf(asked.query) });
  return inPage("trend", "Every audit", asked, chosen, content);
}

async function changesPage(asked: Asked): Promise<string> {
  const { history } = asked;
  const chosen = await choose(asked);
  const { run } = chosen.frame;
  const against = textOf(asked.query, "against");
  const before = against === undefined ? await history.previous(run.runId) : await found(history, against);
  const changes = before === undefined ? [] : await history.changes(before.runId, run.runId);
  return inPage("changes", "What changed", asked, chosen, renderChanges(run, before, changes));
}

async function hostPage(asked: Asked): Promise<string> {
  const { history, query } = asked;
  const name = textOf(query, "name");
  if (name === undefined) throw new CurfewError("usage", "name is missing in the address");
  const life = await history.life(name, { offset: 0, limit: LIFE });
  // Of the audit that was named, or the newest that has it: another policy's may be the newest of all.
  const runId = textOf(query, "run") ?? life.find(({ run }) => run.state === "finished")?.run.runId;
  const chosen = await choose(asked, runId);
  const host = await history.host(chosen.frame.run.runId, name);
  if (host === undefined && life.length === 0)
    throw new NotThereError("input", "no audit has a host of that name");
  const applied = await history.applied({ host: name, offset: 0, limit: 10 });
  const content = renderHost({ name, frame: chosen.frame, host, life, applied });
  return inPage("host", name, asked, chosen, content);
}

async function findingPage(asked: Asked): Promise<string> {
  const { history, query } = asked;
  const [finding, page] = [findingOf(query), pageOf(query)];
  const chosen = await choose(asked);
  const { run } = chosen.frame;
  const runs = await history.list({ like: run.runId, finished: true, last: TREND });
  const ids = runs.map(({ runId }) => runId);
  const open = (await history.open(run.runId)).map(({ hosts, findings }) => ({
    hosts,
    findings: findings.filter((its) => isMeant(its, finding)),
  }));
  const content = renderFinding({
    finding,
    run,
    runs,
    spread: await history.spread(finding, ids),
    reasons: openReasons(open),
    page,
    hosts: await history.hosts(run.runId, { finding, ...sliceOf(page, HOSTS) }),
  });
  return inPage("finding", "A finding", asked, chosen, content);
}

async function waiversPage(asked: Asked): Promise<string> {
  const chosen = await choose(asked);
  const { runId, startedAt } = chosen.frame.run;
  const waivers = waiversOf(await asked.history.open(runId));
  const about = { scope: scopeOf(chosen.frame), runId, startedAt };
  const within = numberOf(asked.query, "within");
  return inPage(
    "waivers",
    "Waivers",
    asked,
    chosen,
    renderWaivers(waivers, about, { now: asked.now, within }),
  );
}

async function appliedPage(asked: Asked): Promise<string> {
  const { history, query, version } = asked;
  const page = pageOf(query);
  const [run, host, policy] = ["run", "host", "policy"].map((name) => textOf(query, name));
  const content =
    run === undefined
      ? renderApplied(
          await history.applied({ policy, host, ...sliceOf(page, APPLIED) }),
          { policy, host },
          page,
        )
      : renderAppliedRun(await orNotThere(history.appliedRun(run)), page);
  return renderPage({ title: "Applied", page: "applied", scopes: [], version }, content);
}

/** The audit that a page is about. */
interface Chosen {
  readonly frame: RunFrame;
  /** Its id where the address names it. */
  readonly named: string | undefined;
  readonly newest: readonly NewestRun[];
}

/** The audit that is named, else the newest finished one of the policy and `-l`, else of all. */
async function choose(
  { history, query }: Asked,
  run: string | undefined = textOf(query, "run"),
): Promise<Chosen> {
  const newest = await history.newest();
  if (run !== undefined) {
    const { runId } = await found(history, run);
    return { frame: await history.frame(runId), named: runId, newest };
  }
  const [policy, limit] = [textOf(query, "policy"), query.get("limit")?.slice(0, 512)];
  const same = newest.filter((each) => policy === undefined || each.run.policy === policy);
  const wanted =
    limit === undefined || limit === null
      ? // A part of the fleet is not taken for the fleet where all of it was audited as well.
        (same.find((each) => each.limit === "" && each.run.policy === same[0]?.run.policy) ?? same[0])
      : same.find((each) => each.limit === limit);
  if (wanted !== undefined) return { frame: await history.frame(wanted.run.runId), named: undefined, newest };
  const of = newest.length === 0 ? "" : " of that policy";
  throw new NotThereError("input", `there is no finished audit${of} in the history`, {
    hint: "curfew audit makes one; those that were broken off are listed by curfew history",
  });
}

function found(history: History, run: string): Promise<RunSummary> {
  return orNotThere(history.find(run));
}

/** Something that an address names and the history does not have; anything else that goes wrong is no such error. */
export class NotThereError extends CurfewError {}

async function orNotThere<T>(finding: Promise<T>): Promise<T> {
  try {
    return await finding;
  } catch (error) {
    // The store's own trouble has a cause, and damage is what nobody asked for by name.
    if (!(error instanceof CurfewError) || error.code !== "input" || error.cause !== undefined) throw error;
    throw new NotThereError("input", error.message, { hint: error.hint });
  }
}

/** A run of the same policy and `-l` that began later and has not ended. */
async function newerRun(history: History, frame: RunFrame): Promise<RunSummary | undefined> {
  const { run } = frame;
  const { limit } = scopeOf(frame);
  const later = await history.list({ policy: run.policy, since: run.startedAt, last: MOST_LATER });
  const begun = later.filter(({ state, startedAt }) => state !== "finished" && startedAt > run.startedAt);
  for (const each of begun.toReversed()) {
    if (scopeOf(await history.frame(each.runId)).limit === limit) return each;
  }
  return undefined;
}

function inPage(
  page: PageName,
  title: string,
  asked: Asked,
  { frame, newest }: Chosen,
  content: string,
): string {
  const scopes = newest.map(({ run, limit }) => ({ policy: run.policy, limit }));
  return renderPage({ title, page, scope: scopeOf(frame), scopes, version: asked.version }, content);
}

function scopeOf({ header }: RunFrame): FleetScope {
  return { policy: header.policy.name, limit: header.inventory.limit };
}

function sliceOf(page: number, size: number): { readonly offset: number; readonly limit: number } {
  return { offset: (page - 1) * size, limit: size };
}
