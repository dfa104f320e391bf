/**
 * Hosts on which configuration and behaviour disagree: a right file whose mechanism is inert must never
 * pass, and its line is named; a configuration that looks wrong must pass where sessions end.
 */
import { hash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding, LadderCell } from "../../src/model/verdict/finding.ts";
import type { HostVerification } from "../../src/model/change/run.ts";
import { documentOf, openDesk, outcomes, type Desk } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { peopledHost } from "./verify-host.ts";
import { patient } from "../patience.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const lacks = labUnavailable();
const DIR = "/etc/ssh/sshd_config.d";
const POLICY = `
name: lab
defaults: {client_idle_timeout: 6s, unresponsive_timeout: 6s}
roles:
  bash: {groups: [bashers]}
`;
const SLOW_POLICY = (control: string): string => `
name: lab
controls: [${control}]
defaults: {client_idle_timeout: 20s}
roles:
  bash: {groups: [bashers]}
`;

interface Verified extends HostVerification {
  readonly exitCode: number | undefined;
  readonly outcome: string;
}

describe.skipIf(lacks !== null)(`sabotage${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host(peopledHost("trixie"));
    desk = await openDesk(lab, [host], POLICY);
  });
  afterAll(() => lab.close());

  /** The host with exactly these files of ours; `reload` false leaves the daemon with what it has read. */
  async function prepare(files: Readonly<Record<string, string>>, reload = true): Promise<void> {
    await host.exec(`rm -f ${DIR}/05-early.conf ${DIR}/10-lab.conf /etc/profile.d/00-aa.sh /etc/profile.d/10-limit.sh
      ${RELOAD_SSHD}`);
    for (const [path, content] of Object.entries(files)) await host.writeFile(path, content);
    const { exitCode, stderr } = await host.exec(reload ? `sshd -t && ${RELOAD_SSHD}` : "sshd -t");
    expect(exitCode, stderr).toBe(0);
  }

  async function verify(sessions: string, role: string): Promise<Verified> {
    const call = await desk.run(["verify", "--json", "--sessions", sessions, "--role", role]);
    return { exitCode: call.exitCode, ...documentOf(call).hosts[0] };
  }

  const cell = ({ ladder = [] }: Verified, role: string, kind: string): LadderCell | undefined =>
    ladder.find((each) => each.role === role && each.kind === kind);
  const named = ({ findings }: Verified, source: string): Finding | undefined =>
    findings.find((finding) => finding.source === source);

  describe("a file that is right and does nothing", () => {
    test.each([
      [
        "ChannelTimeout under Match before 10.5",
        { [`${DIR}/10-lab.conf`]: "# ours\nMatch Group bashers\n  ChannelTimeout session:*=6s\n" },
        "idle-shell",
        `${DIR}/10-lab.conf:3`,
        "OpenSSH 10.0 heeds ChannelTimeout outside Match only",
      ],
      [
        "a bare session= before 10.6",
        { [`${DIR}/10-lab.conf`]: "ChannelTimeout session=6s\n" },
        "idle-shell",
        `${DIR}/10-lab.conf:1`,
        "write session:*",
      ],
      [
        "ClientAliveCountMax 0 from 8.2 on",
        { [`${DIR}/10-lab.conf`]: "ClientAliveInterval 6\nClientAliveCountMax 0\n" },
        "frozen-client",
        `${DIR}/10-lab.conf:2`,
        "in OpenSSH 8.2 and newer a count of 0 disables",
      ],
      [
        "a file that is read earlier",
        {
          [`${DIR}/05-early.conf`]: "ClientAliveInterval 0\n",
          [`${DIR}/10-lab.conf`]: "ClientAliveInterval 2\nClientAliveCountMax 1\n",
        },
        "frozen-client",
        `${DIR}/10-lab.conf:1`,
        `"ClientAliveInterval 0" in ${DIR}/05-early.conf:1 is read first`,
      ],
      [
        "a TMOUT that another file has made readonly",
        {
          "/etc/profile.d/00-aa.sh": "readonly TMOUT=0\n",
          "/etc/profile.d/10-limit.sh": "readonly TMOUT=6\n",
        },
        "idle-shell",
        "/etc/profile.d/00-aa.sh:1",
        "is readonly, read first and wins: no limit at all",
      ],
    ] as const)("%s: fails, and the line is named", async (_, files, session, source, why) => {
      await prepare(files);
      const verified = await verify(session, "bash");
      expect(verified, JSON.stringify(verified)).toMatchObject({ exitCode: 2, outcome: "fail" });
      expect(named(verified, source)).toMatchObject({
        outcome: "fail",
        actual: expect.stringContaining(why),
      });
      expect(cell(verified, "bash", session)).toMatchObject({
        outcome: "fail",
        evidence: "demonstrated",
        demonstrated: { by: "none", seconds: null },
      });
    });

    test("a daemon that never reloaded: fails live, and through the shadow alone is unknown", async () => {
      const files = { [`${DIR}/10-lab.conf`]: "ClientAliveInterval 2\nClientAliveCountMax 1\n" };
      await prepare(files, false);
      const live = await verify("frozen-client", "default");
      expect(live).toMatchObject({ exitCode: 2, outcome: "fail" });
      const why = expect.stringContaining(`${DIR}/10-lab.conf changed after sshd read it`);
      expect(live.findings).toContainEqual(
        expect.objectContaining({ check: "daemon-current", outcome: "fail", actual: why }),
      );
      const shadow = await verify("frozen-client", "bash");
      expect(shadow.probes.map(({ via, outcome }) => `${via} ${outcome}`)).toContain("shadow pass");
      expect(shadow).toMatchObject({ exitCode: 3, outcome: "unknown" });
      expect(shadow.findings).toContainEqual(
        expect.objectContaining({ check: "daemon-current", outcome: "unknown", actual: why }),
      );
    });
  });

  describe("a configuration that looks wrong", () => {
    test("somebody else's stricter TMOUT, beside lines that do nothing: passes, and evidence is kept", async () => {
      await prepare({
        "/etc/profile.d/00-aa.sh": "readonly TMOUT=4\n",
        [`${DIR}/10-lab.conf`]: "Match Group bashers\nChannelTimeout session=6s\n",
      });
      const verified = await verify("idle-shell,typing", "bash");
      expect(verified, JSON.stringify(verified)).toMatchObject({ exitCode: 0, outcome: "pass" });
      expect(cell(verified, "bash", "idle-shell")).toMatchObject({
        outcome: "pass",
        demonstrated: { by: "TMOUT", source: "shadow as bea" },
      });
      expect(named(verified, `${DIR}/10-lab.conf:2`)).toMatchObject({ outcome: "pass" });
      await expectEvidence(verified);
    });

    async function expectEvidence({ evidence = [] }: Verified): Promise<void> {
      const runs = join(desk.dir, "state", "curfew", "runs");
      const run = (await readdir(runs)).toSorted().at(-1) ?? "";
      const titles = evidence.map(({ title }) => title);
      expect(titles).toEqual(
        expect.arrayContaining([
          "sshd -T",
          "sshd -T -C user=bea",
          "what the client of idle-shell bash (bea, shadow) received",
          "log of the shadow sshd, each line with its time in ms",
          "every session: its result and its times in ms",
        ]),
      );
      for (const { path, sha256, bytes } of evidence) {
        const file = await readFile(join(runs, run, path));
        expect(hash("sha256", file), path).toBe(sha256);
        expect(file.length).toBe(bytes);
        expect((await stat(join(runs, run, path))).mode & 0o777).toBe(0o600);
      }
      const text = async (title: string): Promise<string> =>
        readFile(join(runs, run, evidence.find((each) => each.title.startsWith(title))?.path ?? ""), "utf8");
      expect(await text("what the client of idle-shell")).toContain(
        "timed out waiting for input: auto-logout",
      );
      expect(await text("log of the shadow")).toMatch(/^\d+\.\d Accepted publickey for bea /mu);
      const [first = ""] = (await text("every session")).split("\n");
      const times: { startedAt: number; quietSince: number; judgedAt: number } = JSON.parse(first);
      expect(times.startedAt).toBeLessThan(times.quietSince);
      expect(times.judgedAt - times.quietSince).toBeGreaterThan(3500);
      expect(await text("sshd -T -C user=bea")).toContain("channeltimeout session=6s\n");
    }
  });

  describe("mechanisms that count in steps of 8 s", { timeout: patient(120_000) }, () => {
    test("logind without utmp: a right file, and no session ends", async () => {
      await prepare({});
      await desk.setPolicy(SLOW_POLICY("logind"));
      const file = "/etc/systemd/logind.conf.d/zz-curfew.conf";
      await host.exec("mkdir -p /etc/systemd/logind.conf.d");
      await host.writeFile(file, "[Login]\nStopIdleSessionSec=20\n");
      await host.exec("systemctl restart systemd-logind; sleep 1");
      const verified = await verify("idle-shell", "bash");
      expect(verified, JSON.stringify(verified)).toMatchObject({ exitCode: 2, outcome: "fail" });
      expect(named(verified, `${file}:2`)).toMatchObject({
        control: "logind",
        outcome: "fail",
        actual: expect.stringContaining("built without utmp"),
      });
      await host.exec(`rm ${file}; systemctl restart systemd-logind`);
    });

    test("the old recipe does nothing, but the watchdog ends the session: passes; a stopped one fails", async () => {
      await prepare({ [`${DIR}/10-lab.conf`]: "ClientAliveInterval 20\nClientAliveCountMax 0\n" });
      await desk.setPolicy(SLOW_POLICY("watchdog"));
      const applied = await desk.run(["apply", "--yes", "--json"]);
      expect(outcomes(applied), applied.stderr).toEqual({ [host.name]: "confirmed" });
      const works = await verify("output-loop", "bash");
      expect(works, JSON.stringify(works)).toMatchObject({ exitCode: 0, outcome: "pass" });
      expect(cell(works, "bash", "output-loop")).toMatchObject({
        outcome: "pass",
        configured: { by: "watchdog", source: "/etc/curfew/watchdog.sh" },
        effective: { by: "watchdog", source: "curfew-watchdog.timer is active" },
        demonstrated: { by: "watchdog" },
      });
      expect(named(works, `${DIR}/10-lab.conf:2`)).toMatchObject({ outcome: "pass" });

      await host.exec("systemctl stop curfew-watchdog.timer");
      const stopped = await verify("output-loop", "bash");
      expect(stopped).toMatchObject({ exitCode: 2, outcome: "fail" });
      expect(cell(stopped, "bash", "output-loop")).toMatchObject({
        outcome: "fail",
        configured: { by: "watchdog" },
        reason: expect.stringContaining("the watchdog of /etc/curfew/watchdog.sh did not end it"),
      });
      expect(named(stopped, `${DIR}/10-lab.conf:2`)).toMatchObject({ outcome: "fail" });
      expect(named(stopped, "/etc/systemd/system/curfew-watchdog.timer")).toMatchObject({
        outcome: "fail",
        actual: expect.stringContaining("curfew-watchdog.timer does not run"),
      });
    });
  });
});
