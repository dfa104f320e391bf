/** curfew installed on a real systemd host, which audits another one: timers, overlaps, hangs, alerts, no trace. */
import { cp, mkdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import { array, oneof, sample, string as anyString } from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unitCommand } from "../../src/core/schedule/quote.ts";
import type { Alert } from "../../src/model/record/alert.ts";
import type { ExecResult } from "../lab/machine.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { etcDifferences } from "./curfew.ts";
import { patient } from "../patience.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CURFEW = "/usr/local/bin/node /opt/curfew/src/curfew.js";
/** Every character that a unit file or a shell could take for its own. */
const DESK = `/root/a desk %h $HOME "q" \\n 'ü'`;

const POLICY = `
name: scheduled
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
`;
const ALERTS = `webhooks:\n  - { name: sink, url: "http://127.0.0.1:8099/hook" }\nmetrics: metrics.prom\n`;
const REFUSING = "all: { hosts: { h: { ansible_host: 127.0.0.1, ansible_port: 1 } } }\n";
/** Keeps every request; a second port takes connections and never says a word. */
const SINK = `
const { createServer } = require("node:http"); const { appendFileSync } = require("node:fs");
createServer((request, response) => {
  let body = ""; request.on("data", (data) => (body += data));
  request.on("end", () => { appendFileSync("/root/sink.jsonl", body + "\\n"); response.end(); });
}).listen(8099, "127.0.0.1");
require("node:net").createServer(() => {}).listen(8022, "127.0.0.1");
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`schedule${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let desk: LabHost;
  let target: LabHost;

  const must = async (script: string, timeoutSeconds = 60): Promise<string> => {
    const { exitCode, stdout, stderr } = await desk.exec(script, { timeoutSeconds });
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${script}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const curfew = (given: string): Promise<ExecResult> => desk.exec(`cd ${quote(DESK)} && ${CURFEW} ${given}`);
  const alerts = async (): Promise<Alert[]> =>
    (await must("cat /root/sink.jsonl 2> /dev/null || :"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const property = async (unit: string, name: string): Promise<string> =>
    (await must(`systemctl show -P ${name} ${unit} 2> /dev/null || systemctl show -p ${name} ${unit}`))
      .trim()
      .replace(/^.*=/u, "");
  const until = async (what: string, done: () => Promise<boolean>, seconds = 40): Promise<void> => {
    const limit = Date.now() + patient(seconds * 1000);
    while (!(await done())) {
      if (Date.now() > limit) throw new Error(`${what} did not happen within ${seconds} s`);
      await new Promise((wake) => setTimeout(wake, 300));
    }
  };

  beforeAll(async () => {
    lab = await openLab();
    [desk, target] = await Promise.all([
      lab.host({
        release: "trixie",
        name: "desk",
        users: [{ name: "ops" }],
        prepare: (root) => installCurfew(root),
      }),
      lab.host({ release: "bookworm", name: "target" }),
    ]);
    await desk.writeFile("/root/.ssh/id_ed25519", await readKey(lab), 0o600);
    await desk.writeFile("/root/.ssh/known_hosts", `${target.hostKeyLines.join("\n")}\n`);
    await desk.writeFile("/etc/hosts", `127.0.0.1 localhost\n${target.address} target\n`);
    await must(`mkdir -p ${quote(DESK)}`);
    await desk.writeFile(`${DESK}/policy.yaml`, POLICY);
    await desk.writeFile(`${DESK}/inventory.yaml`, "all: { hosts: { target: {} } }\n");
    await desk.writeFile(
      `${DESK}/hung.yaml`,
      "all: { hosts: { h: { ansible_host: 127.0.0.1, ansible_port: 8022 } } }\n",
    );
    await desk.writeFile(`${DESK}/alerts.yaml`, ALERTS);
    await desk.writeFile("/root/sink.js", SINK);
    await must("setsid /usr/local/bin/node /root/sink.js > /dev/null 2>&1 < /dev/null &");
  });
  afterAll(() => lab?.close());

  test("a mistake in a file is told before anything is written", async () => {
    const before = await desk.etcDigest();
    await desk.writeFile(`${DESK}/wrong.yaml`, "webhook: []\n");
    const call = await curfew(
      "schedule install --every 6h -p policy.yaml -i inventory.yaml --alerts wrong.yaml",
    );
    expect([call.exitCode, call.stderr]).toEqual([64, expect.stringContaining('did you mean "webhooks"')]);
    const calendar = await curfew('schedule install --calendar "Mno 25:00" -p policy.yaml -i inventory.yaml');
    expect([calendar.exitCode, calendar.stderr]).toEqual([64, expect.stringContaining("Mno 25:00")]);
    expect(etcDifferences(before, await desk.etcDigest())).toEqual([]);
  });

  test("installed, it audits, stores, reports and alerts; removed, nothing is left", async () => {
    const before = await desk.etcDigest();
    const units =
      "systemctl list-units --all --no-legend 'curfew*'; systemctl list-unit-files --no-legend 'curfew*' || :";
    const install = await curfew(
      `schedule install --calendar daily -p policy.yaml -i inventory.yaml --alerts alerts.yaml --format html,metrics -o 're %p ports'`,
    );
    expect([install.exitCode, install.stderr]).toEqual([0, expect.stringContaining("wrote ")]);
    expect(install.stdout).toMatch(/next audit \d{4}-\d\d-\d\dT00:00:\d\dZ/u);
    expect(await must(`systemd-analyze verify /etc/systemd/system/curfew-schedule-audit.* 2>&1`)).toBe("");
    const security = await must(
      "systemd-analyze security --no-pager curfew-schedule-audit.service | tail -n 1",
    );
    const exposure = Number(/([\d.]+) OK/u.exec(security)?.[1]);
    expect(exposure).toBeLessThanOrEqual(2.6);

    expect((await desk.exec("systemctl start curfew-schedule-audit.service")).exitCode).not.toBe(0);
    const journal = await must("journalctl --no-pager -o cat -u curfew-schedule-audit.service");
    // The target was never given the policy.
    expect([await property("curfew-schedule-audit.service", "ExecMainStatus"), journal]).toEqual([
      "2",
      expect.stringContaining("Out of compliance"),
    ]);
    expect(await alerts()).toMatchObject([{ first: true, policy: "scheduled", unfinished: [] }]);
    expect(
      (await must(`ls ${quote(`${DESK}/re %p ports`)} ${quote(`${DESK}/metrics.prom`)}`)).split("\n"),
    ).toContainEqual(expect.stringMatching(/\.html$/u));
    expect((await curfew("history list --json")).stdout).toContain('"state":"finished"');

    const shown = JSON.parse((await curfew("schedule show --json")).stdout);
    expect(shown.schedules).toMatchObject([
      { name: "audit", scheduler: "systemd", active: true, last: { outcome: "finished", exitCode: 2 } },
    ]);

    await must("systemctl stop curfew-schedule-audit.timer");
    await must("touch -d '3 days ago' /var/lib/systemd/timers/stamp-curfew-schedule-audit.timer");
    await must("systemctl start curfew-schedule-audit.timer");
    const runs = async (): Promise<number> =>
      JSON.parse((await curfew("history list --json")).stdout).audits.filter(
        ({ state }: { state: string }) => state === "finished",
      ).length;
    await until("a missed run", async () => (await runs()) === 2);
    // Nothing changed: nobody is told anything.
    expect(await alerts()).toHaveLength(1);

    const removed = await curfew("schedule remove");
    expect([removed.exitCode, removed.stdout]).toEqual([0, "schedule audit: removed; the history stays\n"]);
    expect(etcDifferences(before, await desk.etcDigest())).toEqual([]);
    expect(await must(units)).toBe("");
    expect(
      await must("ls /var/lib/systemd/timers /root/.local/state/curfew/schedules | grep audit || :"),
    ).toBe("");
    expect(await runs()).toBe(2);
  });

  test("a run that hangs is ended and told once; a second one meanwhile is skipped", async () => {
    const hung =
      "-p policy.yaml -i hung.yaml --alerts alerts.yaml --connect-timeout 10m --timeout 6s --name hung";
    expect((await curfew(`schedule install --every 7m ${hung}`)).exitCode).toBe(0);
    const told = (await alerts()).length;
    const begin = Date.now();
    const first = desk.exec("systemctl start curfew-schedule-hung.service");
    await until("the audit", async () => /"running"/u.test((await curfew("schedule show --json")).stdout));
    const second = await curfew(`schedule run --once ${hung}`);
    expect([second.exitCode, second.stderr]).toEqual([75, expect.stringContaining("is still running")]);
    await first;
    expect(Date.now() - begin).toBeLessThan(patient(25_000));
    expect(await property("curfew-schedule-hung.service", "ExecMainStatus")).toBe("3");
    const unfinished = [{ schedule: "hung", reason: "it did not end within 6 s" }];
    expect((await alerts()).slice(told)).toMatchObject([{ unfinished, policy: "scheduled" }]);
    expect((await curfew("history list --json")).stdout).toContain('"broken-off"');
    expect((await curfew("schedule show")).stdout).toContain("did not finish: it did not end within 6 s");

    await desk.exec("systemctl start curfew-schedule-hung.service");
    expect(await alerts()).toHaveLength(told + 1);
    expect((await curfew("schedule remove --name hung")).exitCode).toBe(0);
  });

  test("a supervisor that is killed takes its audit along; the next run tells", async () => {
    const hung = "-p policy.yaml -i hung.yaml --alerts alerts.yaml --connect-timeout 10m --name killed";
    const told = (await alerts()).length;
    await must(
      `cd ${quote(DESK)}; setsid ${CURFEW} schedule run --once ${hung} > /dev/null 2>&1 < /dev/null & echo $! > /root/pid`,
    );
    await until("the audit", async () => (await must("pgrep -cf 'curfew.js audit' || :")).trim() === "1");
    await must("pkill -KILL -f 'schedule run --once.*killed'");
    await until(
      "the end of the audit",
      async () => (await must("pgrep -cf 'curfew.js audit' || :")).trim() === "0",
    );
    const next = await curfew(`schedule run --once ${hung.replace("hung.yaml", "inventory.yaml")}`);
    expect(next.exitCode).toBe(2);
    const unfinished = [{ schedule: "killed", reason: "it was killed, or the machine went down" }];
    expect((await alerts()).slice(told)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ unfinished: [expect.objectContaining(unfinished[0]!)] }),
      ]),
    );
  });

  test("systemd gives a program the arguments that were meant", async () => {
    const any = oneof(anyString({ unit: "binary" }), anyString({ unit: "grapheme-ascii" }));
    const words = array(
      any.filter((text) => !/[\p{C}\u2028\u2029]/u.test(text)),
      { minLength: 1 },
    );
    const hostile = [
      "",
      " ",
      "%",
      "%%h",
      "$",
      "$$HOME",
      "${HOME}",
      '"',
      "'",
      "\\",
      "\\n",
      ";",
      "a;b",
      "-x",
      "@x",
      "#",
      "ü",
      "a b",
    ];
    const all = [hostile, ...sample(words, 200)];
    const print = `printf '%s\\0' "$@" >> /root/arguments; printf '\\n\\0' >> /root/arguments`;
    const lines = all.map((given) => `ExecStart=${unitCommand(["/bin/sh", "-c", print, "", ...given])}`);
    await desk.writeFile(
      "/run/systemd/system/echo.service",
      `[Service]\nType=oneshot\n${lines.join("\n")}\n`,
    );
    await must("systemctl daemon-reload; systemctl start echo.service; rm /run/systemd/system/echo.service");
    const read = (await must("cat /root/arguments")).split("\n\0").slice(0, -1);
    expect(read.map((text) => text.split("\0").slice(0, -1))).toEqual(all);
  });

  test.each(["bullseye", "bookworm", "sid"] as const)("the units are good on %s as well", async (release) => {
    const host = await lab.host({
      release,
      name: `other-${release}`,
      prepare: (root) => installCurfew(root),
    });
    await host.writeFile("/root/policy.yaml", POLICY);
    await host.writeFile("/root/inventory.yaml", REFUSING);
    const before = await host.etcDigest();
    const run = (script: string): Promise<ExecResult> => host.exec(`cd /root; ${script}`);
    const install = await run(`${CURFEW} schedule install --every 6h -p policy.yaml -i inventory.yaml`);
    expect([install.exitCode, install.stdout]).toEqual([0, expect.stringContaining("next audit 2")]);
    // systemd-analyze verify needs more of a machine than bullseye's in the lab is.
    const doubts =
      "journalctl -b --no-pager _PID=1 | grep 'curfew-schedule.*\\(nknown\\|ignor\\|nvalid\\)' || :";
    expect((await run(doubts)).stdout).toBe("");
    await run("systemctl start curfew-schedule-audit.service");
    expect((await run(`${CURFEW} schedule show`)).stdout).toContain("something could not be judged");
    expect((await run(`${CURFEW} history`)).stdout).toContain("?1");
    expect((await run(`${CURFEW} schedule remove`)).exitCode).toBe(0);
    expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
    await host.stop();
  });

  test("where there is no systemd, a real cron", { timeout: patient(150_000) }, async () => {
    const host = await lab.host({
      release: "bookworm",
      name: "cronhost",
      init: "none",
      users: [{ name: "ops" }],
      prepare: (root) => installCurfew(root),
    });
    const files = "-p policy.yaml -i inventory.yaml";
    const run = (script: string): Promise<ExecResult> => host.exec(`cd "/root/a %d 'b"; ${script}`);
    await host.exec(`mkdir "/root/a %d 'b"; setsid cron -f > /dev/null 2>&1 < /dev/null &`);
    for (const directory of ["/root/a %d 'b", "/home/ops"]) {
      await host.writeFile(`${directory}/policy.yaml`, POLICY);
      await host.writeFile(`${directory}/inventory.yaml`, REFUSING);
    }
    const before = await host.etcDigest();
    expect((await run(`${CURFEW} schedule install --every 7m ${files}`)).stderr).toContain("cron cannot");
    const install = await run(`${CURFEW} schedule install --every 1m ${files}`);
    expect([install.exitCode, install.stderr]).toEqual([0, expect.stringContaining("/etc/cron.d/")]);
    const shown = async (): Promise<string> => (await run(`${CURFEW} schedule show`)).stdout;
    await until("cron's turn", async () => (await shown()).includes("could not be judged"), 90);
    const again = await run("/bin/sh /etc/curfew/schedule-audit.sh --if-older 6h -v");
    expect([again.exitCode, again.stderr]).toEqual([0, expect.stringContaining("nothing to catch up")]);
    expect((await run(`${CURFEW} schedule remove`)).exitCode).toBe(0);
    expect(etcDifferences(before, await host.etcDigest())).toEqual([]);

    const asOps = (script: string): Promise<ExecResult> =>
      host.exec(`runuser -u ops -- sh -c ${quote(`cd; ${script}`)}`);
    const lines = await asOps(
      `export HOME=/home/ops; ${CURFEW} schedule install --every 1m ${files} | crontab -; crontab -l`,
    );
    expect(lines.stdout.split("\n")).toEqual([
      "*/1 * * * * /bin/sh '/home/ops/.config/curfew/schedule-audit.sh'",
      "@reboot sleep 60; /bin/sh '/home/ops/.config/curfew/schedule-audit.sh' --if-older 1m",
      "",
    ]);
    const removed = await asOps(`export HOME=/home/ops; ${CURFEW} schedule remove; ls -A .config/curfew`);
    expect(removed.stderr).toMatch(/take its lines out of your crontab[^]*No such file/u);
    await host.stop();
  });

  test("what curfew did not write stays", async () => {
    await desk.writeFile("/etc/systemd/system/curfew-schedule-mine.timer", "[Timer]\nOnCalendar=daily\n");
    const install = await curfew("schedule install --name mine --every 6h -p policy.yaml -i inventory.yaml");
    expect([install.exitCode, install.stderr]).toEqual([
      64,
      expect.stringContaining("curfew did not write it"),
    ]);
    expect((await curfew("schedule remove --name mine")).exitCode).toBe(64);
    expect(await must("ls /etc/systemd/system | grep mine")).toBe("curfew-schedule-mine.timer\n");
  });

  test("a user's own timer, and root's that runs as somebody else", async () => {
    const id = (await must("id -u ops")).trim();
    await must(
      "mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/ops; systemctl start user@$(id -u ops); cp -r /root/.ssh/id_ed25519 /root/.ssh/known_hosts /home/ops/.ssh/; chown ops: /home/ops/.ssh/*",
    );
    await desk.writeFile("/home/ops/policy.yaml", POLICY);
    await desk.writeFile("/home/ops/inventory.yaml", "all: { hosts: { target: { ansible_user: root } } }\n");
    await until(
      "the user's systemd",
      async () => (await must(`ls /run/user/${id}/systemd 2> /dev/null || :`)) !== "",
    );
    const asOps = (given: string): Promise<ExecResult> =>
      desk.exec(
        `runuser -u ops -- env HOME=/home/ops XDG_RUNTIME_DIR=/run/user/${id} sh -c ${quote(`cd && ${given}`)}`,
      );
    const install = await asOps(`${CURFEW} schedule install --every 6h -p policy.yaml -i inventory.yaml`);
    expect([install.exitCode, install.stderr]).toEqual([0, expect.not.stringContaining("lingering is off")]);
    await asOps("systemctl --user start curfew-schedule-audit.service");
    const shown = await asOps(`${CURFEW} schedule show`);
    expect(shown.stdout).toMatch(/systemd-user, as ops.*\n.*next {2}\d.*\n.*failed/u);
    expect((await asOps(`${CURFEW} schedule remove`)).exitCode).toBe(0);
    expect(await must("find /home/ops -name '*schedule-audit*'")).toBe("");

    const system = await desk.exec(
      `cd /home/ops && ${CURFEW} schedule install --run-as ops --every 6h -p policy.yaml -i inventory.yaml`,
    );
    expect([system.exitCode, system.stderr]).toEqual([0, expect.stringContaining("/etc/systemd/system/")]);
    await desk.exec("systemctl start curfew-schedule-audit.service");
    expect(await property("curfew-schedule-audit.service", "ExecMainStatus")).toBe("2");
    expect(await must("stat -c %U /home/ops/.local/state/curfew/history.sqlite")).toBe("ops\n");
    expect((await desk.exec(`cd / && ${CURFEW} schedule remove`)).exitCode).toBe(0);
  });
});

/** What `npm install` would put there: the package, its dependencies, and a Node. */
async function installCurfew(root: string): Promise<void> {
  await mkdir(join(root, "usr/local/bin"), { recursive: true });
  await cp(process.execPath, join(root, "usr/local/bin/node"));
  const { stdout } = await execa("npm", ["ls", "--all", "--omit=dev", "--parseable"], { cwd: ROOT });
  const packages = stdout.split("\n").filter((path) => path.startsWith(join(ROOT, "node_modules/")));
  for (const path of ["src", "templates", "package.json", ...packages.map((each) => relative(ROOT, each))]) {
    await cp(join(ROOT, path), join(root, "opt/curfew", path), { recursive: true });
  }
}

async function readKey(lab: Lab): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(lab.key.privatePath, "utf8");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
