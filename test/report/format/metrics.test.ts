import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visible } from "../../../src/core/text/visible.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import { renderMetrics } from "../../../src/report/format/metrics.ts";
import { asWritten, hostileAudit, HOSTILE, textOf } from "../../fixtures/hostile-audits.ts";
import { probe } from "../../fixtures/plans.ts";
import { audit, auditedHost, bigAudit, smallAudit } from "../../fixtures/report-audits.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"';
const SAMPLE = new RegExp(`^(${NAME})\\{((?:${LABEL})(?:,${LABEL})*)\\} (\\d+(?:\\.\\d+)?)$`, "u");

/**
 * Reads text by the stricter of two grammars: OpenMetrics 1.0 (metadata before samples, families not
 * interleaved, no duplicate series, no empty line, `# EOF` last) and the Prometheus text format
 * 0.0.4 (only gauge, counter and the like as types), and as node_exporter's textfile collector does
 * (no timestamps). Control characters are refused: some readers end at a NUL.
 */
function read(text: string): Sample[] {
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text.endsWith("\n# EOF\n")).toBe(true);
  const samples: Sample[] = [];
  const series = new Set<string>();
  const families = new Set<string>();
  let family = "";
  let typed = false;
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const help = new RegExp(`^# HELP (${NAME}) (?:[^\\\\\\n"]|\\\\[\\\\n"])+$`, "u").exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (gauge|counter|histogram|summary|untyped)$`, "u").exec(line);
    if (help !== null) {
      family = help[1] ?? "";
      typed = false;
      expect(families.has(family), `${family} once`).toBe(false);
      families.add(family);
    } else if (type !== null) {
      expect(type[1]).toBe(family);
      typed = true;
    } else {
      const [, name = "", labels = "", ...rest] = SAMPLE.exec(line) ?? expect.fail(`no sample: ${line}`);
      expect([name, typed]).toEqual([family, true]);
      expect(series.has(`${name}{${labels}}`), `${line} once`).toBe(false);
      series.add(`${name}{${labels}}`);
      samples.push({ name, labels: readLabels(labels), value: Number(rest.at(-1)) });
    }
  }
  return samples;
}

function readLabels(text: string): Record<string, string> {
  const pairs = Array.from(text.matchAll(new RegExp(LABEL, "gu")), ([, name = "", quoted = ""]) => [
    name,
    quoted.replace(/\\(.)/gu, (_, character: string) => (character === "n" ? "\n" : character)),
  ]);
  expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
  return Object.fromEntries(pairs);
}

function metrics(run: AuditRun): Sample[] {
  return read(asWritten(textOf(renderMetrics, run)));
}

function value(samples: readonly Sample[], name: string, labels: Record<string, string>): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  );
  return found.length === 1 ? found[0]?.value : undefined;
}

describe("metrics", () => {
  test.each([
    ["curfew_audit_last_run_timestamp_seconds", {}, Date.parse("2026-11-22T03:43:52.250Z") / 1000],
    ["curfew_audit_duration_seconds", {}, 42.25],
    ["curfew_audit_verified", {}, 1],
    ["curfew_audit_hosts", { outcome: "unknown" }, 2],
    ["curfew_audit_findings", { host: "web2", outcome: "fail" }, 3],
    ["curfew_audit_findings", { host: "web1", outcome: "fail" }, 0],
    ["curfew_audit_check_findings", { check: "exemption-used", outcome: "fail" }, 1],
    ["curfew_host_compliant", { host: "web1" }, 1],
    ["curfew_host_compliant", { host: "web2" }, 0],
    ["curfew_host_compliant", { host: "web3" }, 0],
    ["curfew_host_judged", { host: "web2" }, 1],
    ["curfew_host_judged", { host: "gone1" }, 0],
    ["curfew_audit_info", { version: "0.1.0", profile: "stig-rhel9" }, 1],
  ])("%s %j is %d", (name, labels, expected) => {
    expect(value(metrics(smallAudit()), name, { policy: "production", ...labels })).toBe(expected);
  });

  test("a session's time is that of the slowest of its kind; kept and scaled ones have none", () => {
    const probes = [
      probe({ droppedAfterSeconds: 590 }),
      probe({ droppedAfterSeconds: 598.24, user: "bob" }),
      probe({ session: "typing", droppedAfterSeconds: null }),
      probe({ session: "tmux", droppedAfterSeconds: 20, scaled: 20 }),
    ];
    const samples = metrics(audit([auditedHost("web1", { probes })]));
    const found = samples.filter(({ name }) => name === "curfew_session_dropped_after_seconds");
    expect(found.map((sample) => [sample.labels["session"], sample.value])).toEqual([["idle-shell", 598.24]]);
  });

  test("the number of series grows with hosts only, by a known amount", () => {
    const count = (hosts: number) =>
      metrics(bigAudit(hosts)).filter(({ name }) => !/session/u.test(name)).length;
    expect(count(200) - count(100)).toBe(100 * (5 + 1 + 1));
  });

  test("hosts that look the same stay two series", () => {
    const hosts = ["a\n", "a\\n", `${"x".repeat(300)}1`, `${"x".repeat(300)}2`].map((host) =>
      auditedHost(host),
    );
    const names = metrics(audit(hosts)).filter(({ name }) => name === "curfew_host_compliant");
    expect(new Set(names.map(({ labels }) => labels["host"])).size).toBe(4);
  });

  test.each(HOSTILE)("a host named %j is a label like any other", (host) => {
    expect(value(metrics(audit([auditedHost(host)])), "curfew_host_compliant", { host: visible(host) })).toBe(
      1,
    );
  });

  test("whatever a host says, the collector can read the file", () => {
    fc.assert(
      fc.property(hostileAudit, (run) => {
        const samples = metrics(run);
        const hosts = samples.filter(({ name }) => name === "curfew_host_compliant");
        expect(hosts.map((sample) => sample.value)).toEqual(
          run.hosts.map(({ outcome }) => (outcome === "pass" ? 1 : 0)),
        );
      }),
    );
  });
});
