import { expect, test } from "vitest";
import type { CheckedHost } from "../../../src/model/record/check-run.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { checkText } from "../../../src/report/host/check-text.ts";

const bare = (host: string, description: string): CheckedHost => ({
  host,
  description,
  outcome: "pass",
  settings: [],
  ladder: [],
  probes: [],
  findings: [],
  managed: false,
});

const OPTIONS = { paint: createPaint(false), columns: 80, limit: null, proved: false, named: [] };

test("hosts are one block where their systems are alike too, and no other", () => {
  const hosts = [bare("web1", "Debian 12"), bare("web2", "Debian 12"), bare("db1", "Debian 13")];
  const options = { paint: createPaint(false), columns: 80, limit: null, proved: false, named: [] };
  const heads = checkText(hosts, options)
    .split("\n")
    .filter((line) => line.includes("Debian"));
  expect(heads).toEqual(["web[1-2]  Debian 12", "db1  Debian 13"]);
});

test("open rules of a baseline are named with their people, the others counted", () => {
  const rule = (role: string, outcome: Finding["outcome"]): Finding => ({
    check: "baseline-rule",
    control: "sshd",
    role,
    rule: "5.1.7",
    subject: "ClientAliveInterval",
    expected: "ClientAliveInterval is more than 0",
    actual: "0",
    source: "sshd -T",
    evidence: "effective",
    outcome,
  });
  const findings = [rule("root", "fail"), rule("default", "fail"), rule("*", "pass")];
  const shown = checkText([{ ...bare("web1", "Debian 12"), findings }], OPTIONS);
  expect(shown).toContain(
    "✗ 5.1.7 ClientAliveInterval for root, everyone else: wanted\n      ClientAliveInterval is more than 0, found 0 (sshd -T)",
  );
  expect(shown).toContain("= 1 statement of the baseline hold");
  expect(checkText([bare("web1", "Debian 12")], OPTIONS)).not.toContain("baseline");
});

test("what nothing ends for anybody is said once", () => {
  const cell = {
    role: "root",
    kind: "tmux",
    expect: "dropped",
    limit: null,
    configured: null,
    effective: null,
    demonstrated: null,
    outcome: "fail",
    evidence: null,
  } as const;
  const host = { ...bare("web1", "Debian 12"), ladder: [cell] };
  expect(checkText([host], OPTIONS)).toContain("never ends, for all of them: tmux");
});

test.each([
  [["root@web1"], null, "Next: curfew check root@web1 --limit 15m"],
  [["root@web1"], 900, "Next: the same with --prove opens real sessions; curfew wizard root@web1 sets"],
  [[], null, "Next: the same with --limit 15m"],
  [[], 900, "curfew wizard web1 sets"],
])("what to do next with %j and limit %s names the host as it was given", (named, limit, words) => {
  const text = checkText([bare("web1", "Debian 12")], { ...OPTIONS, columns: 200, named, limit });
  expect(text).toContain(words);
});
