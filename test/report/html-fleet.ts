/** A fleet as one meets them: most hosts well, some failing in many ways, a few lost; and what changed. */
import type {
  AuditContext,
  AuditedHost,
  AuditRun,
  FindingChange,
  RunSummary,
} from "../../src/model/record/audit.ts";
import type { Finding, LadderCell, Rung } from "../../src/model/verdict/finding.ts";
import { SESSION_KINDS, type SessionKind } from "../../src/model/terms/session-kind.ts";
import { audit, auditedHost, finding, smallAudit, stigProfile } from "../fixtures/report-audits.ts";

const ROLES = ["admin", "vendor", "default"] as const;
const CONF = "/etc/ssh/sshd_config.d/00-00-curfew.conf";
const DIFF = `--- ${CONF}\n+++ ${CONF}\n@@ -1,2 +1,2 @@\n # curfew\n-ClientAliveInterval 600\n+ClientAliveInterval 900\n`;
const ZONES = ["web", "db", "build", "bastion", "mail"] as const;

/** The same every time; with `hosts: 1` one that fails. */
export function fleet(hosts: number, other: Partial<AuditRun> = {}): AuditRun {
  const audited = Array.from({ length: hosts }, (_, index) => fleetHost(index));
  const list = other.verified === false ? audited.map(unverified) : audited;
  return audit(list, {
    profile: stigProfile,
    sessions: SESSION_KINDS,
    verified: true,
    findings: smallAudit().findings,
    ...other,
  });
}

/** Twenty-four runs of it, and what the last one changed. */
export function fleetContext(run: AuditRun): AuditContext {
  const total = run.hosts.length;
  const fail = run.hosts.filter(({ outcome }) => outcome === "fail").length;
  const unknown = run.hosts.filter(({ outcome }) => outcome === "unknown").length;
  const trend = Array.from({ length: 24 }, (_, index): RunSummary => {
    const wave =
      index === 23
        ? 0
        : Math.round((total / 9) * Math.abs(Math.sin(index / 3)) + (23 - index) * (total / 120));
    const hosts = { fail: fail + wave, unknown: unknown + (index % 5 === 0 && index < 23 ? 1 : 0), pass: 0 };
    const day = String(index + 1).padStart(2, "0");
    return {
      runId: index === 23 ? run.runId : `202611${day}T034310Z-audit-00000000`,
      startedAt: index === 23 ? run.startedAt : `2026-10-${day}T03:43:10.000Z`,
      finishedAt: run.finishedAt,
      state: index === 7 ? "broken-off" : "finished",
      policy: run.policy.name,
      profile: run.profile?.id ?? null,
      verified: true,
      hosts: { ...hosts, pass: Math.max(0, total - hosts.fail - hosts.unknown) },
      findings: { fail: fail * 3 + wave, unknown, waived: 4, pass: total * 20 },
    };
  });
  return { trend, changes: run.hosts.flatMap(changesOf) };
}

function unverified(host: AuditedHost): AuditedHost {
  const ladder = host.ladder.map((each) => ({ ...each, demonstrated: null, evidence: "effective" as const }));
  return { ...host, ladder, probes: [] };
}

function changesOf({ host, outcome, findings }: AuditedHost, index: number): FindingChange[] {
  const open = findings.find((each) => each.outcome === outcome);
  if (open === undefined) return [];
  const change = (before: FindingChange["before"], after: FindingChange["after"]): FindingChange => {
    return { host, key: `${open.check}`, before, after, finding: open };
  };
  if (outcome === "pass") return index % 11 === 0 ? [change("fail", "pass")] : [];
  return index % 3 === 0 || outcome === "unknown" ? [change("pass", outcome)] : [];
}

function fleetHost(index: number): AuditedHost {
  const zone = ZONES[index % ZONES.length] ?? "web";
  const host = `${zone}${String(Math.floor(index / ZONES.length) + 1).padStart(3, "0")}.example.net`;
  const small = smallAudit().hosts.find(({ outcome }) => outcome === "fail");
  const lost = smallAudit().hosts.find(({ error }) => error !== undefined);
  if (index % 29 === 17 && lost !== undefined) return { ...lost, host };
  const release = ["Debian GNU/Linux 12, OpenSSH 9.2", "Ubuntu 22.04, OpenSSH 8.9", "RHEL 9.4, OpenSSH 8.7"][
    index % 3
  ];
  const description = `${release}, systemd`;
  const ways = index % 7 === 0 ? 1 : index % 13 === 5 ? 2 : index % 17 === 9 ? 3 : 0;
  const findings = [...passing(), ...failing(ways, index), ...waived(index)];
  const outcome = ways === 3 ? "unknown" : ways === 0 ? "pass" : "fail";
  const kept = (name: string, title: string, digit: string): AuditedHost["evidence"][0] => {
    return { path: `evidence/${host}/${name}`, sha256: digit.repeat(64), bytes: 4211, title };
  };
  const evidence = [
    kept("sshd-effective.txt", "sshd -T -C user=alice", "b"),
    kept("idle-shell.txt", "what the client of idle-shell saw", "c"),
  ];
  return auditedHost(host, {
    outcome,
    description,
    findings,
    ladder: ROLES.flatMap((role) => SESSION_KINDS.map((kind) => cell(role, kind, ways, index))),
    probes: ways > 0 || index % 4 === 0 ? (small?.probes ?? []) : [],
    drift: ways === 1 ? [{ path: CONF, diff: DIFF }] : [],
    evidence,
  });
}

