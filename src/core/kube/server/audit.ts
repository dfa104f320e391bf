/** What an API server and its kubelets are told about how long credentials and streams live, and what of it holds. Pure. */
import type { Finding } from "../../../model/verdict/finding.ts";
import type { KubeLimits } from "../../../model/access/kube.ts";
import type { ServerFile, ServerProgram, ServerSetting } from "../../../model/access/kube-server.ts";
import { formatDuration } from "../../../model/terms/duration.ts";
import { type KubeStatement, kubeFinding } from "../finding.ts";
import { goDuration } from "./go-duration.ts";
import { kubeletFindings } from "./kubelet.ts";
import { rbacFindings } from "./rbac.ts";
import { capFindings, longest } from "./token-cap.ts";

/** What all files say together: a flag of one may name another. */
interface ServerView {
  readonly limits: KubeLimits | null;
  readonly hasAuthentication: boolean;
}

/** What files of a cluster's own side mean for its sessions, by file. Pure. */
export function auditServer(
  files: readonly ServerFile[],
  limits: KubeLimits | null,
): readonly { readonly path: string; readonly findings: readonly Finding[] }[] {
  const all = files.flatMap(({ parts }) => parts);
  const roles = all.flatMap((part) => (part.kind === "rbac" ? part.roles : []));
  const view = { limits, hasAuthentication: all.some(({ kind }) => kind === "authentication") };
  return files.map(({ path, parts }) => {
    const findings = parts.flatMap((part) => {
      if (part.kind === "rbac") return rbacFindings(part, roles);
      if (part.kind === "authentication") return capFindings(part, limits);
      if (part.kind === "kubelet") return kubeletFindings(part);
      return part.kind === "kube-apiserver" ? apiServer(part, view) : controllerManager(part, view);
    });
    return { path, findings };
  });
}

/** The last one of a name counts, as flags are read in order. */
function settingNamed({ settings }: ServerProgram, name: string): ServerSetting | undefined {
  return settings.findLast((each) => each.name === name);
}

function about(name: string, statement: KubeStatement): Finding {
  return kubeFinding("kube-server", name, statement);
}

function apiServer(program: ServerProgram, view: ServerView): Finding[] {
  return [
    ...forbidden(program, "--token-auth-file", "the tokens in it never end", "CIS Kubernetes 1.2.2"),
    ...forbidden(program, "--basic-auth-file", "the passwords in it never end", "STIG V-245542"),
    extended(program),
    largest(program, view),
    ...revoked(program),
    ...cached(program, view),
    capped(program, view),
  ];
}

function forbidden(program: ServerProgram, name: string, why: string, rule: string): Finding[] {
  const set = settingNamed(program, name);
  const at = set?.at ?? program.at;
  const actual = set === undefined ? "not set" : `set: ${why}`;
  return [
    about(name, { expected: "not set", actual, at, outcome: set === undefined ? "pass" : "fail", rule }),
  ];
}

/** On by default, and then a token that asks for an hour is good for a year. */
function extended(program: ServerProgram): Finding {
  const name = "--service-account-extend-token-expiration";
  const set = settingNamed(program, name);
  const off = set !== undefined && isFalse(set.value);
  const actual = off
    ? "false"
    : `${set === undefined ? "missing, which means true" : set.value}: tokens of service accounts are good for up to a year, whatever other limit there is`;
  const outcome = off ? "pass" : "fail";
  return about(name, {
    expected: "false",
    actual,
    at: set?.at ?? program.at,
    outcome,
    rule: "CIS Kubernetes 1.2.30",
  });
}

