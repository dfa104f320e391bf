/**
 * The full matrix: sshd, shell-timeout and the watchdog as curfew puts them there, every kind of session, on
 * every release. What is shown must be what the table says, cell by cell.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostVerification, ProbeResult } from "../../src/model/change/run.ts";
import { isServiceKind, SSH_KINDS, type SshKind } from "../../src/model/terms/session-kind.ts";
import { openDesk, outcomes, RELEASES } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { peopledHost, verify, whose } from "./verify-host.ts";
import { patient } from "../patience.ts";

/** The mechanisms come one after the other where a tenth of it is more than the step of a terminal's access time. */
const LIMIT = 140;
/** A frozen client's, far enough below for it to be told which of the two ended it. */
const UNRESPONSIVE = 12;
/** What a look of the watchdog may add to a tenth of the limit and two seconds. */
const INTERVAL = 5;
const POLICY = {
  name: "matrix",
  controls: ["sshd", "shell-timeout", "watchdog"],
  defaults: { client_idle_timeout: `${LIMIT}s`, unresponsive_timeout: `${UNRESPONSIVE}s` },
  roles: { root: { users: ["root"] }, bash: { groups: ["bashers"] } },
};
const WHO = ["root root live", "root root shadow", "bash bea shadow"];
const GONE = ["root root shadow network-gone", "bash bea shadow network-gone"];

/** What ends the session, where several may be first; `nothing`: not caught, and not passed. */
type Cell = readonly ProbeResult["by"][] | "nothing" | "kept";

/** 8.4 has no idle timeout of its own: what has no terminal goes on for ever. */
const WITHOUT_CHANNEL_TIMEOUT: Readonly<Record<SshKind, Cell>> = {
  "idle-shell": ["TMOUT", "watchdog"],
  "frozen-client": ["ClientAlive"],
  "nested-shell": ["watchdog"],
  "escaped-shell": ["watchdog"],
  "foreground-program": ["watchdog"],
  "output-loop": ["watchdog"],
  tmux: ["watchdog"],
  "idle-command": "nothing",
  "idle-sftp": "nothing",
  "unused-connection": "nothing",
  "idle-forward": "nothing",
  typing: "kept",
};
/** From 9.2, here for the whole host. All of them have the same limit, and the terminal's steps come between. */
const WITH_CHANNEL_TIMEOUT: Readonly<Record<SshKind, Cell>> = {
  ...WITHOUT_CHANNEL_TIMEOUT,
  // The one cuts the other's farewell off, now and then.
  "idle-shell": ["TMOUT", "ChannelTimeout", "watchdog", "unattributed"],
  // Now and then sshd is faster than the farewell of the shell within.
  "nested-shell": ["ChannelTimeout", "watchdog", "unattributed"],
  "escaped-shell": ["ChannelTimeout", "watchdog"],
  "foreground-program": ["ChannelTimeout", "watchdog"],
  "idle-command": ["ChannelTimeout"],
  "idle-sftp": ["ChannelTimeout"],
  "unused-connection": ["UnusedConnectionTimeout"],
};
const TABLES: Readonly<Record<(typeof RELEASES)[number], Readonly<Record<SshKind, Cell>>>> = {
  bullseye: WITHOUT_CHANNEL_TIMEOUT,
  bookworm: WITH_CHANNEL_TIMEOUT,
  trixie: WITH_CHANNEL_TIMEOUT,
  sid: WITH_CHANNEL_TIMEOUT,
};

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`the full matrix${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let verified: Readonly<Record<string, HostVerification>>;
  beforeAll(async () => {
    lab = await openLab();
    const hosts = await Promise.all(RELEASES.map((release) => lab.host(peopledHost(release))));
    await applyTo(hosts);
    // All at once: they wait side by side.
    const probed = hosts.map(async (host) => {
      const target = { name: host.name, sshConfig: lab.sshConfigPath };
      const options = { sessions: SSH_KINDS, roles: ["root", "bash"] };
      return [host.release, await verify(target, POLICY, options)] as const;
    });
    verified = Object.fromEntries(await Promise.all(probed));
  }, patient(480_000));
  afterAll(() => lab.close());

  test.each(RELEASES)("%s", (release) => {
    const probes = verified[release]?.probes ?? [];
    expect(verified[release]?.error).toBeUndefined();
    const table = TABLES[release];
    const shown = probes.map((probe) => [`${probe.session} ${whose(probe)}`, cellOf(probe, table)] as const);
    const expected = SSH_KINDS.flatMap((kind) =>
      (kind === "frozen-client" ? [...WHO, ...GONE] : WHO).map(
        (who) => [`${kind} ${who}`, wordsOf(table[kind])] as const,
      ),
    );
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(expected));
  });

  test.each(RELEASES)("%s: in time, and what nothing ends is said to be so", (release) => {
    const probes = verified[release]?.probes ?? [];
    // A tenth, two seconds for the mechanisms' own steps, and the watchdog's look.
    const late = probes.filter(
      ({ withinSeconds, droppedAfterSeconds }) =>
        (droppedAfterSeconds ?? 0) > withinSeconds * 1.1 + 2 + INTERVAL,
    );
    expect(late).toEqual([]);
    const failed = probes.flatMap(({ outcome, reason }) => (outcome === "pass" ? [] : [reason]));
    expect(failed.length).toBeGreaterThan(0);
    const said = /still there .* nothing on OpenSSH \d+\.\d+ ended it/u;
    expect(failed.filter((reason) => !said.test(reason))).toEqual([]);
  });

  async function applyTo(hosts: readonly LabHost[]): Promise<void> {
    const desk = await openDesk(lab, hosts, JSON.stringify(POLICY));
    const call = await desk.run(["apply", "--yes", "--json"]);
    expect(Object.values(outcomes(call)), call.stderr).toEqual(RELEASES.map(() => "confirmed"));
  }
});

/** The table's own words where it allows what was seen; else what was seen, with its reason. */
function cellOf(probe: ProbeResult, table: Readonly<Record<SshKind, Cell>>): string {
  const { session, outcome, by, expect: wish, reason } = probe;
  const cell = isServiceKind(session) ? "nothing" : table[session];
  const seen =
    (cell === "kept" && wish === "kept" && outcome === "pass") ||
    (cell === "nothing" && outcome === "fail" && by === "none") ||
    (typeof cell !== "string" && outcome === "pass" && cell.includes(by));
  return seen ? wordsOf(cell) : `${outcome} ${by}: ${reason}`;
}

function wordsOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.join(" or ");
}
