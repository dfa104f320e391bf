/** What an audit says about settings in force: what sshd answers for real members of each role, and whom no limit reaches. */
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { Expectation, HostPlan } from "../../model/change/plan.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { resolvedClasses } from "../policy/present-people.ts";

/** Pure. Where a class of people could not be asked about, `unknown`. */
export function settingFindings(
  facts: Facts,
  limits: HostLimits,
  plan: Pick<HostPlan, "expectations">,
  selected: readonly ControlId[],
): Finding[] {
  const byRole = Map.groupBy(plan.expectations, ({ role }) => role);
  return [
    ...[...byRole].flatMap(([role, expectations]) => effectiveFindings(role, expectations, facts)),
    ...accountFindings(facts, limits, selected),
  ];
}

/**
 * One per role, over all classes of accounts in it: the worst of them speaks. Where one fails and another is
 * unknown there are two, for neither takes anything from the other.
 */
function effectiveFindings(role: string, expectations: readonly Expectation[], facts: Facts): Finding[] {
  const judged = expectations.map((expectation) => judge(expectation, facts));
  const first = (wanted: Finding["outcome"]) => judged.find(({ outcome }) => outcome === wanted);
  const [failed, unknown] = [first("fail"), first("unknown")];
  const base = { check: "sshd-effective", control: "sshd", role, evidence: "effective" } as const;
  if (failed !== undefined && unknown !== undefined) {
    return [
      { ...base, ...failed },
      { ...base, ...unknown, subject: "could not be read" },
    ];
  }
  return [{ ...base, ...(unknown ?? failed ?? judged[0] ?? NOT_ASKED) }];
}

type Judged = Pick<Finding, "expected" | "actual" | "source" | "outcome">;

const NOT_ASKED: Judged = {
  expected: "sshd's settings for the role",
  actual: "unknown: sshd was asked for no account",
  source: "sshd -T -C",
  outcome: "unknown",
};

function judge({ user, lines }: Expectation, facts: Facts): Judged {
  const expected = lines.join(", ");
  const source = `sshd -T -C user=${user}`;
  const { classes, effective: general } = facts.sshd;
  const known = classes.state === "known" ? classes.value : [];
  const effective = known.find(({ representative }) => representative === user)?.effective ?? general;
  if (effective.state !== "known") {
    const actual = effective.state === "absent" ? "sshd said nothing" : effective.reason;
    return { expected, actual, source, outcome: "unknown" };
  }
  const said = new Set(effective.value.map((line) => line.toLowerCase()));
  const missing = lines.filter((line) => !said.has(line.toLowerCase()));
  if (missing.length === 0) return { expected, actual: "as expected", source, outcome: "pass" };
  const actual = missing.map((line) => actualLine(line, effective.value)).join(", ");
  return { expected: missing.join(", "), actual, source, outcome: "fail" };
}

function actualLine(line: string, effective: readonly string[]): string {
  const [keyword = ""] = line.toLowerCase().split(" ");
  return `${keyword} ${effectiveValue(effective, keyword) ?? "is not set"}`;
}

const EXPECTED = "every account that can log in has an idle limit";

function accountFindings(facts: Facts, limits: HostLimits, selected: readonly ControlId[]): Finding[] {
  const base = {
    check: "accounts-covered",
    control: "host",
    role: "*",
    expected: EXPECTED,
    source: "getent passwd",
    evidence: "configured",
  } as const;
  const classes = resolvedClasses(facts, limits);
  if (classes === undefined) return [{ ...base, actual: "accounts cannot be read", outcome: "unknown" }];
  const exempt = new Set(
    limits.exemptions
      .filter(({ controls }) => selected.every((control) => controls.includes(control)))
      .map(({ exemption }) => exemption),
  );
  const open = classes
    .filter(({ person }) => person.idle === null)
    .filter(({ person }) => !person.exemptions.some(({ exemption }) => exempt.has(exemption)))
    // Some of each class; none where no shell lets them in.
    .flatMap(({ account: { size, users } }) => (size === 0 ? [] : users));
  const { remoteAccounts = [] } = facts;
  if (open.length === 0 && remoteAccounts.length > 0 && limits.defaults.idle === null) {
    const actual = `those that are listed have; ${remoteAccounts.join(", ")} may know more, and nothing limits everybody else`;
    return [{ ...base, actual, outcome: "unknown" }];
  }
  if (open.length === 0) return [{ ...base, actual: "they have", outcome: "pass" }];
  const names = open.slice(0, 10);
  const more = open.length > names.length ? ", …" : "";
  return [{ ...base, actual: `no role or default limits ${names.join(", ")}${more}`, outcome: "fail" }];
}
