import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { array, assert, property, string as anyString } from "fast-check";
import { describe, expect, test } from "vitest";
import { crontabLines, definitionIn, scheduleFiles } from "../../../src/core/schedule/files.ts";
import { crontabPath, unitCommand, unitValue, unitWord } from "../../../src/core/schedule/quote.ts";
import type { Schedule, Scheduler } from "../../../src/model/record/schedule.ts";

const PLACES = { units: "/etc/systemd/system", crontabs: "/etc/cron.d", scripts: "/etc/curfew" };
const SCHEDULE: Schedule = {
  schema: "curfew/schedule-definition/1",
  name: "audit",
  time: { kind: "every", seconds: 21_600 },
  audit: ["--policy", `/etc/a b/po%h $HOME "q" \\.yaml`, "--inventory", "web1,web2"],
  timeout: 7200,
  state: "/root/.local/state/curfew",
  user: "root",
  program: ["/usr/bin/node", "/opt/curfew/src/curfew.js"],
  directory: "/root",
  writes: ["/srv/re ports"],
  mails: false,
  foreign: false,
};
const textsOf = (scheduler: Scheduler, more: Partial<Schedule> = {}): string[] =>
  scheduleFiles({ ...SCHEDULE, ...more }, scheduler, PLACES).map(({ text }) => text);

