import { describe, expect, test } from "vitest";
import { expectationsOf } from "../../src/core/expectations.ts";
import type { PlannedProbe } from "../../src/core/probe-plan.ts";
import { WATCHDOG_FILES } from "../../src/model/host-paths.ts";
import type { SessionKind } from "../../src/model/session-kind.ts";
import { fileFact, host, version } from "../controls/facts-fixture.ts";

const SHADOW = ["clientaliveinterval 60", "clientalivecountmax 2", "unusedconnectiontimeout 900"];
const CHANNEL = ["channeltimeout session:*=900 direct-tcpip=600"];
const FILES = [fileFact(WATCHDOG_FILES.script, "interval=45\n")];

function causes(session: SessionKind, release: string, lines: readonly string[]): string[] {
  const facts = { ...host({ version: version(release) }), files: FILES };
  const limit = session === "frozen-client" ? 180 : 900;
  const planned: PlannedProbe = {
    session,
    role: "r",
    user: "bea",
    via: "shadow",
    exemptFrom: [],
    shell: "/bin/bash",
    expect: "dropped",
    limit,
    within: limit,
    ...(limit === 900 ? {} : { idle: 900 }),
  };
  const site = { facts, survey: { accounts: [], files: [] }, factor: 1 };
  return expectationsOf(planned, site, lines).configured.map(({ by, fires }) => `${by} ${fires}`);
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

  test("before 8.2 ClientAlive without a count drops those who answer, too", () => {
    const lines = ["clientaliveinterval 900", "clientalivecountmax 0"];
    expect(causes("idle-command", "8.1", lines)).toEqual(["ClientAlive 900"]);
    expect(causes("idle-command", "8.4", lines)).toEqual([]);
  });
});
