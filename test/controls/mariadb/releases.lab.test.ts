/**
 * What the control builds on, on every MariaDB that Debian has beside the one of mariadb.lab.test.ts: how long a session
 * counts as asleep, who may set what aside, and that the limit in force goes back to what it was, whatever became of the
 * server meanwhile.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { remoteScript } from "../../../src/template/remote-script.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { mariaDbHost, sql } from "../../lab/mariadb.ts";
import { patient } from "../../patience.ts";

const RELEASES = ["bullseye", "trixie", "sid"] as const;
const DROP_IN = "/etc/mysql/mariadb.conf.d/zz-curfew.cnf";
const RECORD = "/var/lib/curfew/mariadb";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`releases of MariaDB${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  const hosts = new Map<string, LabHost>();

  beforeAll(async () => {
    lab = await openLab();
    await Promise.all(
      RELEASES.map(async (release) => {
        const host = await mariaDbHost(lab, { release });
        hosts.set(release, host);
        await sql(
          host,
          "CREATE USER alice@localhost IDENTIFIED BY 'x'; CREATE USER mon@localhost IDENTIFIED BY 'x'; GRANT CONNECTION ADMIN ON *.* TO mon@localhost",
        );
      }),
    );
  }, patient(300_000));
  afterAll(() => lab?.close());

  describe.each(RELEASES)("on %s", (release) => {
    const host = (): LabHost => hosts.get(release) as LabHost;
    const as = async (user: string, statement: string): Promise<string> =>
      (await host().exec(`mariadb -u${user} -px -N -B`, { input: statement })).stdout.trim();
    const inForce = (): Promise<string> => sql(host(), "SELECT @@GLOBAL.interactive_timeout");
    /** What the guard runs, without the rest of it. */
    const activate = async (when: "now" | "undo" | "boot"): Promise<string> => {
      const script = remoteScript(["mariadb-ask", "mariadb-start", "activate/set-mariadb"], {});
      const all = `guard=/nonexistent\nunits_were_read() { :; }\n${script}\nactivate_set_mariadb ${when}\n`;
      const { exitCode, stdout } = await host().exec(all);
      return `${exitCode} ${stdout}`.trim();
    };
    const put = (seconds: number): Promise<void> =>
      host().writeFile(DROP_IN, `[mariadb]\ninteractive_timeout = ${seconds}\n`);
    const take = async (): Promise<void> => void (await host().exec(`rm ${DROP_IN}`));
    const change = async (seconds: number | null, when: "now" | "undo" = "now"): Promise<string> => {
      await (seconds === null ? take() : put(seconds));
      expect(await activate(when)).toBe("0");
      return inForce();
    };

    test("a prompt has interactive_timeout, a pipe has not, and each session may set its own", async () => {
      await sql(host(), "SET GLOBAL interactive_timeout = 111, wait_timeout = 222");
      expect(await as("alice", "SELECT @@SESSION.wait_timeout")).toBe("222");
      const prompt = `(echo 'SELECT @@SESSION.wait_timeout + 0.5;'; sleep 1; echo exit) | script -qec 'mariadb -ualice -px' /dev/null`;
      expect((await host().exec(prompt)).stdout).toContain("111.5");
      expect(await as("alice", "SET SESSION wait_timeout = 31536000; SELECT @@SESSION.wait_timeout")).toBe(
        "31536000",
      );
      await sql(host(), "SET GLOBAL interactive_timeout = 28800, wait_timeout = 28800");
    });

    test("init_connect is nothing for whoever has CONNECTION ADMIN", async () => {
      await sql(host(), "SET GLOBAL init_connect = 'SET @@SESSION.wait_timeout = 77'");
      const both = [
        await as("alice", "SELECT @@SESSION.wait_timeout"),
        await as("mon", "SELECT @@SESSION.wait_timeout"),
      ];
      await sql(host(), "SET GLOBAL init_connect = ''");
      expect(both).toEqual(["77", "28800"]);
    });

    test("no session moves the clock that counts how long it is asleep; KILL SOFT ends it within a loop", async () => {
      const idle =
        "(echo 'SET timestamp = 4000000000; SELECT 1;'; sleep 30) | setsid mariadb -ualice -px -n >/dev/null 2>&1 &";
      await host().exec(`(${idle}) </dev/null >/dev/null 2>&1`);
      const asleep =
        "FROM information_schema.PROCESSLIST WHERE USER = 'alice' AND COMMAND = 'Sleep' AND TIME_MS";
      await expect
        .poll(() => sql(host(), `SELECT COUNT(*) ${asleep} BETWEEN 1000 AND 60000`), {
          timeout: patient(10_000),
        })
        .toBe("1");
      await sql(
        host(),
        `DELIMITER //\nBEGIN NOT ATOMIC FOR r IN (SELECT ID ${asleep} >= 1000) DO KILL SOFT CONNECTION r.ID; END FOR; END//`,
      );
      expect(await sql(host(), `SELECT COUNT(*) ${asleep} >= 0`)).toBe("0");
    });

    test("what was in force before is in force again, and nobody's stricter value is loosened", async () => {
      await sql(host(), "SET GLOBAL interactive_timeout = 7200");
      expect([await change(600), await change(900), await change(600, "undo"), await change(null)]).toEqual([
        "600",
        "900",
        "600",
        "7200",
      ]);
      await sql(host(), "SET GLOBAL interactive_timeout = 300");
      expect([await change(600), await change(null, "undo")]).toEqual(["300", "300"]);
      await sql(host(), "SET GLOBAL interactive_timeout = 28800");
      await change(600);
      await sql(host(), "SET GLOBAL interactive_timeout = 1000");
      expect(await change(null, "undo")).toBe("1000");
      await sql(host(), "SET GLOBAL interactive_timeout = 28800");
      expect((await host().exec(`ls ${RECORD}`)).stdout).toBe("");
    });

    test("killed between the record and the server: nothing is loosened or lost", async () => {
      await put(600);
      await activate("now");
      // It was told of 900 in the record alone.
      await host().exec(`sed -i 's/ 600$/ 900 600/' ${RECORD}`);
      expect(await change(600, "undo")).toBe("600");
      expect(await change(null, "undo")).toBe("28800");
    });

    test("restarted in the armed window: what its own files say is in force again", async () => {
      await host().writeFile(
        "/etc/mysql/mariadb.conf.d/51-theirs.cnf",
        "[mysqld]\ninteractive-timeout=7200\n",
      );
      await change(600);
      await host().exec("systemctl restart mariadb");
      expect(await inForce()).toBe("600");
      expect(await change(null, "undo")).toBe("7200");
      await host().exec("rm /etc/mysql/mariadb.conf.d/51-theirs.cnf");
    });

    test("down at the undo: it is not started, and comes back without curfew's", async () => {
      await change(600);
      await host().exec("systemctl stop mariadb");
      await take();
      expect(await activate("undo")).toBe("0");
      expect((await host().exec(`systemctl is-active mariadb; ls ${RECORD}`)).stdout).toBe("inactive\n");
      await put(600);
      expect(await activate("now")).toBe("0");
      await host().exec("systemctl start mariadb");
      expect(await inForce()).toBe("600");
      // It was never told of it: it read the file.
      expect(await change(null)).toBe("28800");
    });
  });
});
