/** The rules about ClientAlive: sshd's own answers, and what scanners read in its files. */
import { posix } from "node:path";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Facts, SshServer, UserClass } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { Reading } from "../../model/terms/reading.ts";
import { effectiveValue } from "../../core/sshd/effective.ts";
import { holds } from "../../core/policy/baseline-rules.ts";
import { classesByRole } from "../../core/policy/role-members.ts";
import type { Demand, Judgement } from "../../model/verdict/rule.ts";
import { sshdDirectives, unreadFiles } from "../../core/sshd/directives.ts";
import { aliveEffect } from "./ending/client-alive.ts";
import { sshdDoubt } from "./ending/doubt.ts";
import { sshdSettings } from "./ending/endings.ts";
import { scannerSays } from "./scanner.ts";

/**
 * One judgement for `sshd -T`, one per role from `sshd -T -C` for its members; under a baseline
 * that asks for it also whether the files agree with each other and where the value stands. Pure.
 */
export function judgeSshdRule(demand: Demand, facts: Facts, limits: HostLimits): Judgement[] {
  const answers: { role: string; asked: Asked[] }[] = [
    { role: "*", asked: [{ source: "sshd -T", lines: facts.sshd.effective }] },
  ];
  const members = classesByRole(facts, limits);
  if (members.state === "known") {
    for (const [role, classes] of members.value) {
      const asked = classes.map(({ account }) => ({
        source: `sshd -T -C user=${account.representative}`,
        lines: account.effective,
        doubt: doubtOf(facts, account),
      }));
      answers.push({ role, asked });
    }
  }
  const judged = answers.flatMap(({ role, asked }) => judgeAnswers(demand, facts.server, role, asked));
  return [
    ...judged,
    // Where the rule itself fails, its check fails for the same reason; where it is unknown, so is the check.
    ...(judged.every(({ outcome }) => outcome === "pass" || outcome === "waived")
      ? scannerSays(demand, facts)
      : []),
    ...(members.state === "unreadable" ? [membersUnknown(members.reason)] : []),
    ...(demand.baseline.uniform ? [oneValue(demand, facts)] : []),
    ...(demand.baseline.before === undefined ? [] : [inDropIn(demand, facts, demand.baseline.before)]),
  ];
}

interface Asked {
  readonly source: string;
  readonly lines: Reading<readonly string[]>;
  /** Why the answer may not hold for all it stands for. */
  readonly doubt?: string | undefined;
}

function doubtOf(facts: Facts, account: UserClass): string | undefined {
  if (account.effective.state !== "known") return undefined;
  const alive = sshdSettings(facts, account, account.effective.value, "frozen-client").find(
    ({ by }) => by === "ClientAlive",
  );
  return alive === undefined ? undefined : sshdDoubt(facts, account, alive);
}

/** One judgement; two where some fail and others are unknown, for neither takes anything from the other. */
function judgeAnswers(demand: Demand, server: SshServer, role: string, asked: readonly Asked[]): Judgement[] {
  const judged = asked.map(({ source, lines, doubt }) => {
    const said = judgeLines(demand, server, lines);
    if (said.outcome !== "pass" || doubt === undefined) return { source, ...said };
    return { source, actual: `${said.actual}; ${doubt}`, outcome: "unknown" } as const;
  });
  const open = (["fail", "unknown"] as const).filter((each) =>
    judged.some(({ outcome }) => outcome === each),
  );
  const named = (outcome: Judgement["outcome"]): Judgement =>
    judgementOf(
      role,
      outcome,
      judged.filter((each) => each.outcome === outcome),
    );
  const [first, second] = open.map(named);
  if (first === undefined) return [judgementOf(role, "pass", judged)];
  return second === undefined ? [first] : [first, { ...second, about: "of other accounts" }];
}

function judgementOf(
  role: string,
  outcome: Judgement["outcome"],
  telling: readonly { readonly actual: string; readonly source: string }[],
): Judgement {
  return {
    role,
    actual: [...new Set(telling.map(({ actual }) => actual))].join("; "),
    source: telling
      .map(({ source }) => source)
      .slice(0, 3)
      .join("; "),
    evidence: "effective",
    outcome,
  };
}

