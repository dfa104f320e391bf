import type { Finding } from "../../../model/verdict/finding.ts";
import type { ServerProgram } from "../../../model/access/kube-server.ts";
import { kubeFinding, type KubeStatement } from "../finding.ts";
import { goDuration } from "./go-duration.ts";

const STREAMS = "streamingConnectionIdleTimeout";
const READ = [STREAMS, "authentication.anonymous.enabled", "authorization.mode"];

/** What a kubelet's configuration means for open streams, and for who reaches it past the API server. */
export function kubeletFindings(program: ServerProgram): Finding[] {
  return [required(program), effect(program), ...open(program), ...misspelt(program)];
}

/** CIS asks that it is not 0, the STIG that it is set. */
function required(program: ServerProgram): Finding {
  const set = setting(program, STREAMS);
  const at = set?.at ?? program.at;
  const expected = "set, and not 0";
  const rule = "CIS Kubernetes 4.2.5, STIG V-245541";
  if (set === undefined)
    return said(STREAMS, { expected, actual: "missing, which means 4h", at, outcome: "fail", rule });
  const seconds = set.isText || set.value === "0" ? goDuration(set.value) : undefined;
  if (seconds === undefined) {
    const actual = `${set.value}: not a duration such as 5m0s, the kubelet does not start`;
    return said(STREAMS, { expected, actual, at, outcome: "fail", rule });
  }
  return said(STREAMS, { expected, actual: set.value, at, outcome: seconds > 0 ? "pass" : "fail", rule });
}

/** Required and without effect: no value of it ends a stream, so what ends them is not in this file. */
function effect(program: ServerProgram): Finding {
  const actual =
    "no value ends them: with a container runtime the setting never had an effect, and Kubernetes 1.34 removed it";
  const at = setting(program, STREAMS)?.at ?? program.at;
  return said("open streams (exec, attach, port-forward)", {
    expected: "ended when idle",
    actual,
    at,
    outcome: "unknown",
  });
}

function open(program: ServerProgram): Finding[] {
  const anonymous = setting(program, "authentication.anonymous.enabled");
  const mode = setting(program, "authorization.mode");
  return [
    said("authentication.anonymous.enabled", {
      expected: "false",
      actual:
        anonymous?.value === "true"
          ? "true: whoever reaches the kubelet's port needs no login"
          : (anonymous?.value ?? "missing, which means false"),
      at: anonymous?.at ?? program.at,
      outcome: anonymous === undefined || anonymous.value === "false" ? "pass" : "fail",
      rule: "CIS Kubernetes 4.2.1",
    }),
    said("authorization.mode", {
      expected: "Webhook",
      actual: mode?.value ?? "missing, which means Webhook",
      at: mode?.at ?? program.at,
      outcome: mode === undefined || mode.value === "Webhook" ? "pass" : "fail",
      rule: "CIS Kubernetes 4.2.2",
    }),
  ];
}

/** Keys count by case, and the kubelet starts without those it does not know. */
function misspelt({ settings }: ServerProgram): Finding[] {
  return settings.flatMap(({ name, at }) => {
    const meant = READ.find((known) => known !== name && fold(known) === fold(name));
    if (meant === undefined) return [];
    return [said(name, { expected: meant, actual: "not a key that the kubelet reads", at, outcome: "fail" })];
  });
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/gu, "");
}

function setting({ settings }: ServerProgram, name: string) {
  return settings.find((each) => each.name === name);
}

function said(name: string, statement: KubeStatement): Finding {
  return kubeFinding("kube-server", name, statement);
}
