import type { Finding } from "../../../model/verdict/finding.ts";
import type { KubeLimits } from "../../../model/access/kube.ts";
import type { AuthenticationFile, TokenIssuer } from "../../../model/access/kube-server.ts";
import { formatDuration, type Seconds } from "../../../model/terms/duration.ts";
import { kubeFinding } from "../finding.ts";

/** The shorter of both limits: a token that is good for longer outlives the session. Null where there is none. */
export function longest(limits: KubeLimits | null): Seconds | null {
  const all = [limits?.idle ?? null, limits?.max ?? null].filter((each) => each !== null);
  return all.length === 0 ? null : Math.min(...all);
}

/** The rule that accepts no token with a longer life, for the AuthenticationConfiguration of Kubernetes 1.30 and newer. */
export function tokenCapRule(seconds: Seconds, claim: "nbf" | "iat"): string {
  return [
    "# For each entry of jwt in the AuthenticationConfiguration (--authentication-config of kube-apiserver).",
    "claimValidationRules:",
    `  - expression: "claims.exp - claims.${claim} <= ${seconds}"`,
    `    message: tokens live for ${formatDuration(seconds)} at most`,
    "",
  ].join("\n");
}

export function capFindings(file: AuthenticationFile, limits: KubeLimits | null): Finding[] {
  if (file.issuers.length > 0) return file.issuers.map((issuer) => issuerFinding(issuer, limits));
  const statement = {
    expected: "an issuer in jwt",
    actual: "no issuer: no token of a person is accepted",
    at: file.at,
  };
  return [kubeFinding("kube-server", "jwt", { ...statement, outcome: "pass" })];
}

const CAP = /^\s*(?:int\()?claims\.exp\)?\s*-\s*(?:int\()?claims\.(?:nbf|iat)\)?\s*(<=?)\s*(\d{1,9})\s*$/u;

function issuerFinding({ url, at, rules }: TokenIssuer, limits: KubeLimits | null): Finding {
  const most = longest(limits);
  const expected =
    most === null ? "a rule that caps claims.exp" : `tokens that live for at most ${formatDuration(most)}`;
  const caps = rules.flatMap((rule) => {
    const [, sign, number] = CAP.exec(rule.value) ?? [];
    return number === undefined ? [] : [{ rule, seconds: Number(number) - (sign === "<" ? 1 : 0) }];
  });
  // Each rule has to hold, so the shortest counts.
  const [shortest] = caps.toSorted((left, right) => left.seconds - right.seconds);
  const subject = `issuer ${url}`;
  if (shortest !== undefined) {
    const { rule, seconds } = shortest;
    const holds = most === null || seconds <= most;
    const actual = `at most ${formatDuration(seconds)}`;
    return kubeFinding("kube-server", subject, {
      expected,
      actual,
      at: rule.at,
      outcome: holds ? "pass" : "fail",
    });
  }
  const other = rules.find(({ value }) => /\bexp\b/u.test(value));
  const actual =
    other === undefined
      ? "no rule caps how long a token lives"
      : "a rule about exp that is not of the form claims.exp - claims.nbf <= SECONDS";
  const outcome = other === undefined ? "fail" : "unknown";
  return kubeFinding("kube-server", subject, { expected, actual, at: other?.at ?? at, outcome });
}