function largest(program: ServerProgram, { limits }: ServerView): Finding {
  const name = "--service-account-max-token-expiration";
  const set = settingNamed(program, name);
  const at = set?.at ?? program.at;
  const most = longest(limits);
  // The API server takes nothing shorter (pkg/kubeapiserver/options/authentication.go).
  const wanted = most === null ? null : Math.max(most, 3600);
  const expected = wanted === null ? "1h or more, and an end" : `at most ${formatDuration(wanted)}`;
  if (set === undefined) {
    return about(name, {
      expected,
      actual: "missing: a token lives for as long as whoever asks for it wants",
      at,
      outcome: "fail",
    });
  }
  const seconds = goDuration(set.value);
  if (seconds === undefined) {
    return about(name, {
      expected,
      actual: `${set.value}: not a duration, kube-apiserver does not start`,
      at,
      outcome: "fail",
    });
  }
  if (seconds < 3600 && seconds !== 0) {
    return about(name, {
      expected,
      actual: `${set.value}: below 1h kube-apiserver does not start`,
      at,
      outcome: "fail",
    });
  }
  const holds = seconds > 0 && (wanted === null || seconds <= wanted);
  const short = most !== null && most < 3600 ? `; ${formatDuration(most)} is not possible here` : "";
  return about(name, {
    expected,
    actual: `${set.value}${seconds === 0 ? ", which means without a limit" : short}`,
    at,
    outcome: holds ? "pass" : "fail",
  });
}

function revoked(program: ServerProgram): Finding[] {
  const name = "--service-account-lookup";
  const set = settingNamed(program, name);
  if (set === undefined || !isFalse(set.value)) return [];
  const actual = "false: a token of a service account is accepted after it was deleted";
  return [about(name, { expected: "true, the default", actual, at: set.at, outcome: "fail" })];
}

/** How much longer a token works that the webhook has taken back. */
function cached(program: ServerProgram, { limits }: ServerView): Finding[] {
  const webhook = settingNamed(program, "--authentication-token-webhook-config-file");
  if (webhook === undefined) return [];
  const name = "--authentication-token-webhook-cache-ttl";
  const set = settingNamed(program, name);
  const text = set?.value ?? "2m";
  const seconds = goDuration(text);
  const most = longest(limits);
  const holds = seconds !== undefined && (most === null || seconds <= most);
  const actual = `${text}${set === undefined ? ", the default" : ""}: a token that was taken back is accepted for this much longer`;
  const expected = most === null ? "a duration" : `at most ${formatDuration(most)}`;
  return [about(name, { expected, actual, at: set?.at ?? webhook.at, outcome: holds ? "pass" : "fail" })];
}

/** Who ends a person's token: only a rule in an AuthenticationConfiguration does. */
function capped(program: ServerProgram, { hasAuthentication }: ServerView): Finding {
  const name = "--authentication-config";
  const set = settingNamed(program, name);
  const expected = "a file whose rules cap how long a token lives";
  if (set !== undefined) {
    const actual = hasAuthentication
      ? "set; the file is judged by itself"
      : "set; the file was not given, so its rules are unknown";
    return about(name, { expected, actual, at: set.at, outcome: hasAuthentication ? "pass" : "unknown" });
  }
  const oidc = settingNamed(program, "--oidc-issuer-url");
  const actual =
    oidc === undefined
      ? "missing: nothing on the server caps how long a token lives"
      : "missing: --oidc-issuer-url takes every token for as long as its issuer wants";
  return about(name, { expected, actual, at: oidc?.at ?? program.at, outcome: "fail" });
}

function controllerManager(program: ServerProgram, { limits }: ServerView): Finding[] {
  const name = "--cluster-signing-duration";
  const set = settingNamed(program, name) ?? settingNamed(program, "--experimental-cluster-signing-duration");
  const most = longest(limits);
  const seconds = goDuration(set?.value ?? "8760h");
  const holds = seconds !== undefined && seconds > 0 && most !== null && seconds <= most;
  const text = set === undefined ? "missing, which means 8760h" : set.value;
  const expected = most === null ? "a short life" : `at most ${formatDuration(most)}`;
  const actual = `${text}: so long lives a client certificate, which cannot be revoked`;
  const outcome =
    seconds !== undefined && most === null && seconds <= 86_400 ? "unknown" : holds ? "pass" : "fail";
  return [about(name, { expected, actual, at: set?.at ?? program.at, outcome })];
}

/** As strconv.ParseBool reads it. */
function isFalse(value: string): boolean {
  return ["0", "f", "F", "false", "FALSE", "False"].includes(value);
}
