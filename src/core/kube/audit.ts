/**
 * floor 2: what kubeconfigs mean for cluster sessions: who may go on for how long, and what ends it. The rules of kubectl
 * in this room were seen with kubectl 1.32 and 1.36.
 */
import type { Finding } from "../../model/verdict/finding.ts";
import type { Credential, Kubeconfig, KubeFile, KubeUser } from "../../model/access/kube.ts";
import { type KubeStatement, kubeFinding } from "./finding.ts";
import { MASTERS } from "../people/credential-life.ts";
import { sessionStatement } from "./session.ts";
import type { KubeAuditView } from "./view.ts";

/** Everything that is said of one kubeconfig: each user, each cluster, each file. Pure. */
export function auditKubeconfig(kubeconfig: Kubeconfig, view: KubeAuditView): Finding[] {
  return [
    ...kubeconfig.users.flatMap((user) => userFindings(user, kubeconfig.file, view)),
    ...kubeconfig.clusters.flatMap(({ name, insecureAt, plainAt }) => [
      ...(insecureAt === null
        ? []
        : [tls(name, "insecure-skip-tls-verify: true: the server may be anyone", insecureAt)]),
      ...(plainAt === null
        ? []
        : [tls(name, "a server without https: credentials go in the clear", plainAt)]),
    ]),
    ...fileFindings(kubeconfig),
  ];
}

function userFindings(user: KubeUser, file: KubeFile, view: KubeAuditView): Finding[] {
  const subject = `user ${user.name}`;
  const usable = user.credentials;
  const statics = usable.filter(({ kind }) => kind !== "exec");
  const plugin = usable.find(({ kind }) => kind === "exec");
  // kubectl does not ask a plugin beside one of the others: it is judged by what is used.
  const judged = plugin === undefined || statics.length > 0 ? statics : [plugin];
  return [
    ...judged.map((each) => {
      const machine = machineStatement(each, file);
      return kubeFinding("kube-session", subject, machine ?? sessionStatement(each, view));
    }),
    ...(plugin === undefined ? [] : [bypass(subject, plugin, statics)]),
    ...usable.flatMap((each) => privilege(subject, each)),
    ...impersonation(subject, user),
  ];
}

/**
 * Of a certificate that names a part of the cluster, a node or the scheduler: no person's session, so no limit of people's
 * is held against it. Undefined for every other credential, and where the file is a person's: then the person has it.
 */
function machineStatement(credential: Credential, { path, uid }: KubeFile): KubeStatement | undefined {
  const { machine, at, life } = credential;
  if (machine === undefined || uid !== 0 || /(?:^|\/)\.kube\//u.test(path)) return undefined;
  const until = life?.until?.slice(0, 10) ?? "an end that is unknown";
  return {
    expected: "people's limits are for people",
    actual: `client certificate of ${machine}, a part of the cluster, until ${until}; no person's session`,
    at,
    outcome: "not-applicable",
  };
}

function bypass(subject: string, plugin: Credential, statics: readonly Credential[]): Finding {
  const gated = plugin.exec?.gate !== null;
  const keys = statics.map(({ key, at }) => `${key} (line ${at.line ?? 0})`).join(", ");
  const refused = statics.length === 1 && statics[0]?.kind === "auth-provider";
  const used = refused
    ? "auth-provider beside exec: kubectl refuses to use this user"
    : `kubectl uses ${keys} and does not run ${gated ? "the gate" : "the plugin"}`;
  const found: KubeStatement = {
    expected: "nothing beside the exec plugin",
    actual: statics.length === 0 ? "nothing beside it" : used,
    at: statics[0]?.at ?? plugin.at,
    outcome: statics.length === 0 ? "pass" : "fail",
  };
  return kubeFinding("kube-bypass", subject, found);
}

function impersonation(subject: string, { mastersAt }: KubeUser): Finding[] {
  if (mastersAt === undefined) return [];
  const actual = "as-groups asks the server for the rights of system:masters";
  const found = {
    expected: "another group than system:masters",
    actual,
    at: mastersAt,
    outcome: "fail",
  } as const;
  return [kubeFinding("kube-privilege", `${subject}, as-groups`, { ...found, rule: "CIS Kubernetes 5.1.8" })];
}

function privilege(subject: string, { groups, at }: Credential): Finding[] {
  if (groups?.includes(MASTERS) !== true) return [];
  const actual = "the certificate's group is system:masters: its rights cannot be taken away";
  const found = { expected: "another group than system:masters", actual, at, outcome: "fail" } as const;
  return [kubeFinding("kube-privilege", subject, { ...found, rule: "CIS Kubernetes 5.1.7" })];
}

function tls(cluster: string, actual: string, at: Credential["at"]): Finding {
  const found = { expected: "https with a checked certificate", actual, at, outcome: "fail" } as const;
  return kubeFinding("kube-tls", `cluster ${cluster}`, found);
}

/** Files of the control plane, by what CIS Kubernetes (1.8 and newer) calls their mode and their owner. */
const SYSTEM_FILES: Readonly<Record<string, readonly [mode: string, owner: string]>> = {
  "admin.conf": ["1.1.13", "1.1.14"],
  "super-admin.conf": ["1.1.13", "1.1.14"],
  "scheduler.conf": ["1.1.15", "1.1.16"],
  "controller-manager.conf": ["1.1.17", "1.1.18"],
  "kubelet.conf": ["4.1.5", "4.1.6"],
};

function fileFindings({ file, users }: Kubeconfig): Finding[] {
  const beside = users.flatMap(({ credentials }) => credentials.flatMap((each) => each.file ?? []));
  const seen = new Set<string>();
  return [file, ...beside].flatMap((each) => {
    if (seen.has(each.path)) return [];
    seen.add(each.path);
    return modeFindings(each);
  });
}

function modeFindings(file: KubeFile): Finding[] {
  const name = /^\/etc\/kubernetes\/([^/]+)$/u.exec(file.path)?.[1] ?? "";
  const rules = SYSTEM_FILES[name];
  const at = { file: file.path };
  const rule = (index: 0 | 1) => (rules === undefined ? {} : { rule: `CIS Kubernetes ${rules[index]}` });
  if (file.mode === null) {
    const found = {
      expected: "mode 0600",
      actual: file.reason ?? "unknown",
      at,
      outcome: "unknown",
    } as const;
    return [kubeFinding("kube-file", "", { ...found, ...rule(0) })];
  }
  const open = (file.mode & 0o077) !== 0;
  const mode = `mode ${file.mode.toString(8).padStart(4, "0")}`;
  const findings = [
    kubeFinding("kube-file", `mode of ${file.path}`, {
      expected: "mode 0600",
      actual: open ? `${mode}: others can read or change it` : mode,
      at,
      outcome: open ? "fail" : "pass",
      ...rule(0),
    }),
  ];
  if (rules === undefined) return findings;
  const outcome = file.uid === 0 ? "pass" : "fail";
  const found = { expected: "owner root", actual: `uid ${file.uid ?? "unknown"}`, at, outcome } as const;
  return [...findings, kubeFinding("kube-file", `owner of ${file.path}`, { ...found, ...rule(1) })];
}
