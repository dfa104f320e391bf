/** What commands about clusters print with --json. */
import { z } from "zod";
import {
  at,
  findingCounts,
  judged,
  limits,
  seconds,
  verdictWord as verdict,
  wholeNumber,
} from "../options/answer-schema.ts";

/** What `curfew kube audit`, `server`, `status` and `verify` print with --json: one of four documents. */
export function kubeSchema(): z.ZodType {
  const audit = z.strictObject({
    schema: z.literal("curfew/kube-audit/1"),
    summary: z.strictObject({
      kubeconfigs: wholeNumber,
      users: wholeNumber,
      verdict,
      findings: findingCounts,
    }),
    policy: z.string().nullable(),
    hosts: z.array(z.strictObject({ ...judged, kubeconfigs: z.array(kubeconfigSchema()) })),
  });
  const server = z.strictObject({
    schema: z.literal("curfew/kube-server/1"),
    summary: z.strictObject({
      files: wholeNumber,
      verdict,
      findings: z.strictObject({ pass: wholeNumber, fail: wholeNumber, unknown: wholeNumber }),
    }),
    policy: z.string().nullable(),
    limits,
    hosts: z.array(z.strictObject(judged)),
  });
  const session = z.strictObject({
    context: z.string(),
    user: z.string(),
    state: z.enum(["open", "ended", "no-login", "no-gate", "no-user"]),
    idle: seconds,
    max: seconds,
    sinceSeconds: seconds,
    leftSeconds: seconds,
  });
  const status = z.strictObject({
    schema: z.literal("curfew/kube-status/1"),
    summary: z.strictObject({ contexts: wholeNumber, open: wholeNumber }),
    contexts: z.array(session),
  });
  const probe = z.strictObject({
    session: z.enum(["within", "after", "stream"]),
    expect: z.enum(["answered", "refused", "ended"]),
    outcome: verdict,
    saw: z.string(),
  });
  const verify = z.strictObject({
    schema: z.literal("curfew/kube-verify/1"),
    summary: z.strictObject({ context: z.string(), verdict, scaled: seconds }),
    probes: z.array(probe),
  });
  return z.union([audit, server, status, verify]).meta({ title: "curfew kube --json" });
}

function kubeconfigSchema(): z.ZodType {
  const file = z.strictObject({
    path: z.string(),
    mode: wholeNumber.nullable(),
    uid: wholeNumber.nullable(),
    reason: z.string().optional(),
  });
  const time = z.string().nullable();
  const exec = z.strictObject({
    command: z.string(),
    apiVersion: z.string(),
    interactiveMode: z.string().nullable(),
    gate: z.string().nullable(),
    elsewhere: z.array(z.string()).optional(),
    inner: z.string().nullable(),
  });
  const credential = z.strictObject({
    kind: z.enum(["token", "bootstrap-token", "client-certificate", "basic-auth", "auth-provider", "exec"]),
    at,
    key: z.string(),
    life: z.strictObject({ from: time, until: time, seconds: z.number().nullable() }).nullable(),
    reason: z.string().optional(),
    file: file.optional(),
    groups: z.array(z.string()).optional(),
    machine: z.string().optional(),
    exec: exec.optional(),
  });
  const user = z.strictObject({
    name: z.string(),
    at,
    credentials: z.array(credential),
    mastersAt: at.optional(),
    contexts: z.array(z.string()),
  });
  const cluster = z.strictObject({
    name: z.string(),
    at,
    server: z.string().nullable(),
    insecureAt: at.nullable(),
    plainAt: at.nullable(),
  });
  const context = z.strictObject({ name: z.string(), at, cluster: z.string(), user: z.string() });
  return z.strictObject({
    file,
    currentContext: z.string().nullable(),
    users: z.array(user),
    clusters: z.array(cluster),
    contexts: z.array(context),
    limits,
  });
}
