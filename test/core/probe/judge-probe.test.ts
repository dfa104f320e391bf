import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attribute,
  earliest,
  judgeProbe,
  latest,
  type Observation,
  type ProbeQuestion,
  type SessionTrace,
} from "../../../src/core/probe/judge-probe.ts";
import { type ConfiguredTimeout, type Mechanism } from "../../../src/model/control/timeout.ts";

const timeout = (by: Mechanism, fires: number, real = fires): ConfiguredTimeout => ({
  by,
  fires,
  real,
  source: "x",
});
const trace = (over: Partial<SessionTrace> = {}): SessionTrace => ({
  seconds: 300,
  exitCode: null,
  signal: null,
  connectionLost: false,
  text: "",
  clientSilent: false,
  channelIdle: false,
  logSeen: true,
  ...over,
});
const ended = (over: Partial<SessionTrace> = {}): Observation => ({ type: "ended", trace: trace(over) });
const question = (over: Partial<ProbeQuestion> = {}): ProbeQuestion => ({
  expect: "dropped",
  scaledLimit: 300,
  limit: 300,
  scaled: false,
  configured: [],
  explanation: "",
  unjudgeable: undefined,
  ...over,
});

describe("attribute", () => {
  test.each<[string, Partial<SessionTrace>, ConfiguredTimeout[], Mechanism]>([
    [
      "bash says so",
      { exitCode: 1, text: "\u0007timed out waiting for input: auto-logout\r\n" },
      [],
      "TMOUT",
    ],
    ["tcsh says so", { exitCode: 0, text: "auto-logout\r\n" }, [], "TMOUT"],
    ["zsh says so", { exitCode: 14, text: "zsh: timeout\r\n" }, [], "TMOUT"],
    ["zsh's exit status", { exitCode: 14 }, [], "TMOUT"],
    ["sshd's log names the client", { clientSilent: true, connectionLost: true }, [], "ClientAlive"],
    ["sshd's log names the channel", { channelIdle: true }, [], "ChannelTimeout"],
    [
      "sshd's log: no channel left",
      { connectionUnused: true, connectionLost: true },
      [],
      "UnusedConnectionTimeout",
    ],
    [
      "sshd's log: the channel, and then the connection",
      { channelIdle: true, connectionUnused: true, connectionLost: true },
      [],
      "ChannelTimeout",
    ],
    [
      "the watchdog says so",
      { connectionLost: true, text: "\r\n*** curfew: no input for 5m: this session ends now. ***\r\n" },
      [timeout("logind", 300)],
      "watchdog",
    ],
    [
      "the watchdog's warning is no end",
      {
        connectionLost: true,
        text: "*** curfew: no input for 4m: this session ends in 1m. Type something ***",
      },
      [],
      "unattributed",
    ],
    [
      "live: lost, only the watchdog fits",
      { logSeen: false, connectionLost: true, seconds: 320 },
      [{ ...timeout("watchdog", 300), every: 15 }],
      "watchdog",
    ],
    [
      "live: lost, only UnusedConnectionTimeout fits",
      { logSeen: false, connectionLost: true },
      [timeout("UnusedConnectionTimeout", 300)],
      "UnusedConnectionTimeout",
    ],
    ["live: closed without a status", { logSeen: false }, [], "ChannelTimeout"],
    ["a user's exit is no timeout", { exitCode: 0 }, [timeout("TMOUT", 300)], "unattributed"],
    ["a killed shell is no timeout", { signal: "HUP" }, [timeout("TMOUT", 300)], "unattributed"],
    [
      "live: lost, only ClientAlive fits",
      { logSeen: false, connectionLost: true },
      [timeout("ClientAlive", 300)],
      "ClientAlive",
    ],
    [
      "live: lost, two fit",
      { logSeen: false, connectionLost: true },
      [timeout("ClientAlive", 300), timeout("logind", 300)],
      "unattributed",
    ],
    [
      "live: lost, nothing fits",
      { logSeen: false, connectionLost: true },
      [timeout("logind", 900)],
      "unattributed",
    ],
    ["shadow: lost and sshd says nothing", { connectionLost: true }, [timeout("logind", 300)], "logind"],
    [
      "shadow: lost, sshd says nothing, nothing set",
      { connectionLost: true },
      [timeout("ClientAlive", 300)],
      "unattributed",
    ],
    ["frozen: the shell went by itself", { shellWentFirst: true }, [timeout("TMOUT", 300)], "TMOUT"],
    ["frozen: the shell went, nothing fits", { shellWentFirst: true }, [], "unattributed"],
    [
      "frozen, live: two fit",
      { logSeen: false, shellWentFirst: true },
      [timeout("TMOUT", 300), timeout("ChannelTimeout", 300)],
      "unattributed",
    ],
    [
      "frozen, live: only sshd's fits",
      { logSeen: false, shellWentFirst: true },
      [timeout("ChannelTimeout", 300)],
      "ChannelTimeout",
    ],
  ])("%s", (_, over, configured, by) => expect(attribute(trace(over), configured)).toBe(by));
});

