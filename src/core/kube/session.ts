import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Credential, KubeLimits } from "../../model/access/kube.ts";
import { limitsText } from "./limits-text.ts";
import type { KubeAuditView } from "./view.ts";
import type { KubeStatement } from "./finding.ts";

/**
 * How long one credential lets somebody go on without a new login. Kubernetes ends nothing for being idle, so for a
 * credential that lies in the file only its own life counts, against the shorter of both limits.
 */
export function sessionStatement(credential: Credential, view: KubeAuditView): KubeStatement {
  const { at } = credential;
  const limits = view.limits ?? { idle: null, max: null };
  const expected = hasLimit(limits) ? `a session that ${limitsText(limits)}` : "a credential that ends";
  if (credential.exec !== undefined) return { expected, at, ...pluginOutcome(credential.exec, limits, view) };
  return { expected, at, ...ruleOf(credential), ...lifeOutcome(credential, limits, view.now) };
}

type Judged = Pick<KubeStatement, "actual" | "outcome">;

function hasLimit({ idle, max }: KubeLimits): boolean {
  return idle !== null || max !== null;
}

function pluginOutcome(
  plugin: NonNullable<Credential["exec"]>,
  limits: KubeLimits,
  view: KubeAuditView,
): Judged {
  if (plugin.apiVersion.endsWith("/v1") && plugin.interactiveMode === null) {
    return { actual: "kubectl refuses this user: apiVersion v1 needs interactiveMode", outcome: "pass" };
  }
  if (plugin.gate === null) {
    const actual = `${plugin.command} answers for as long as its own login lasts; no gate stands before it`;
    return { actual, outcome: hasLimit(limits) ? "fail" : "unknown" };
  }
  if (plugin.elsewhere !== undefined) {
    const names = plugin.elsewhere.join(", ");
    const actual = `curfew's gate, for which the kubeconfig sets ${names}: whether its limits hold is unknown`;
    return { actual, outcome: "unknown" };
  }
  const gate = view.gates.get(plugin.gate) ?? null;
  if (gate === null) {
    return { actual: "curfew's gate, whose state on this machine could not be read", outcome: "unknown" };
  }
  const loose = looser(gate.idle, limits.idle) || looser(gate.max, limits.max);
  return { actual: `curfew's gate: ${limitsText(gate)}`, outcome: loose ? "fail" : "pass" };
}

function looser(found: Seconds | null, wanted: Seconds | null): boolean {
  return wanted !== null && (found === null || found > wanted);
}

function lifeOutcome(credential: Credential, limits: KubeLimits, now: Date): Judged {
  const { life, kind, reason } = credential;
  const what = WORDS[kind];
  if (life === null) return { actual: `${what}: ${reason ?? "unknown"}`, outcome: "unknown" };
  if (life.until === null)
    return {
      actual: `${what}${ENDLESS[kind] ?? ENDLESS_TOKEN[String(reason)] ?? " that never ends"}`,
      outcome: "fail",
    };
  const until = life.until.slice(0, 16).replace("T", " ");
  const left = Math.floor((Date.parse(life.until) - now.getTime()) / 1000);
  if (left <= 0) return renewable(credential, `${what} that ended on ${until} UTC`);
  // Who says to begin later than now, which no server holds against a token, says how long it lasts in vain.
  const known = life.seconds !== null && left <= life.seconds + SKEW;
  const length = known ? (life.seconds ?? left) : left;
  const valid = known ? `for ${spanText(length)}` : `for ${spanText(left)} more`;
  const actual = `${what}, valid ${valid}, until ${until} UTC`;
  const most = Math.min(limits.idle ?? Number.POSITIVE_INFINITY, limits.max ?? Number.POSITIVE_INFINITY);
  const certain = kind === "client-certificate" && !hasLimit(limits);
  if (certain) return { actual: `${actual}; it cannot be revoked`, outcome: "fail" };
  return length <= most ? renewable(credential, actual) : { actual, outcome: "fail" };
}

/** kubectl reads these files anew with each command (a token's once a minute): who replaces them needs no login. */
const FILES: ReadonlySet<string> = new Set(["tokenFile", "client-certificate"]);

function renewable({ key }: Credential, actual: string): Judged {
  if (!FILES.has(key)) return { actual, outcome: "pass" };
  return { actual: `${actual}; a program may replace the file without a new login`, outcome: "unknown" };
}

/** By how much clocks may differ. */
const SKEW: Seconds = 60;

const WORDS: Readonly<Record<Credential["kind"], string>> = {
  token: "token",
  "bootstrap-token": "bootstrap token",
  "client-certificate": "client certificate",
  "basic-auth": "password",
  "auth-provider": "auth-provider",
  exec: "exec plugin",
};

const ENDLESS: Readonly<Partial<Record<Credential["kind"], string>>> = {
  "bootstrap-token": ", which does not say when it ends",
  "auth-provider": ", which renews its token by itself and never asks again",
};
const ENDLESS_TOKEN: Readonly<Record<string, string>> = {
  opaque: " that does not say when it ends; kubectl uses it until the server refuses it",
};

/** Rules that forbid the kind itself for people (CIS Kubernetes 1.8 and newer, section 3.1). */
function ruleOf({ kind }: Credential): Pick<KubeStatement, "rule"> | object {
  const rule = { "client-certificate": "3.1.1", "bootstrap-token": "3.1.3" }[kind as string];
  return rule === undefined ? {} : { rule: `CIS Kubernetes ${rule}` };
}

/** Days where hours would be hard to read. */
function spanText(seconds: Seconds): string {
  const days = Math.floor(seconds / 86_400);
  return days >= 3 ? `${days} days` : formatDuration(seconds);
}
