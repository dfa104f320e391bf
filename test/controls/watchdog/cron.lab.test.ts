/** The watchdog where there is no systemd: a real cron starts it, and idle sessions end all the same. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentOf, openDesk, outcomes, type Desk } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { openSession } from "../ssh-session.ts";
import { patient } from "../../patience.ts";

const READY = "echo rea''dy";
const LIMIT = 30;
/** cron(8) looks once a minute. */
const CRON_SECONDS = 60;
const POLICY = `
name: cron test
controls: [watchdog]
defaults: {client_idle_timeout: ${LIMIT}s}
exemptions:
  - {name: backup, users: [free], justification: test, owner: test, expires: 2099-01-01}
`;
const lacks = labUnavailable();

describe.skipIf(lacks !== null)(`the watchdog under cron${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({ release: "bookworm", init: "none", users: [{ name: "dora" }, { name: "free" }] });
    expect((await host.exec("cron && sleep 0.2 && pgrep -x cron")).exitCode).toBe(0);
    desk = await openDesk(lab, [host], POLICY);
  });
  afterAll(() => lab.close());

  test("is chosen and written because that is what the host has", { timeout: patient(120_000) }, async () => {
    const [planned] = documentOf(await desk.run(["plan", "--json"])).hosts;
    expect(planned.coverage).toContainEqual(
      expect.objectContaining({ control: "watchdog", kind: "idle-shell", within: LIMIT + 7 + CRON_SECONDS }),
    );
    const call = await desk.run(["apply", "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
    const { stdout } = await host.exec(
      "ls /etc/cron.d /etc/curfew /etc/systemd/system | grep -i -e curfew -e watchdog",
    );
    expect(stdout).toBe("curfew-watchdog\n/etc/curfew:\nwatchdog.sh\n");
  });

  test(
    "ends the idle session within its limit and cron's minute, and no other",
    { timeout: patient(180_000) },
    async () => {
      const open = (user: string, command: string) =>
        openSession({ config: lab.sshConfigPath, host: host.name, user, command });
      const typing = await open("dora", READY);
      const keys = setInterval(() => typing.write("echo typed\n"), 9000);
      const free = await open("free", READY);
      const idle = await open("dora", `${READY}; exec env -u TMOUT bash --norc --noprofile`);
      const end = await idle.ended;
      clearInterval(keys);
      expect(end.seconds, end.output).toBeGreaterThan(LIMIT - 1);
      expect(end.seconds).toBeLessThanOrEqual(LIMIT + 7 + CRON_SECONDS + patient(3));
      expect(end.output).toContain(`no input for ${LIMIT}s: this session ends now`);
      for (const kept of [typing, free]) {
        expect(kept.isOpen()).toBe(true);
        expect(kept.output()).not.toContain("curfew:");
        await kept.close();
      }
    },
  );

  test("revert takes the line of cron away", { timeout: patient(120_000) }, async () => {
    const call = await desk.run(["revert", "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
    expect((await host.exec("ls /etc/cron.d /etc/curfew 2>/dev/null | grep curfew")).stdout).toBe("");
  });
});