describe("judgeProbe", () => {
  const log = { channelIdle: true } as const;
  const FAREWELL = "*** curfew: no input for 5m: this session ends now. ***";
  test.each<[string, Partial<ProbeQuestion>, Observation, string, number | null]>([
    ["in time", {}, ended({ seconds: 301, ...log }), "pass", 301],
    ["a little early, as 9.2 does", {}, ended({ seconds: 298.8, ...log }), "pass", 298.8],
    ["late", {}, ended({ seconds: 340, ...log }), "fail", 340],
    [
      "the watchdog, late by less than it waits between two looks",
      { configured: [{ ...timeout("watchdog", 300), every: 15 }] },
      ended({ seconds: 345, text: FAREWELL, connectionLost: true }),
      "pass",
      345,
    ],
    [
      "the watchdog, later than that",
      { configured: [{ ...timeout("watchdog", 300), every: 15 }] },
      ended({ seconds: 350, text: FAREWELL, connectionLost: true }),
      "fail",
      350,
    ],
    [
      "the watchdog at a short limit, which waits for the terminal's clock",
      { limit: 24, scaledLimit: 24, configured: [{ ...timeout("watchdog", 24), every: 5, step: 4.6 }] },
      ended({ seconds: 37, text: FAREWELL, connectionLost: true }),
      "pass",
      37,
    ],
    [
      "the watchdog at a short limit, later than that",
      { limit: 24, scaledLimit: 24, configured: [{ ...timeout("watchdog", 24), every: 5, step: 4.6 }] },
      ended({ seconds: 39, text: FAREWELL, connectionLost: true }),
      "fail",
      39,
    ],
    ["early by what nothing set explains", {}, ended({ seconds: 200, ...log }), "unknown", 200],
    [
      "early by what is set",
      { configured: [timeout("ChannelTimeout", 200)] },
      ended({ seconds: 200, ...log }),
      "pass",
      200,
    ],
    [
      "early without a trace",
      { configured: [timeout("TMOUT", 200)] },
      ended({ seconds: 200, exitCode: 0 }),
      "unknown",
      200,
    ],
    ["in time, but the connection went without a trace", {}, ended({ connectionLost: true }), "unknown", 300],
    ["in time without a trace", {}, ended({ exitCode: 0 }), "pass", 300],
    ["not dropped", {}, { type: "kept", seconds: 332, answers: false }, "fail", null],
    [
      "not dropped, and nobody can tell why",
      { unjudgeable: "x" },
      { type: "kept", seconds: 332, answers: false },
      "unknown",
      null,
    ],
    ["never opened", {}, { type: "unmeasured", reason: "x" }, "unknown", null],
    ["kept and answering", { expect: "kept" }, { type: "kept", seconds: 332, answers: true }, "pass", null],
    ["kept but silent", { expect: "kept" }, { type: "kept", seconds: 332, answers: false }, "unknown", null],
    ["dropped though typing", { expect: "kept" }, ended({ exitCode: 1, text: "auto-logout" }), "fail", 300],
    ["kept, but never opened", { expect: "kept" }, { type: "unmeasured", reason: "x" }, "unknown", null],
    [
      "scaled: right",
      { scaled: true, scaledLimit: 10, configured: [timeout("ChannelTimeout", 10, 300)] },
      ended({ seconds: 10, ...log }),
      "pass",
      10,
    ],
    [
      "scaled: within the tolerance, but wrong",
      { scaled: true, scaledLimit: 10, configured: [timeout("ChannelTimeout", 12, 360)] },
      ended({ seconds: 12, ...log }),
      "fail",
      12,
    ],
    [
      "scaled: wrong, though another role's setting is near",
      {
        scaled: true,
        scaledLimit: 10,
        configured: [timeout("ChannelTimeout", 10, 300), timeout("ChannelTimeout", 12, 360)],
      },
      ended({ seconds: 12.1, ...log }),
      "fail",
      12.1,
    ],
    [
      "scaled: by something unscaled",
      { scaled: true, scaledLimit: 10 },
      ended({ seconds: 10, ...log }),
      "unknown",
      10,
    ],
  ])("%s", (_, over, observation, outcome, seconds) => {
    const verdict = judgeProbe(question(over), observation);
    expect(verdict).toMatchObject({ outcome, droppedAfterSeconds: seconds });
    expect(verdict.reason).not.toBe("");
  });

  describe("scaled: two settings that fire at the same moment", () => {
    const farewell = { exitCode: 1, text: "auto-logout", seconds: 1.05 };
    const verdict = (configured: readonly ConfiguredTimeout[], over: Partial<SessionTrace> = farewell) =>
      judgeProbe(question({ scaled: true, scaledLimit: 2, configured }), ended(over));
    const right = { ...timeout("TMOUT", 1, 300), source: "/etc/profile.d/00-curfew.sh:1" };
    const wrong = { ...timeout("TMOUT", 1, 1200), source: "/etc/zsh/zshenv:1" };

    test.each([
      ["the right one first", [right, wrong]],
      ["the wrong one first", [wrong, right]],
    ])("%s: nobody can tell which it was", (_, configured) => {
      const said = verdict(configured);
      expect(said).toMatchObject({ outcome: "unknown", by: "TMOUT" });
      expect(said.reason).toMatch(/300 s.*1200 s .*\/etc\/zsh\/zshenv:1.*give a longer --scaled/u);
    });

    test("as near on both sides of the drop", () => {
      expect(verdict([right, { ...wrong, fires: 2 }], { ...farewell, seconds: 1.5 }).outcome).toBe("unknown");
    });

    test("what they really are is the same to the limit: it counts", () => {
      expect(verdict([right, { ...right, real: 240 }]).outcome).toBe("pass");
      expect(verdict([wrong, { ...wrong, real: 1500 }]).outcome).toBe("fail");
    });

    test("nor is another mechanism's, or one that fits less, in the way", () => {
      expect(verdict([right, { ...wrong, by: "ChannelTimeout" }]).outcome).toBe("pass");
      expect(verdict([right, { ...wrong, fires: 2 }]).outcome).toBe("pass");
    });
  });

  test("says which programs ran on, whatever the verdict", () => {
    const verdict = judgeProbe(question(), ended({ seconds: 301, ...log, orphans: ["sleep", "x"] }));
    expect(verdict).toMatchObject({ outcome: "pass", orphans: ["sleep", "x"] });
    expect(verdict.reason).toMatch(/limit 300 s; still running on the host: sleep, x$/u);
    expect(judgeProbe(question(), ended({ seconds: 301, ...log, orphans: [] }))).not.toHaveProperty(
      "orphans",
    );
  });

  const seconds = fc.double({ min: 0, max: 10_000, noNaN: true });
  const anyTrace = fc.record({
    seconds,
    exitCode: fc.constantFrom(null, 0, 1, 14, 255),
    signal: fc.constantFrom(null, "HUP"),
    connectionLost: fc.boolean(),
    text: fc.constantFrom("", "auto-logout", "x"),
    clientSilent: fc.boolean(),
    channelIdle: fc.boolean(),
    logSeen: fc.boolean(),
  });
  const anyTimeout = fc.record({
    by: fc.constantFrom<Mechanism>("TMOUT", "ChannelTimeout", "ClientAlive", "logind"),
    fires: fc.integer({ min: 1, max: 10_000 }),
    real: fc.integer({ min: 1, max: 10_000 }),
    source: fc.constant("x"),
  });
  const anyObservation = fc.oneof(
    fc.record({ type: fc.constant("ended" as const), trace: anyTrace }),
    fc.record({ type: fc.constant("kept" as const), seconds, answers: fc.boolean() }),
    fc.record({ type: fc.constant("unmeasured" as const), reason: fc.constant("x") }),
  );
  const anyQuestion = fc.record({
    expect: fc.constantFrom("dropped" as const, "kept" as const),
    scaledLimit: fc.integer({ min: 2, max: 5000 }),
    limit: fc.integer({ min: 2, max: 5000 }),
    scaled: fc.boolean(),
    configured: fc.array(anyTimeout, { maxLength: 3 }),
    explanation: fc.constant(""),
    unjudgeable: fc.constantFrom(undefined, "x"),
  });

  test("passes only what was seen: a drop in time, or a session that answers", () => {
    fc.assert(
      fc.property(anyQuestion, anyObservation, (asked, observation) => {
        const { outcome, by } = judgeProbe(asked, observation);
        expect(outcome !== "pass" || deserved(asked, observation, by)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  /** Written down a second time, and simpler than the judge. */
  function deserved(asked: ProbeQuestion, observation: Observation, by: Mechanism): boolean {
    if (asked.expect === "kept") return observation.type === "kept" && observation.answers;
    if (observation.type !== "ended" || observation.trace.seconds > latest(asked.scaledLimit)) return false;
    const early = observation.trace.seconds < earliest(asked.scaledLimit);
    return !early || asked.configured.some((each) => each.by === by);
  }

  test("a later end never judges better", () => {
    fc.assert(
      fc.property(anyQuestion, anyTrace, seconds, (asked, base, more) => {
        const late = { ...base, seconds: latest(asked.scaledLimit) + 0.001 + more };
        const verdict = judgeProbe({ ...asked, expect: "dropped" }, { type: "ended", trace: late });
        expect(verdict.outcome).not.toBe("pass");
      }),
    );
  });
});