function passing(): Finding[] {
  return ROLES.flatMap((role) => [
    finding({ role }),
    finding({ role, check: "version-ability", evidence: "configured" }),
    finding({ role, check: "session-ends", subject: "idle-shell", evidence: "demonstrated" }),
    finding({ role: "*", check: "baseline-rule", rule: "RHEL-09-412080", control: "logind" }),
  ]);
}

function failing(ways: number, index: number): Finding[] {
  const path = CONF;
  if (ways === 0) return [];
  if (ways === 3) {
    return [
      finding({
        check: "daemon-current",
        role: "*",
        expected: "sshd started after its configuration was changed",
        actual: "the start of sshd could not be read: permission denied",
        source: "systemctl show ssh",
        outcome: "unknown",
      }),
    ];
  }
  const drift = finding({
    check: "files-as-applied",
    role: "*",
    subject: path,
    expected: "as curfew wrote it on 2026-11-02",
    actual: `changed on 2026-11-2${index % 3} by uid 0`,
    source: path,
    evidence: "configured",
    outcome: "fail",
  });
  const rule = finding({
    check: "baseline-rule",
    role: "*",
    rule: "RHEL-09-255100",
    expected: "ClientAliveInterval <= 600 and ClientAliveCountMax = 1",
    actual: `ClientAliveInterval ${index % 2 === 0 ? 900 : 1200}`,
    source: "sshd -T",
    outcome: "fail",
  });
  const session = finding({
    check: "session-ends",
    role: "vendor",
    subject: "escaped-shell",
    control: "shell-timeout",
    expected: "dropped within 300 s",
    actual: "still there after 330 s",
    source: "a real session through a shadow sshd",
    evidence: "demonstrated",
    outcome: "fail",
  });
  return ways === 1 ? [drift, rule] : [session];
}

function waived(index: number): Finding[] {
  if (index % 6 !== 2) return [];
  return [
    finding({
      check: "exemption-active",
      control: "shell-timeout",
      role: "*",
      subject: "nightly backup",
      expected: "idle sessions end",
      actual: "backup exempt until 2027-01-31",
      source: 'exemption "nightly backup"',
      evidence: "configured",
      outcome: "waived",
      waiver: "rsync runs for hours (ops@example.com)",
    }),
  ];
}

function cell(role: string, kind: SessionKind, ways: number, index: number): LadderCell {
  const limit = { admin: 600, vendor: 300, default: 900 }[role] ?? 900;
  const rung = (by: string, seconds: number | null, source: string): Rung => ({ by, seconds, source });
  const bad =
    (ways === 2 && role === "vendor" && kind === "escaped-shell") || (ways === 1 && kind === "frozen-client");
  const kept = kind === "typing";
  const shown = index % 4 === 0 || ways > 0;
  const outcome =
    ways === 3 ? "unknown" : bad ? "fail" : kind === "output-loop" && index % 2 === 1 ? "waived" : "pass";
  const seen =
    kept || bad ? rung("none", null, "shadow sshd") : rung("ChannelTimeout", limit - 1.76, "shadow sshd");
  return {
    role,
    kind,
    expect: kept ? "kept" : "dropped",
    limit: kept ? null : limit,
    configured: kept ? null : rung("TMOUT", limit, "/etc/profile.d/curfew.sh:7"),
    effective: kept ? null : rung("ChannelTimeout", limit, "sshd -T -C user=alice: channeltimeout"),
    demonstrated: shown && ways !== 3 ? seen : null,
    outcome,
    evidence: ways === 3 ? "configured" : shown ? "demonstrated" : "effective",
    ...(outcome === "pass"
      ? {}
      : { reason: bad ? "nothing ended the session within its limit" : "sshd -T could not be run" }),
  };
}
