/**
 * Metrics for node_exporter's textfile collector. The text is at once the Prometheus text format 0.0.4
 * and OpenMetrics 1.0: gauges only, seconds, no timestamps (the collector refuses them), `# EOF` last.
 * The number of series is bounded: hosts times five, plus one per host, role and kind of session
 * where sessions were opened; no path, account or message is a label.
 */
import { countFindings, countHosts } from "../../core/audit/summary.ts";
import { COUNTED } from "../../core/verdict/outcome.ts";
import type { AuditedHost, AuditRun } from "../../model/audit.ts";
import { CHECKS } from "../../model/check.ts";
import { clipLine } from "../layout/clip.ts";
import { reportedFindings } from "./reported-findings.ts";
import { uniqueNames } from "./unique-names.ts";

const LONGEST_LABEL = 200;

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly help: string;
  /** No two with the same labels: the collector would drop the whole file. */
  samples(): Iterable<readonly [labels: Labels, value: number]>;
}

/** The audit as metrics, a line of text for each series. The caller replaces the file as a whole. */
export function* renderMetrics(run: AuditRun): Generator<string> {
  for (const { name, help, samples } of families(run)) {
    yield `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
    for (const [labels, value] of samples()) yield `${name}{${labelText(labels)}} ${value}\n`;
  }
  yield "# EOF\n";
}

function families(run: AuditRun): Family[] {
  const names = uniqueNames(run.hosts.map(({ host }) => clipLine(host, LONGEST_LABEL)));
  return [...runFamilies(run), ...hostFamilies(run, names)];
}

function runFamilies(run: AuditRun): Family[] {
  const policy = run.policy.name;
  const [started, finished] = [Date.parse(run.startedAt) / 1000, Date.parse(run.finishedAt) / 1000];
  return [
    {
      name: "curfew_audit_info",
      help: "What judged and by which baseline; always 1.",
      samples: () => [[{ policy, version: run.curfew, profile: run.profile?.id ?? "" }, 1]],
    },
    {
      name: "curfew_audit_last_run_timestamp_seconds",
      help: "When the last audit finished, in seconds since 1970.",
      samples: () => [[{ policy }, finished]],
    },
    {
      name: "curfew_audit_duration_seconds",
      help: "How long the last audit took.",
      samples: () => [[{ policy }, Math.max(0, Math.round((finished - started) * 1000) / 1000)]],
    },
    {
      name: "curfew_audit_verified",
      help: "Whether the last audit opened real sessions: 1 or 0.",
      samples: () => [[{ policy }, run.verified ? 1 : 0]],
    },
    {
      name: "curfew_audit_hosts",
      help: "Hosts by outcome of the last audit; one that is unknown and fails for certain counts as both.",
      samples: () =>
        Object.entries(countHosts(run.hosts)).map(([outcome, count]) => [{ policy, outcome }, count]),
    },
    {
      name: "curfew_audit_check_findings",
      help: "Findings of the last audit by check and outcome, over all hosts and the policy itself.",
      samples: () => checkSamples(run),
    },
  ];
}

function hostFamilies(run: AuditRun, names: readonly string[]): Family[] {
  const policy = run.policy.name;
  const each = (value: (host: AuditedHost) => number) => () =>
    run.hosts.map((host, index) => [{ policy, host: names[index] ?? "" }, value(host)] as const);
  return [
    {
      name: "curfew_audit_findings",
      help: "Findings of the last audit by host and outcome.",
      *samples() {
        for (const [index, host] of run.hosts.entries()) {
          const counts = countFindings([{ findings: reportedFindings(host) }], []);
          for (const outcome of COUNTED)
            yield [{ policy, host: names[index] ?? "", outcome }, counts[outcome] ?? 0];
        }
      },
    },
    {
      name: "curfew_host_compliant",
      help: "1 where the host was judged and nothing is wrong with it; 0 otherwise, unknown included.",
      samples: each(({ outcome }) => (outcome === "pass" ? 1 : 0)),
    },
    {
      name: "curfew_host_judged",
      help: "1 where the host could be judged, 0 where not.",
      samples: each(({ outcome }) => (outcome === "unknown" ? 0 : 1)),
    },
    {
      name: "curfew_session_dropped_after_seconds",
      help: "How long the slowest probed session stayed idle before it was ended; none where it was kept or scaled.",
      samples: () => probeSamples(run, names),
    },
  ];
}

function* checkSamples(run: AuditRun): Generator<readonly [Labels, number]> {
  const counts = new Map<string, number>();
  const all = [run.findings, ...run.hosts.map(reportedFindings)];
  for (const { check, outcome } of all.flat()) {
    const key = `${check} ${outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const check of Object.keys(CHECKS)) {
    for (const outcome of COUNTED) {
      yield [{ policy: run.policy.name, check, outcome }, counts.get(`${check} ${outcome}`) ?? 0];
    }
  }
}

function* probeSamples(run: AuditRun, names: readonly string[]): Generator<readonly [Labels, number]> {
  for (const [index, { probes }] of run.hosts.entries()) {
    const slowest = new Map<string, { readonly labels: Labels; readonly seconds: number }>();
    for (const { role, session, droppedAfterSeconds: seconds, scaled } of probes) {
      if (seconds === null || scaled !== undefined) continue;
      const labels = { policy: run.policy.name, host: names[index] ?? "", role, session };
      const key = labelText(labels);
      if (seconds > (slowest.get(key)?.seconds ?? -1)) slowest.set(key, { labels, seconds });
    }
    for (const { labels, seconds } of slowest.values()) yield [labels, seconds];
  }
}

/** Escapes as both formats ask; control characters are spelt out first, as NUL ends the file for some readers. */
function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(clipLine(value, LONGEST_LABEL + 10))}"`)
    .join(",");
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
