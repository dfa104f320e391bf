/** Kubeconfigs on hosts, as part of a fleet's audit: what has to be asked, and what is said of the answer. Pure. */
import type { ExtraPart } from "../answer/script.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostKubeconfig, HostKubeconfigs } from "../../model/access/host-kubeconfig.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { auditKubeconfig } from "./audit.ts";
import { kubeFinding } from "./finding.ts";
import { wantedLimits } from "./wanted-limits.ts";

/** What has to be asked of a host; nothing where the policy says nothing of clusters. */
export function kubeQuestion({ kubernetes }: Policy): ExtraPart[] {
  if (kubernetes === undefined) return [];
  return [{ name: "kubeconfigs", users: kubernetes.users, groups: kubernetes.groups }];
}

/** Everything `curfew kube audit` would say of them, and whether all of them were seen. */
export function kubeFindings(facts: Facts, { kubernetes }: Policy): Finding[] {
  if (kubernetes === undefined) return [];
  const reading = facts.kubeconfigs;
  if (reading?.state !== "known") {
    const why = reading?.state === "unreadable" ? reading.reason : "the host was not asked";
    return [looked(`kubeconfigs were not looked for: ${why}`, "unknown")];
  }
  const limits = wantedLimits(kubernetes);
  const now = new Date(facts.takenAt);
  return [
    overall(reading.value, facts),
    ...reading.value.files.flatMap((each) => fileFindings(each, each.meant === false ? null : limits, now)),
    ...reading.value.unread.map(({ path, reason }) => unjudged({ file: path }, reason)),
  ];
}

function unjudged(at: SourcePosition, actual: string): Finding {
  const expected = "a kubeconfig that can be judged";
  return kubeFinding("kube-session", at.file, { expected, actual, at, outcome: "unknown" });
}

function fileFindings(
  { kubeconfig, gates, doubt, odd }: HostKubeconfig,
  limits: ReturnType<typeof wantedLimits> | null,
  now: Date,
): Finding[] {
  const { path: file } = kubeconfig.file;
  const found = auditKubeconfig(kubeconfig, { limits, gates: new Map(Object.entries(gates)), now });
  const findings = found.map((finding) => inFile(finding, file));
  const [line] = odd;
  if (doubt !== undefined) {
    const actual = `${doubt.reason}; curfew kube audit ${file}, on the host, reads more`;
    return [...findings, unjudged({ file, line: doubt.line }, actual)];
  }
  if (line === undefined) return findings;
  const actual = `line ${line} has a key that kubectl does not know, and ignores; it may be misspelt`;
  return [...findings, unjudged({ file, line }, actual)];
}

/** Two files of one host may have a user of the same name. */
function inFile(finding: Finding, path: string): Finding {
  const { subject = "" } = finding;
  return subject.endsWith(path) ? finding : { ...finding, subject: `${subject} in ${path}` };
}

function overall({ files, unread, accounts, apart, cut }: HostKubeconfigs, { sshd }: Facts): Finding {
  const gap = sshd.classes.state === "known" ? cut : "the accounts of the host are not known";
  const places = `~/.kube of ${counted(accounts, "account")}, /etc/kubernetes and /etc/rancher`;
  const missed = unread.length === 0 ? "" : `, ${unread.length} not read`;
  const others = apart === 0 ? "" : `, ${apart} of accounts that the policy does not name`;
  const found = `${counted(files.length, "kubeconfig")} read${missed}${others}, in ${places}`;
  return gap === undefined
    ? looked(`${found}; others that KUBECONFIG may name were not looked for`, "pass")
    : looked(`${found}; ${gap}`, "unknown");
}

function looked(actual: string, outcome: "pass" | "unknown"): Finding {
  const expected = "every kubeconfig in its usual place is looked at";
  const at = { file: "~/.kube" };
  return kubeFinding("kube-session", "kubeconfigs", { expected, actual, at, outcome });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
