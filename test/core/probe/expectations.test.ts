import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { expectationsOf } from "../../../src/core/probe/expectations.ts";
import { judgeProbe, type Observation } from "../../../src/core/probe/judge-probe.ts";
import type { Facts, LogindState } from "../../../src/model/facts/facts.ts";
import { WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";
import { known } from "../../../src/model/terms/reading.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import type { TimeoutFile } from "../../../src/model/control/timeout.ts";
import { fileFact, host, version } from "../../controls/facts-fixture.ts";
import { plannedProbe } from "./planned-probe.ts";

const SHADOW = ["clientaliveinterval 60", "clientalivecountmax 2", "unusedconnectiontimeout 900"];
const CHANNEL = ["channeltimeout session:*=900 direct-tcpip=600"];
const FILES = [fileFact(WATCHDOG_FILES.script, "interval=45\n")];

function causes(session: SessionKind, release: string, lines: readonly string[]): string[] {
  const facts = { ...host({ version: version(release) }), files: FILES, watchdogTimer: known(true) };
  const limit = session === "frozen-client" ? 180 : 900;
  const idle = limit === 900 ? {} : { idle: 900 };
  const planned = plannedProbe({ session, limit, scaledLimit: limit, ...idle });
  const knowledge = { facts, probeFacts: { accounts: [], files: [] }, factor: 1, controls: CONTROLS };
  return expectationsOf(planned, knowledge, lines).configured.map(({ by, fires }) => `${by} ${fires}`);
}

describe("expectationsOf", () => {
  test.each<[SessionKind, string[]]>([
    // Nobody who answers is dropped by ClientAlive; the watchdog counts what is typed, whoever answers.
    ["idle-shell", ["ChannelTimeout 900", "watchdog 900"]],
    ["frozen-client", ["ClientAlive 180", "ChannelTimeout 900", "watchdog 900"]],
    ["output-loop", ["ChannelTimeout 900", "watchdog 900"]],
    ["idle-command", ["ChannelTimeout 900"]],
    ["unused-connection", ["UnusedConnectionTimeout 900"]],
    ["idle-forward", ["ChannelTimeout 600"]],
  ])("%s: only what can end it is held against it", (session, expected) => {
    expect(causes(session, "10.0", [...SHADOW, ...CHANNEL])).toEqual(expected);
  });

  const frozen = plannedProbe({ session: "frozen-client", limit: 180, scaledLimit: 2, idle: 900 });
  const scaled = (release: string, lines: string[], factor: number) => {
    const plain = host({ version: version(release) });
    const facts = { ...plain, sshd: { ...plain.sshd, effective: known(lines) } };
    return expectationsOf(
      frozen,
      { facts, probeFacts: { accounts: [], files: [] }, factor, controls: CONTROLS },
      undefined,
    );
  };
  const verdict = (release: string, interval: number, observation: Observation) => {
    const lines = [`clientaliveinterval ${interval}`, "clientalivecountmax 1"];
    const { configured, explanation, unjudgeable } = scaled(release, lines, 10 / 900);
    const question = { ...frozen, scaled: true, configured, explanation, unjudgeable };
    return judgeProbe(question, observation);
  };

  test("9.2 to 9.4 take twice as long for ClientAlive, in a scaled session as in a real one", () => {
    const trace = { exitCode: null, signal: null, connectionLost: true, text: "", channelIdle: false };
    const dropped = {
      type: "ended",
      trace: { ...trace, seconds: 3.9, clientSilent: true, logSeen: true },
    } as const;
    expect(verdict("9.2", 90, dropped)).toMatchObject({
      outcome: "fail",
      reason: expect.stringContaining("unscaled that is 360 s"),
    });
    expect(verdict("9.4", 90, dropped).outcome).toBe("fail");
    expect(verdict("9.5", 90, dropped).outcome).toBe("pass");
    expect(verdict("9.2", 45, dropped).outcome).toBe("pass");
  });

  test("one that stays there says nothing where whole seconds cannot express its interval", () => {
    const kept = { type: "kept", seconds: 4.2, answers: false } as const;
    expect(verdict("9.2", 45, kept)).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("longer --scaled"),
    });
    expect(verdict("9.2", 90, kept).outcome).toBe("fail");
  });

  test("before 8.2 ClientAlive without a count drops those who answer, too", () => {
    const lines = ["clientaliveinterval 900", "clientalivecountmax 0"];
    expect(causes("idle-command", "8.1", lines)).toEqual(["ClientAlive 900"]);
    expect(causes("idle-command", "8.4", lines)).toEqual([]);
  });
});

describe("a mechanism that is known to end nothing is no excuse for a scaled session that stayed", () => {
  const scaledReason = (facts: Facts, shell = "/bin/bash", files: readonly TimeoutFile[] = []) => {
    const planned = plannedProbe({ shell, limit: 900, scaledLimit: 9 });
    const knowledge = { facts, probeFacts: { accounts: [], files }, factor: 0.01, controls: CONTROLS };
    return expectationsOf(planned, knowledge, undefined).unjudgeable;
  };
  const plain = host({ version: version("8.4"), shells: ["bash", "tcsh", "ksh93", "csh"] });
  const logind = (utmp: LogindState["utmp"], usepam = "yes"): Facts => ({
    ...plain,
    logind: known({ version: 257, idleStop: "600", utmp }),
    sshd: { ...plain.sshd, effective: known(["pubkeyauthentication yes", `usepam ${usepam}`]) },
  });

  test.each<[string, Facts, string | undefined]>([
    ["logind with utmp", logind("yes"), "logind's StopIdleSessionSec cannot be scaled"],
    ["logind of which nobody knows", logind("unknown"), "logind's StopIdleSessionSec cannot be scaled"],
    ["logind without utmp", logind("no"), undefined],
    ["logind without PAM", logind("yes", "no"), undefined],
    ["a watchdog", { ...plain, files: FILES, watchdogTimer: known(true) }, "the watchdog cannot be scaled"],
    ["a watchdog that nothing starts", { ...plain, files: FILES, watchdogTimer: known(false) }, undefined],
  ])("%s", (_, facts, expected) => expect(scaledReason(facts)).toBe(expected));

  const file = (text: string): TimeoutFile[] => [{ path: "/etc/x", realPath: "/etc/x", text }];
  test.each<[string, string, string, string | undefined]>([
    ["tcsh with autologout", "tcsh", "set autologout=5\n", "autologout counts whole minutes"],
    ["tcsh, and nothing for it", "tcsh", "TMOUT=600\n", undefined],
    ["csh, which has no timeout", "csh", "set autologout=5\n", undefined],
    ["ksh93 with TMOUT", "ksh93", "TMOUT=600\n", "ksh93 ends a shell 60 s after TMOUT"],
    ["ksh93, and nothing for it", "ksh93", "", undefined],
  ])("%s", (_, shell, text, expected) => {
    const reason = scaledReason(plain, `/bin/${shell}`, file(text));
    expect(reason ?? "judged").toContain(expected ?? "judged");
  });
});
