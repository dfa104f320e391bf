/** PostgreSQL of four releases: idle sessions of the policy's roles end, and none of anybody else's. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding, LadderCell } from "../../src/model/verdict/finding.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { clients, installPostgresql, openClient, SOCKET, sql, startPostgresql } from "../lab/postgresql.ts";
import { patient } from "../patience.ts";
import { type Call, documentOf, openDesk, type Desk, outcomes, RELEASES } from "./curfew.ts";

const EXEMPT = `{ name: reports, users: [carol], controls: [postgresql], justification: long reports, owner: ops, expires: 2099-01-01 }`;
const POLICY = `
name: databases
controls: [postgresql]
defaults: { client_idle_timeout: 1h }
roles:
  staff: { users: [alice, carol], client_idle_timeout: 10s }
  dbas: { groups: [dbas], database_roles: [boss], client_idle_timeout: 12s }
exemptions: [${EXEMPT}]
`;
const HOSTILE = `"o'dd ""\\\\ $(reboot)\n@x"`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`PostgreSQL${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let desk: Desk;
  const hosts: Record<string, LabHost> = {};
  beforeAll(async () => {
    lab = await openLab();
    const users = [{ name: "alice" }, { name: "bob", groups: ["dbas"] }, { name: "carol" }, { name: "app" }];
    await Promise.all(
      RELEASES.map(async (release) => {
        const prepare = (root: string) => installPostgresql(release, root);
        const host = await lab.host({ release, name: release, users, prepare });
        hosts[release] = host;
        await startPostgresql(host, ["alice", "bob", "carol", "app", HOSTILE]);
      }),
    );
    desk = await openDesk(lab, Object.values(hosts), POLICY);
  }, patient(180_000));
  afterAll(() => lab?.close());

  const cellsOf = (audit: Call, host: string): LadderCell[] =>
    documentOf(audit)
      .hosts.find((each: { host: string }) => each.host === host)
      .ladder.filter(({ kind }: LadderCell) => kind === "idle-database");
  const findingsOf = (audit: Call, host: string): Finding[] =>
    documentOf(audit)
      .hosts.find((each: { host: string }) => each.host === host)
      .findings.filter(({ control }: Finding) => control === "postgresql");
  const bookworm = (): LabHost => hosts["bookworm"] as LabHost;

  /** A session that is idle for longer than any limit here: its process, and since when by the uptime of the host. */
  async function idleAlready(): Promise<{ readonly process: string; readonly since: number }> {
    await openClient(bookworm(), "alice", "early");
    const idle = "extract(epoch from clock_timestamp() - state_change)";
    const ask = () =>
      sql(bookworm(), `select pid, ${idle} from pg_stat_activity where application_name = 'early'`);
    await until(async () => Number((await ask()).split("|")[1]) > 15);
    const up = Number((await bookworm().exec("cut -d ' ' -f 1 /proc/uptime")).stdout);
    const [process = "", seconds] = (await ask()).trim().split("|");
    return { process, since: up - Number(seconds) };
  }

  async function until(condition: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + patient(60_000);
    while (!(await condition())) {
      if (performance.now() > end) throw new Error("it did not come to that");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  test(
    "before apply nothing ends them, and what the server has is the user's to override",
    async () => {
      await sql(bookworm(), "alter role alice set idle_session_timeout = '5s'");
      const audit = await desk.run(["audit", "--json"]);
      await sql(bookworm(), "alter role alice reset idle_session_timeout");
      for (const release of RELEASES) {
        expect(
          cellsOf(audit, release).map(({ role, outcome }) => `${role} ${outcome}`),
          audit.stderr,
        ).toEqual(["staff fail", "dbas fail"]);
        const said = findingsOf(audit, release).filter(({ check }) => check === "user-overridable");
        expect(said.map(({ subject }) => subject).toSorted()).toEqual(
          ["alice", "bob", "carol"].map((name) => `${name} at ${SOCKET}`),
        );
        expect(said[0]?.actual).toMatch(
          release === "bullseye" ? /PostgreSQL 13 has no idle/u : /user-overridable/u,
        );
      }
      const alice = findingsOf(audit, "bookworm").find(
        ({ subject }) => subject?.startsWith("alice ") === true,
      );
      expect(alice).toMatchObject({
        actual: expect.stringMatching(/^idle_session_timeout is 5 s, user-overridable/u),
        source: "ALTER ROLE alice SET",
      });
      expect(documentOf(audit).hosts.map(({ host }: { host: string }) => host)).toHaveLength(4);
    },
    patient(60_000),
  );

  test(
    "once applied, idle sessions of named roles end, and all others stay",
    async () => {
      const all = Object.values(hosts);
      const early = await idleAlready();
      await Promise.all(
        all.map(async (host) => {
          await openClient(host, "carol", "spared");
          await openClient(host, "bob", "at work", "select pg_sleep(600)");
          await openClient(host, "app", "of nobody");
        }),
      );
      const asked = await desk.run(["sessions", "-p", desk.policy, "--json"]);
      expect(asked.exitCode, asked.stderr).toBe(2);
      for (const { host, sessions } of documentOf(asked).hosts) {
        const said = sessions.map((each: { user: string; fate: string; reason?: string }) =>
          [each.user, each.fate, each.reason].join(" ").trim(),
        );
        const first = host === "bookworm" ? ["alice ends"] : [];
        expect(said, host).toEqual([...first, "carol stays exempt: reports", "bob later"]);
      }
      const shown = await desk.run(["plan", "-l", "bookworm"]);
      expect(shown.stdout).toMatch(
        /alice@bookworm +from this host +idle [\dhms]+, limit 10s +a session with PostgreSQL at \S+ +ends within 20s of apply \(postgresql\)/u,
      );
      const applied = await desk.run(["apply", "--yes", "--json"]);
      expect(Object.values(outcomes(applied)), applied.stderr).toEqual(RELEASES.map(() => "confirmed"));
      const ended = new Set(["idle", "early", "in-transaction", "of-a-group", "pgbouncer, says the user"]);
      const kept = ["at work", "busy", "exempt", "of nobody", "spared", "unnamed"];
      await Promise.all(
        all.map(async (host) => {
          await openClient(host, "alice", "idle");
          await openClient(host, "alice", "in-transaction", "begin");
          await openClient(host, "alice", "pgbouncer, says the user");
          await openClient(host, "bob", "of-a-group");
          await openClient(host, "alice", "busy", "select pg_sleep(600)");
          await openClient(host, "carol", "exempt");
          await openClient(host, "app", "unnamed");
        }),
      );
      await Promise.all(
        all.map((host) => until(async () => !(await clients(host)).some((label) => ended.has(label)))),
      );
      for (const host of all) expect(await clients(host)).toEqual(kept);
      const { stdout } = await bookworm().exec("journalctl -t curfew-watchdog --no-pager");
      // Idle for longer than its limit when that came into force, it had all of it anew.
      const [, seconds, limit] =
        new RegExp(`\\(process ${early.process}, .*: idle for (\\d+) s, limit (\\d+) s`, "u").exec(stdout) ??
        [];
      const begun = (await bookworm().exec("cut -d ' ' -f 2 /run/curfew-postgresql/begun")).stdout.trim();
      expect(begun).toMatch(/^\d+$/u);
      expect(early.since + Number(seconds) - Number(begun)).toBeGreaterThanOrEqual(Number(limit) - 2);
      expect(stdout).toMatch(
        /ended the PostgreSQL session of "bob" \(process \d+, from local\): idle for \d+ s, limit 12 s, role "dbas"/u,
      );
    },
    patient(90_000),
  );

  test(
    "audit says so by what runs, a second apply changes nothing, explain names it",
    async () => {
      const audit = await desk.run(["audit", "--json"]);
      for (const release of RELEASES) {
        expect(cellsOf(audit, release), audit.stderr).toMatchObject([
          { role: "staff", outcome: "pass", evidence: "effective", effective: { by: "PostgreSQL watchdog" } },
          { role: "dbas", outcome: "pass", evidence: "effective" },
        ]);
        expect(findingsOf(audit, release).filter(({ outcome }) => outcome === "unknown")).toEqual([]);
      }
      const again = await desk.run(["apply", "--yes", "--json"]);
      expect(Object.values(outcomes(again))).toEqual(RELEASES.map(() => "unchanged"));
      const explained = await desk.run(["explain", "--json", "alice@bookworm"]);
      // An interval of 5 s is late for a limit of 10 s.
      expect(documentOf(explained).hosts[0].onHost.sessions, explained.stderr).toContainEqual({
        kind: "idle-database",
        endedBy: [{ control: "postgresql", within: 15, late: true }],
      });
    },
    patient(60_000),
  );

  test(
    "verify opens a real session: it is ended, and a busy one beside it stays",
    async () => {
      const verified = await desk.run([
        "verify",
        "--sessions",
        "idle-database",
        "--role",
        "staff",
        "--json",
        "-l",
        "bookworm,sid",
      ]);
      for (const { probes } of documentOf(verified).hosts) {
        expect(probes, verified.stderr).toMatchObject([
          { session: "idle-database", user: "alice", outcome: "pass", by: "PostgreSQL watchdog" },
          { session: "idle-database", user: "carol", expect: "kept", outcome: "pass" },
        ]);
      }
      expect(await clients(bookworm())).toEqual([
        "at work",
        "busy",
        "exempt",
        "of nobody",
        "spared",
        "unnamed",
      ]);
    },
    patient(90_000),
  );

  test(
    "what is stopped fails; what cannot be asked is unknown",
    async () => {
      const [host, other, third] = ["bookworm", "trixie", "bullseye"].map((name) => hosts[name] as LabHost);
      await host?.exec("systemctl stop curfew-postgresql.timer");
      await other?.exec(
        "sed -i '1i local all postgres reject' /var/lib/postgresql/main/pg_hba.conf; systemctl reload postgresql",
      );
      await third?.exec("systemctl stop postgresql");
      await until(
        async () => (await other?.readFile("/run/curfew-postgresql/last"))?.includes("pg_hba") === true,
      );
      const audit = await desk.run(["audit", "--json", "-l", "bookworm,trixie,bullseye"]);
      expect(cellsOf(audit, "bookworm")[0]).toMatchObject({
        outcome: "fail",
        reason: expect.stringContaining("curfew-postgresql.timer does not run: inactive"),
      });
      expect(cellsOf(audit, "trixie").map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
      expect(findingsOf(audit, "trixie")).toContainEqual(
        expect.objectContaining({
          outcome: "unknown",
          subject: SOCKET,
          actual: expect.stringContaining("pg_hba"),
        }),
      );
      // No server runs, so there are no sessions; its watchdog waits for it.
      expect(cellsOf(audit, "bullseye")).toEqual([]);
      const asked = await desk.run(["sessions", "-p", desk.policy, "--json", "-l", "trixie"]);
      expect(asked.exitCode).toBe(3);
      expect(documentOf(asked).hosts[0].sessions).toMatchObject([
        { service: "postgresql", fate: "unknown", reason: expect.stringContaining("pg_hba") },
      ]);
      const plan = await desk.run(["plan", "--json", "-l", "bullseye"]);
      expect(documentOf(plan).hosts[0].changes).toEqual([]);
    },
    patient(60_000),
  );

  test(
    "the host takes a change back whose controller died",
    async () => {
      await desk.setPolicy(POLICY.replace("10s", "11s"));
      const before = await hosts["sid"]?.readFile("/etc/curfew/postgresql.sh");
      const run = desk.start(["apply", "--yes", "--confirm-within", "20s", "-l", "sid", "--events"]);
      run.onProgress((stderr) => {
        if (stderr.includes('"step":"applied"')) run.kill("SIGKILL");
      });
      await run.done;
      await until(
        async () => (await hosts["sid"]?.exec("ls -A /var/lib/curfew/guard"))?.stdout.trim() === "",
      );
      expect(await hosts["sid"]?.readFile("/etc/curfew/postgresql.sh")).toBe(before);
      const { stdout } = (await hosts["sid"]?.exec("systemctl is-active curfew-postgresql.timer")) ?? {};
      expect(stdout?.trim()).toBe("active");
    },
    patient(90_000),
  );

  test(
    "revert leaves nothing behind",
    async () => {
      const reverted = await desk.run(["revert", "--yes", "--json"]);
      expect(Object.values(outcomes(reverted)), reverted.stderr).toEqual(RELEASES.map(() => "confirmed"));
      for (const host of Object.values(hosts)) {
        const { stdout } = await host.exec(
          "ls -d /run/curfew-postgresql /etc/curfew/postgresql.sh /etc/systemd/system/curfew-postgresql.*; systemctl is-active curfew-postgresql.timer",
        );
        expect(stdout.trim()).toBe("inactive");
      }
    },
    patient(60_000),
  );
});
