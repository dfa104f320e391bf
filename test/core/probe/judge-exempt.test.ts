import { expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { judgeExempt } from "../../../src/core/probe/judge-exempt.ts";
import type { ProbeVerdict } from "../../../src/core/probe/judge-probe.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";

const verdict = (outcome: ProbeVerdict["outcome"], by: ProbeVerdict["by"]): ProbeVerdict => {
  return { outcome, by, droppedAfterSeconds: 300, reason: "dropped after 300 s" };
};

test.each<[ProbeVerdict["outcome"], ProbeVerdict["by"], ControlId[], ProbeVerdict["outcome"]]>([
  ["pass", "TMOUT", ["shell-timeout"], "fail"],
  ["pass", "ChannelTimeout", ["sshd"], "fail"],
  ["pass", "ClientAlive", ["sshd", "logind"], "fail"],
  ["pass", "watchdog", ["watchdog"], "fail"],
  ["pass", "TMOUT", ["sshd"], "pass"],
  ["pass", "unattributed", ["sshd"], "pass"],
  ["pass", "none", ["sshd"], "pass"],
  ["unknown", "TMOUT", ["shell-timeout"], "unknown"],
  ["pass", "TMOUT", [], "pass"],
])("%s by %s, exempt from %j: %s", (outcome, by, exemptFrom, expected) => {
  const judged = judgeExempt(verdict(outcome, by), "vic", exemptFrom, CONTROLS);
  expect(judged.outcome).toBe(expected);
  expect(judged.reason.includes("vic is exempt from")).toBe(expected !== outcome);
});