describe("unit files", () => {
  test("the service's command, environment and directories", () => {
    const [service = ""] = textsOf("systemd");
    expect(service.split("\n")).toEqual(
      expect.arrayContaining([
        String.raw`ExecStart=/usr/bin/node /opt/curfew/src/curfew.js schedule run --once --name audit --timeout 2h --policy "/etc/a b/po%%h $$HOME \"q\" \\.yaml" --inventory web1,web2`,
        'ReadWritePaths=-/root/.local/state/curfew "-/srv/re ports"',
        "Environment=XDG_STATE_HOME=/root/.local/state",
        "TimeoutStartSec=7260",
        "PrivateTmp=yes",
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
      ]),
    );
  });

  const lacks = spawnSync("systemd-analyze", ["--version"]).status !== 0;
  test.skipIf(lacks).each<[string, Partial<Schedule>, number]>([
    ["root's", {}, 2.6],
    ["root's, writing what is somebody else's", { foreign: true }, 2.8],
    ["somebody else's", { user: "games" }, 2.4],
    // sendmail needs most of it: what is left is told, not hidden.
    ["with mail", { mails: true }, 9],
  ])("%s: clean by systemd-analyze verify, exposure below the threshold", (_, more, most) => {
    const directory = mkdtempSync(join(tmpdir(), "curfew-units-"));
    try {
      // A program that is there, so that verify has nothing to say.
      const given: Schedule = { ...SCHEDULE, ...more, program: ["/bin/sh", "/opt/curfew.js"] };
      const paths = scheduleFiles(given, "systemd", PLACES).map(({ path, text }) => {
        const file = join(directory, basename(path));
        writeFileSync(file, text);
        return file;
      });
      const verified = spawnSync("systemd-analyze", ["verify", ...paths], { encoding: "utf8" });
      expect([verified.status, verified.stderr]).toEqual([0, ""]);
      const judged = execFileSync("systemd-analyze", ["security", "--offline=true", paths[0] ?? ""], {
        encoding: "utf8",
      });
      const exposure = Number(/Overall exposure level.*: ([\d.]+)/u.exec(judged)?.[1]);
      expect(exposure).toBeLessThanOrEqual(most);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("nothing that a run needs lies where PrivateTmp= hides it", () => {
    for (const more of [
      { audit: ["--policy", "/tmp/p.yaml"] },
      { directory: "/var/tmp" },
      { state: "/tmp/x/curfew" },
      { writes: ["/tmp"] },
    ]) {
      expect(textsOf("systemd", more)[0]).not.toContain("PrivateTmp");
    }
    expect(textsOf("systemd", { writes: ["/srv/tmp"] })[0]).toContain("PrivateTmp");
  });

  test("a user's own: nothing that only root's systemd can do", () => {
    const [service = ""] = textsOf("systemd-user", { user: "alice" });
    expect(service).toContain("SystemCallFilter=@system-service");
    expect(service).not.toMatch(/^(?:User|Protect\w+|Private\w+|ReadWritePaths|CapabilityBoundingSet)=/mu);
  });

  test("what a unit file cannot hold is refused", () => {
    expect(() => unitCommand(["/bin/x", "a\nExecStartPre=/bin/y"])).toThrow("control character");
    expect(() => unitWord("a\0b")).toThrow("control character");
    expect(() => unitValue("/a\\")).toThrow("ends like this");
    expect(() => unitValue("/a ")).toThrow("ends like this");
  });
});

describe("cron", () => {
  test("the crontab file and its script", () => {
    const [script = "", crontab = ""] = textsOf("cron");
    expect(crontab.split("\n").slice(1)).toEqual([
      "SHELL=/bin/sh",
      expect.stringMatching(/^PATH=/u),
      "0 */6 * * * root /bin/sh '/etc/curfew/schedule-audit.sh'",
      expect.stringMatching(/^#/u),
      "@reboot root sleep 60; /bin/sh '/etc/curfew/schedule-audit.sh' --if-older 6h",
      "",
    ]);
    expect(script).toMatch(/"\$@"\n$/u);
    // cron mails what is printed, unless people are told anyway.
    expect(textsOf("cron", { audit: ["--alerts", "/a"] })[0]).toMatch(/"\$@" > \/dev\/null\n$/u);
    expect(crontabLines(SCHEDULE, { ...PLACES, scripts: "/home/100%/x" })).toContain(
      "0 */6 * * * /bin/sh '/home/100\\%/x/schedule-audit.sh'\n",
    );
  });

  test("the script gives a program exactly these arguments", () => {
    const words = array(
      anyString({ unit: "binary" }).filter((text) => !/\p{C}|[\u2028\u2029]/u.test(text)),
      { maxLength: 5 },
    );
    assert(
      property(words, (audit) => {
        const print = `process.stdout.write(JSON.stringify(process.argv.slice(1)))`;
        const [script = ""] = textsOf("cron", { audit, program: [process.execPath, "-e"] });
        // node -e CODE --: the arguments begin after what the schedule itself adds.
        const given = script.replace("'-e' 'schedule'", `'-e' '${print}' -- 'schedule'`);
        const read = JSON.parse(
          execFileSync("/bin/sh", ["-c", given, "sh", "--if-older", "1h"], { encoding: "utf8" }),
        ) as string[];
        expect(read.slice(read.indexOf("2h") + 1)).toEqual([...audit, "--if-older", "1h"]);
      }),
      { numRuns: 25 },
    );
  });

  test("a path in a crontab is read back by cron's rule and a real shell", () => {
    const path = anyString({ unit: "grapheme" }).filter((text) => !/[\\\p{C}\u2028\u2029]/u.test(text));
    assert(
      property(path, (text) => {
        const word = crontabPath(`/${text}`);
        // crontab(5): an unescaped percent sign would be a line feed.
        expect(word.replaceAll("\\%", "")).not.toContain("%");
        const read = execFileSync("/bin/sh", ["-c", `printf %s ${word.replaceAll("\\%", "%")}`], {
          encoding: "utf8",
        });
        expect(read).toBe(`/${text}`);
      }),
      { numRuns: 50 },
    );
    expect(() => crontabPath("/a\\b")).toThrow("backslash");
  });
});

test("a definition is read back from the file that holds it, and from no other", () => {
  for (const scheduler of ["systemd", "systemd-user", "cron", "crontab"] as const) {
    expect(definitionIn(textsOf(scheduler)[0] ?? "")).toEqual(
      Object.fromEntries(
        ["schema", "name", "time", "audit", "timeout", "state", "user"].map((key) => [
          key,
          SCHEDULE[key as keyof Schedule],
        ]),
      ),
    );
  }
  const [service = ""] = textsOf("systemd");
  expect(definitionIn(service.replace("# Written by", "# written by"))).toBeUndefined();
  expect(definitionIn(service.replace('"name":"audit"', '"name":"../x"'))).toBeUndefined();
  expect(definitionIn("")).toBeUndefined();
});
