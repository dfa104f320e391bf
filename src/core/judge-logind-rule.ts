import type { Facts } from "../model/facts.ts";
import { holds } from "./profile-rules.ts";
import type { Demand, Judgement } from "./rule-finding.ts";

/** logind's StopIdleSessionSec as the running logind says it, for the whole host. Pure. */
export function judgeLogindRule({ relation }: Demand, { logind }: Facts): Judgement {
  const about = { role: "*", source: "systemd-logind, StopIdleSessionSec", evidence: "effective" } as const;
  if (logind.state === "unreadable") return { ...about, actual: logind.reason, outcome: "unknown" };
  if (logind.state === "absent") {
    return { ...about, actual: "there is no systemd-logind on this host", outcome: "fail" };
  }
  const { idleStop, version, utmp } = logind.value;
  if (idleStop === "unsupported") {
    return { ...about, actual: `systemd ${version} ignores the key; it came with 252`, outcome: "fail" };
  }
  if (!/^\d+$/u.test(idleStop)) return { ...about, actual: idleStop, outcome: "fail" };
  const inert =
    utmp === "no" ? "; logind is built without utmp here and never ends an SSH session all the same" : "";
  return {
    ...about,
    actual: `${idleStop}${inert}`,
    outcome: holds(relation, Number(idleStop)) ? "pass" : "fail",
  };
}
