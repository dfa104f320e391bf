/**
 * Metrics for node_exporter's textfile collector. The text is at once the Prometheus text format 0.0.4
 * and OpenMetrics 1.0: gauges only, seconds, no timestamps (the collector refuses them), `# EOF` last.
 * The number of series is bounded: hosts times five, plus one per host, role and kind of session
 * where sessions were opened; no path, account or message is a label.
 */
import { countFindings, countHosts } from "../../core/audit/summary.ts";
import { COUNTED } from "../../core/verdict/outcome.ts";
import type { AuditedHost, AuditRun, HostCounts } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { CheckCount } from "../../model/record/history-views.ts";
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

/** What is told of an audit as a whole. */
export interface FleetMetrics {
  readonly policy: string;
  /** Of curfew. */
  readonly version: string;
  readonly profile: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly verified: boolean;
  readonly hosts: HostCounts;
  readonly checks: readonly CheckCount[];
}

/** The audit as metrics, a line of text for each series. The caller replaces the file as a whole. */
export function renderMetrics(run: AuditRun): Generator<string> {
  const names = uniqueNames(run.hosts.map(({ host }) => clipLine(host, LONGEST_LABEL)));
  return rendered([...fleetFamilies([fleetMetrics(run)]), ...hostFamilies(run, names)]);
}

/** The same of audits of several policies, without a series for each host: for a server that is asked often. */
export function renderFleetMetrics(audits: readonly FleetMetrics[]): string {
  return [...rendered(fleetFamilies(audits))].join("");
}

function* rendered(families: readonly Family[]): Generator<string> {
  for (const { name, help, samples } of families) {
    yield `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`;
    for (const [labels, value] of samples()) yield `${name}{${labelText(labels)}} ${value}\n`;
  }
  yield "# EOF\n";
}

function fleetMetrics(run: AuditRun): FleetMetrics {
  const { policy, curfew: version, profile, startedAt, finishedAt, verified } = run;
  const about = {
    policy: policy.name,
    version,
    profile: profile?.id ?? null,
    startedAt,
    finishedAt,
    verified,
  };
  return { ...about, hosts: countHosts(run.hosts), checks: [...countChecks(run)] };
}

function fleetFamilies(audits: readonly FleetMetrics[]): Family[] {
  const each =
    (value: (audit: FleetMetrics) => number, more: (audit: FleetMetrics) => Labels = () => ({})) =>
    (): Iterable<readonly [Labels, number]> =>
      audits.map((audit) => [{ policy: audit.policy, ...more(audit) }, value(audit)] as const);
  return [
    {
      name: "curfew_audit_info",
      help: "What judged and by which baseline; always 1.",
      samples: each(
        () => 1,
        ({ version, profile }) => ({ version, profile: profile ?? "" }),
      ),
    },
    {
      name: "curfew_audit_last_run_timestamp_seconds",
      help: "When the last audit finished, in seconds since 1970.",
      samples: each(({ finishedAt }) => inSeconds(finishedAt)),
    },
    {
      name: "curfew_audit_duration_seconds",
      help: "How long the last audit took.",
      samples: each(({ startedAt, finishedAt }) =>
        Math.max(0, Math.round((inSeconds(finishedAt) - inSeconds(startedAt)) * 1000) / 1000),
      ),
    },
    {
      name: "curfew_audit_verified",
      help: "Whether the last audit opened real sessions: 1 or 0.",
      samples: each(({ verified }) => (verified ? 1 : 0)),
    },
    {
      name: "curfew_audit_hosts",
      help: "Hosts by outcome of the last audit; one that is unknown and fails for certain counts as both.",
      *samples() {
        for (const { policy, hosts } of audits) {
          for (const [outcome, count] of Object.entries(hosts)) yield [{ policy, outcome }, count];
        }
      },
    },
    {
      name: "curfew_audit_check_findings",
      help: "Findings of the last audit by check and outcome, over all hosts and the policy itself.",
      *samples() {
        for (const audit of audits) yield* checkSamples(audit);
      },
    },
  ];
}

function inSeconds(time: string): number {
  return Date.parse(time) / 1000;
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

function* checkSamples({ policy, checks }: FleetMetrics): Generator<readonly [Labels, number]> {
  const counts = new Map(checks.map(({ check, outcome, amount }) => [`${check} ${outcome}`, amount]));
  for (const check of Object.keys(CHECKS)) {
    for (const outcome of COUNTED) yield [{ policy, check, outcome }, counts.get(`${check} ${outcome}`) ?? 0];
  }
}

function countChecks(run: AuditRun): Iterable<CheckCount> {
  const counts = new Map<string, CheckCount>();
  for (const { check, outcome } of [run.findings, ...run.hosts.map(reportedFindings)].flat()) {
    const key = `${check} ${outcome}`;
    counts.set(key, { check, outcome, amount: (counts.get(key)?.amount ?? 0) + 1 });
  }
  return counts.values();
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
