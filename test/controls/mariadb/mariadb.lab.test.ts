/**
 * Idle sessions with a real MariaDB end: planned, applied, proved with a real client, audited, explained, taken back,
 * with the administrator's own values in force again.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentOf, etcDifferences, openDesk, outcomes, reached, type Desk } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { mariaDbHost, sql } from "../../lab/mariadb.ts";
import { patient } from "../../patience.ts";

const LIMIT = 10;
const EVERYBODY = 40;
/** What the server's administrator had set before curfew came. */
const THEIRS = 7200;
const EXEMPT = `exemptions:
  - {name: nightly, users: [batch], justification: runs all night, owner: ops, expires: 2027-01-01}
`;
const policy = (key: string): string => `name: databases
controls: [mariadb]
defaults: {client_idle_timeout: ${EVERYBODY}s}
roles:
  dba:
    users: [alice]
    database_roles: [reporting]
    client_idle_timeout: ${LIMIT}s
    probe: {user: alice, identity_file: ${key}}
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`MariaDB${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  let before: Record<string, string>;

  beforeAll(async () => {
    lab = await openLab();
    host = await mariaDbHost(lab, { release: "bookworm", users: [{ name: "alice" }] });
    await sql(
      host,
      `CREATE USER alice@localhost IDENTIFIED VIA unix_socket;
      CREATE USER app@localhost IDENTIFIED BY 'x'; CREATE USER batch@localhost IDENTIFIED BY 'x';
      CREATE USER "e'v\\ni\\\\l%"@localhost IDENTIFIED BY 'x';
      CREATE USER anna@localhost IDENTIFIED BY 'x'; CREATE ROLE reporting; GRANT reporting TO anna@localhost;
      GRANT reporting TO batch@localhost;
      SET GLOBAL interactive_timeout = ${THEIRS};`,
    );
    desk = await openDesk(lab, [host], policy(lab.key.privatePath));
    before = await host.etcDigest();
  }, patient(240_000));
  afterAll(() => lab?.close());

  const inForce = (): Promise<string> =>
    sql(host, "SELECT @@GLOBAL.interactive_timeout, @@GLOBAL.wait_timeout");
  const applied = async (): Promise<void> => {
    const call = await desk.run(["apply", "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
  };
  const audited = async () => documentOf(await desk.run(["audit", "--json"])).hosts[0];

  test("before curfew an audit says that nothing ends them, and what the server has is no proof", async () => {
    const { findings } = await audited();
    const ends = findings.find(isDatabaseSession);
    expect(ends.outcome).toBe("fail");
    const own = findings.find(({ check }: Said) => check === "user-overridable");
    expect(own.actual).toMatch(/interactive_timeout 7200 s, wait_timeout 28800 s, user-overridable/u);
    const people = findings.find(
      ({ check, control }: Said) => check === "role-members" && control === "mariadb",
    );
    expect(people.actual).toMatch(/: alice, anna, batch$/u);
  });

  test("a controller that dies after the server was told: the host sets back what was in force", async () => {
    const run = desk.start(["apply", "--yes", "--json", "--events", "--confirm-within", "10s"]);
    await reached(run, "reloaded");
    run.kill("SIGKILL");
    await run.done;
    expect(await inForce()).toBe(`${EVERYBODY}\t28800`);
    await expect.poll(inForce, { timeout: patient(40_000), interval: 500 }).toBe(`${THEIRS}\t28800`);
    await expect
      .poll(async () => etcDifferences(before, await host.etcDigest()), {
        timeout: patient(20_000),
        interval: 500,
      })
      .toEqual([]);
  });

  test("apply sets it in the running server, and a second one has nothing to do", async () => {
    const [early] = await hold(host, ["anna", "app", "root"], 300);
    const asleep = () =>
      sql(host, `SELECT TIME_MS / 1000 FROM information_schema.PROCESSLIST WHERE ID = ${early}`);
    await expect
      .poll(async () => Number(await asleep()), { timeout: patient(40_000), interval: 500 })
      .toBeGreaterThan(LIMIT + 2);
    const asked = await desk.run(["sessions", "-p", desk.policy, "--json"]);
    // Held by a role that was given to her; root and app are nobody's.
    expect(documentOf(asked).hosts[0].sessions, asked.stderr).toMatchObject([
      { user: "anna", service: "mariadb", fate: "ends", role: "dba", limit: LIMIT, by: "mariadb" },
    ]);
    const up = Number((await host.exec("cut -d ' ' -f 1 /proc/uptime")).stdout);
    const since = up - Number(await asleep());
    const plan = documentOf(await desk.run(["plan", "--json"])).hosts[0];
    expect(plan.changes.map(({ path }: { path: string }) => path)).toContain(
      "/etc/mysql/mariadb.conf.d/zz-curfew.cnf",
    );
    await applied();
    expect(await inForce()).toBe(`${EVERYBODY}\t28800`);
    expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "unchanged" });
    // Asleep for longer than its limit when that came into force, it had all of it anew.
    await expect.poll(asleep, { timeout: patient(40_000), interval: 500 }).toBe("");
    const begun = Number((await host.exec("cut -d ' ' -f 2 /run/curfew-mariadb/begun")).stdout);
    const log = (await host.exec("journalctl -t curfew-watchdog -o cat")).stdout;
    const seconds = new RegExp(`connection ${early}, from localhost\\): idle for (\\d+) s`, "u").exec(
      log,
    )?.[1];
    expect(since + Number(seconds) - begun).toBeGreaterThanOrEqual(LIMIT - 2);
  });

  test("somebody is exempt: the server's own limit goes, and the administrator's is in force again", async () => {
    await desk.setPolicy(policy(lab.key.privatePath) + EXEMPT);
    await applied();
    expect(await inForce()).toBe(`${THEIRS}\t28800`);
    await expect
      .poll(() => host.exec("cat /run/curfew-mariadb/last"), { timeout: patient(20_000) })
      .toMatchObject({ stdout: expect.stringMatching(/^\d+ 5 ok$/mu) });
  });

  test("a real client's idle session is ended, its busy one is kept; pools, exempt people and root stay", async () => {
    const held = await hold(host, ["app", "batch", "anna", "root"], 120);
    const call = await desk.run(["verify", "--sessions", "idle-database", "--json"]);
    const [probe] = documentOf(call).hosts[0].probes;
    expect(probe, call.stderr).toMatchObject({
      session: "idle-database",
      outcome: "pass",
      by: "MariaDB watchdog",
    });
    expect(probe.droppedAfterSeconds).toBeGreaterThanOrEqual(LIMIT - 1);
    const alive = await sql(
      host,
      `SELECT USER FROM information_schema.PROCESSLIST WHERE ID IN (${held.join(", ")})`,
    );
    expect(alive.split("\n").toSorted()).toEqual(["app", "batch", "root"]);
    const log = await host.exec("journalctl -t curfew-watchdog -o cat");
    expect(log.stdout).toMatch(
      /ended the MariaDB session of "anna" \(connection \d+, from localhost\): idle for 1\d s, limit 10 s, role "dba"/u,
    );
  });

  test("audit and explain say that the watchdog ends them, and that it is effective", async () => {
    const { findings } = await audited();
    expect(findings.find(isDatabaseSession)).toMatchObject({ outcome: "pass", evidence: "effective" });
    const explained = await desk.run(["explain", `alice@${host.name}`]);
    expect(explained.stdout).toMatch(/idle-database\s.*mariadb/u);
  });

  test("a watchdog that is stopped is no proof", async () => {
    await host.exec("systemctl stop curfew-mariadb.timer");
    const { findings } = await audited();
    expect(findings.find(isDatabaseSession)).toMatchObject({ outcome: "fail" });
    await host.exec("systemctl start curfew-mariadb.timer");
  });

  test("a root that cannot log in without a password is unknown, never a pass", async () => {
    const was = await sql(host, "SHOW CREATE USER root@localhost");
    await sql(host, "ALTER USER root@localhost IDENTIFIED BY 'secret'");
    const { findings } = await audited();
    expect(findings.find(isDatabaseSession)).toMatchObject({ outcome: "unknown" });
    expect(findings.some(({ actual }: Said) => /unix_socket/u.test(actual))).toBe(true);
    const again = `${was.replace(/^CREATE/u, "ALTER")};`;
    expect((await host.exec("mariadb -psecret", { input: again })).stderr).toBe("");
  });

  test("revert leaves nothing of it, and the administrator's value is in force again", async () => {
    const call = await desk.run(["revert", "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
    expect(await inForce()).toBe(`${THEIRS}\t28800`);
    expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
    const left = await host.exec(
      "ls -d /run/curfew-mariadb /var/lib/curfew; systemctl list-units --all --no-legend 'curfew-m*'",
    );
    expect(left.stdout).toBe("");
  });
});

interface Said {
  readonly check: string;
  readonly control: string;
  readonly subject?: string;
  readonly actual: string;
}

function isDatabaseSession({ check, subject }: Said): boolean {
  return check === "session-ends" && (subject ?? "").includes("idle-database");
}

/** Sessions that ask nothing for so many seconds; their numbers, once all are there. */
async function hold(host: LabHost, users: readonly string[], seconds: number): Promise<string[]> {
  const script = users
    .map((user) => {
      const login = user === "root" ? "" : `-u${user} -px`;
      return `(echo 'SELECT CONNECTION_ID();'; sleep ${seconds}) | setsid mariadb -N -B -n ${login} >/run/held-${user} 2>&1 &`;
    })
    .join("\n");
  await host.exec(`(${script}) >/dev/null 2>&1 </dev/null`);
  const numbers = async (): Promise<string[]> =>
    (await host.exec("cat /run/held-*")).stdout.split("\n").filter((line) => /^\d+$/u.test(line));
  await expect.poll(async () => (await numbers()).length, { timeout: patient(10_000) }).toBe(users.length);
  return numbers();
}