function judgeLines(
  { setting, relation }: Demand,
  server: SshServer,
  lines: Asked["lines"],
): Pick<Judgement, "actual"> & { readonly outcome: "pass" | "fail" | "unknown" } {
  if (lines.state === "unreadable") return { actual: lines.reason, outcome: "unknown" };
  const value = lines.state === "known" ? effectiveValue(lines.value, setting.toLowerCase()) : undefined;
  if (value === undefined || !/^\d+$/u.test(value)) {
    return { actual: `sshd does not say its ${setting}`, outcome: "unknown" };
  }
  if (!holds(relation, Number(value))) return { actual: value, outcome: "fail" };
  return {
    actual: `${value}${whatItDoes(server, lines.state === "known" ? lines.value : [])}`,
    outcome: "pass",
  };
}

/** The other half of the truth: what these numbers do to a session; see CAPABILITIES for the sources. */
function whatItDoes(server: SshServer, lines: readonly string[]): string {
  if (server.product !== "openssh") return "";
  const effect = aliveEffect(server.version, lines);
  if (effect === undefined) return "";
  if (effect.ends === "nothing") return "; with ClientAliveCountMax 0 sshd drops no client";
  const gone = formatDuration(effect.within);
  if (effect.ends === "silent") return `; a client silent for ${gone} is dropped`;
  return `; ends a session ${gone} after its client stopped answering, never an idle one whose client answers`;
}

function membersUnknown(reason: string): Judgement {
  return {
    role: "*",
    about: "per role",
    actual: reason,
    source: "accounts and groups of the host",
    evidence: "effective",
    outcome: "unknown",
  };
}

/** Check texts of STIGs: "if conflicting results are returned, this is a finding". Match blocks are read too. */
function oneValue({ setting }: Demand, facts: Facts): Judgement {
  const lines = sshdDirectives(facts).filter(({ keyword }) => keyword === setting.toLowerCase());
  const values = Map.groupBy(lines, ({ args }) => args.join(" "));
  const shown = [...values].map(([value, [line]]) => `${value} in ${line?.file ?? ""}:${line?.line ?? 0}`);
  const unread = unreadFiles(facts);
  const about = {
    role: "*",
    about: "in files",
    expected: `one value of ${setting} in all of sshd's files`,
    evidence: "configured",
  } as const;
  const source = lines[0] === undefined ? facts.sshd.mainFile.path : `${lines[0].file}:${lines[0].line}`;
  if (values.size > 1)
    return { ...about, source, actual: `different values: ${shown.slice(0, 5).join(", ")}`, outcome: "fail" };
  if (unread.length > 0)
    return { ...about, source, actual: `${unread.join(", ")} cannot be read`, outcome: "unknown" };
  if (values.size === 0) return { ...about, source, actual: "no file sets it", outcome: "fail" };
  return { ...about, source, actual: shown.join(", "), outcome: "pass" };
}

function inDropIn({ setting }: Demand, facts: Facts, before: string): Judgement {
  const lines = sshdDirectives(facts).filter(
    ({ keyword, match }) => keyword === setting.toLowerCase() && match === null,
  );
  const found = lines.find(
    ({ file }) =>
      file !== facts.sshd.mainFile.path &&
      Buffer.compare(Buffer.from(posix.basename(file)), Buffer.from(before)) < 0,
  );
  return {
    role: "*",
    about: "drop-in",
    expected: `${setting} stands in a drop-in whose name sorts before ${before}`,
    actual: found === undefined ? "no such drop-in sets it" : `${found.args.join(" ")} in ${found.file}`,
    source: found === undefined ? facts.sshd.mainFile.path : `${found.file}:${found.line}`,
    evidence: "configured",
    outcome: found === undefined ? (unreadFiles(facts).length > 0 ? "unknown" : "fail") : "pass",
  };
}
