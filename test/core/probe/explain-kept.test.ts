import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { explainKept } from "../../../src/core/probe/expectations.ts";
import type { PlannedProbe } from "../../../src/core/probe/plan.ts";
import type { ConfiguredTimeout } from "../../../src/model/control/timeout.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import { WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";
import { known } from "../../../src/model/terms/reading.ts";
import { plannedProbe } from "./planned-probe.ts";

describe("explainKept", () => {
  const on = (major: number, minor: number): Facts =>
    ({ server: { product: "openssh", version: { major, minor }, text: "" }, files: [] }) as unknown as Facts;
  const kept = (
    planned: PlannedProbe,
    facts: Facts,
    effective: readonly string[],
    configured: readonly ConfiguredTimeout[],
  ): string => {
    const shellKind = planned.shell.split("/").at(-1) ?? "";
    const probed = { ...planned, facts, effective, files: [], shellKind, factor: 1 };
    return explainKept(probed, configured, CONTROLS);
  };
  const set = (by: ConfiguredTimeout["by"], real: number): ConfiguredTimeout => ({
    by,
    real,
    fires: real,
    source: "x",
  });
  test.each<[SessionKind, ConfiguredTimeout[], RegExp]>([
    [
      "output-loop",
      [set("ChannelTimeout", 300)],
      /^nothing on OpenSSH 10\.0 ended it: output .*watchdog would/u,
    ],
    ["tmux", [], /^nothing on OpenSSH 10\.0 ended it: the status line .*watchdog would/u],
    ["idle-command", [], /ChannelTimeout in OpenSSH 9\.2 and later would/u],
    ["idle-command", [set("ChannelTimeout", 300)], /ChannelTimeout is set \(x\), but .*does not heed/u],
    ["escaped-shell", [set("ChannelTimeout", 900)], /ChannelTimeout 900 s \(x\) is over the limit/u],
    ["unused-connection", [set("UnusedConnectionTimeout", 900)], /UnusedConnectionTimeout 900 s/u],
    ["foreground-program", [set("watchdog", 300)], /the watchdog of x did not end it/u],
    ["idle-forward", [], /direct-tcpip would, which curfew does not set/u],
  ])("%s with %j", (session, configured, reason) => {
    expect(kept(plannedProbe({ session }), on(10, 0), [], configured)).toMatch(reason);
  });

  const stopped: Facts = {
    ...on(10, 0),
    files: [{ path: WATCHDOG_FILES.script, state: known({ content: "interval=8\n" }) }],
    watchdogTimer: known(false),
    service: known({ bootHook: "systemd" }),
  } as unknown as Facts;
  test.each<[SessionKind, boolean]>([
    ["output-loop", true],
    ["idle-shell", true],
    ["frozen-client", true],
    ["idle-sftp", false],
    ["typing", false],
  ])("a watchdog that nothing starts and %s", (session, named) => {
    const why = `the watchdog of ${WATCHDOG_FILES.script} did not end it: curfew-watchdog.timer does not run`;
    expect(kept(plannedProbe({ session }), stopped, [], []).includes(why)).toBe(named);
    const running = { ...stopped, watchdogTimer: known(true) };
    expect(kept(plannedProbe({ session }), running, [], [])).not.toContain("does not run");
  });

  const OLD_RECIPE = ["clientaliveinterval 300", "clientalivecountmax 0"];
  test.each<[string, PlannedProbe, Facts, string[], RegExp]>([
    [
      "the old recipe",
      plannedProbe(),
      on(8, 4),
      OLD_RECIPE,
      /CountMax 0 disables.*8\.4 has no idle timeout.*nothing sets TMOUT/u,
    ],
    [
      "keep-alives",
      plannedProbe(),
      on(8, 4),
      ["clientaliveinterval 60", "clientalivecountmax 3"],
      /never drops a client that answers/u,
    ],
    [
      "ChannelTimeout in Match",
      plannedProbe(),
      on(10, 0),
      ["channeltimeout session:*=300"],
      /does not heed it there/u,
    ],
    ["dash", plannedProbe({ shell: "/bin/dash" }), on(8, 4), [], /dash has no timeout/u],
    ["tcsh", plannedProbe({ shell: "/bin/tcsh" }), on(8, 4), [], /nothing sets autologout/u],
    [
      "frozen, nobody asks",
      plannedProbe({ session: "frozen-client" }),
      on(8, 4),
      ["clientaliveinterval 0"],
      /ClientAliveInterval is 0/u,
    ],
    [
      "frozen, and sshd did not say",
      plannedProbe({ session: "frozen-client" }),
      on(8, 0),
      [],
      /^it is not known whether sshd asks the client \(ClientAliveInterval could not be read\)$/u,
    ],
    [
      "8.0, and a count of 0 did nothing",
      plannedProbe({ session: "foreground-program" }),
      on(8, 0),
      OLD_RECIPE,
      /ClientAliveInterval 300 with ClientAliveCountMax 0 did nothing: this build takes a count of 0 for off/u,
    ],
    [
      "8.0, and the client took in what was printed",
      plannedProbe({ session: "output-loop" }),
      on(8, 0),
      OLD_RECIPE,
      /^nothing on OpenSSH 8\.0 ended it: output counts/u,
    ],
    [
      "frozen, too slow",
      plannedProbe({ session: "frozen-client" }),
      on(8, 4),
      ["clientaliveinterval 200", "clientalivecountmax 1"],
      /only after 400 s/u,
    ],
    [
      "frozen, 9.2",
      plannedProbe({ session: "frozen-client" }),
      on(9, 2),
      ["clientaliveinterval 150", "clientalivecountmax 1"],
      /9\.2 takes about twice/u,
    ],
  ])("%s", (_, planned, facts, effective, reason) => {
    expect(kept(planned, facts, effective, [])).toMatch(reason);
  });

  test("a TMOUT over the limit is named with its place", () => {
    const tmout = { by: "TMOUT", fires: 900, real: 900, source: "/etc/profile:3" } as const;
    expect(kept(plannedProbe(), on(8, 4), [], [tmout])).toContain("over the limit (900 s in /etc/profile:3)");
  });
});
