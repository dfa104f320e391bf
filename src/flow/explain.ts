import { explainPerson } from "../core/explain/person.ts";
import { explainSessions } from "../core/explain/sessions.ts";
import { planHost } from "../core/plan/host.ts";
import { policyAnywhere, policyOn } from "../core/policy/apply-baseline.ts";
import { hostLimits } from "../core/policy/host-limits.ts";
import { groupsOf } from "../core/policy/present-people.ts";
import { selectorsApart, selectorsOf, type Selector } from "../core/policy/selectors.ts";
import { CurfewError, errorData } from "../model/terms/error.ts";
import type { Explanation } from "../model/verdict/explanation.ts";
import type { Facts } from "../model/facts/facts.ts";
import type { Host } from "../model/inventory/host.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { RunContext } from "./run/context.ts";
import { gatherFacts } from "./gather.ts";
import { login } from "./plan.ts";

/**
 * What holds for an account on one host, from the host's own facts: one login, nothing is changed.
 * A host that cannot be asked is explained from the policy alone, with `error` set.
 */
export async function explainOnHost(
  policy: Policy,
  user: string,
  host: Host,
  context: RunContext,
): Promise<Explanation> {
  const now = context.now();
  const today = now.toISOString().slice(0, 10);
  const ids = context.controls.map(({ id }) => id);
  const selectors = selectorsOf(hostLimits(policy, host, today));
  try {
    const facts = await factsAbout(user, host, selectors, now, context);
    const { account, groups } = accountOf(user, facts);
    const here = policyOn(policy, host, facts, context.controls);
    const explanation = explainPerson(here, { user, groups }, host, today, ids);
    const limits = hostLimits(here, host, today);
    const { description, findings, changes, error } = planHost(
      facts,
      limits,
      here.controls,
      context.controls,
    );
    const sessions = explainSessions(explanation, facts, limits, here.controls, context.controls, {
      refused: error !== undefined,
    });
    const roles = new Set(["*", ...explanation.roles.filter(counts).map(({ role }) => role)]);
    const concerning = findings.filter(({ role }) => roles.has(role));
    return {
      ...explanation,
      onHost: { description, account, sessions, findings: concerning, pending: changes.length },
      ...(error === undefined ? {} : { error }),
    };
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    const anywhere = policyAnywhere(policy);
    return { ...explainPerson(anywhere, { user, groups: [] }, host, today, ids), error: errorData(error) };
  }
}

async function factsAbout(
  user: string,
  host: Host,
  selectors: readonly Selector[],
  now: Date,
  context: RunContext,
): Promise<Facts> {
  const connection = await login(host, context);
  try {
    context.emit({ type: "host-step", at: context.clock(), host: host.name, step: "reading-facts" });
    const asked = selectorsApart(selectors, user);
    return await gatherFacts(connection, asked, {
      signal: context.aborting,
      controls: context.controls,
      now,
      token: context.token(),
    });
  } finally {
    connection.close();
  }
}

interface Account {
  readonly account: "found" | "missing" | "unknown";
  /** Those of its groups that the policy names. */
  readonly groups: readonly string[];
}

function accountOf(user: string, { sshd }: Facts): Account {
  if (sshd.classes.state !== "known") return { account: "unknown", groups: [] };
  const found = sshd.classes.value.find(({ selectors }) => selectors.includes(`user:${user}`));
  if (found === undefined) return { account: "missing", groups: [] };
  return { account: "found", groups: groupsOf(found) };
}

function counts({ because, applies }: Explanation["roles"][number]): boolean {
  return because.length > 0 && applies === "yes";
}
