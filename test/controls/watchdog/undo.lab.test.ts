/** The watchdog under the guard: a change that nobody confirms leaves no timer running, and none stopped. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Desk, etcDifferences, openDesk, outcomes, reached } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { patient } from "../../patience.ts";

const POLICY = "name: undo\ncontrols: [watchdog]\ndefaults: {client_idle_timeout: 15m}\n";
const WITHIN = 10;
const APPLY = ["apply", "--yes", "--json", "--events", "--confirm-within", `${WITHIN}s`];

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`the watchdog, unconfirmed${lacks === null ? "" : ` (${lacks})`}`, () => {
  // The oldest systemd and one of today.
  describe.each(["bullseye", "trixie"] as const)("on %s", (release) => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;
    let before: Record<string, string>;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release });
      desk = await openDesk(lab, [host], POLICY);
      before = await host.etcDigest();
    });
    afterAll(() => lab?.close());

    const units = async (pattern = "curfew*"): Promise<string> =>
      (await host.exec(`systemctl list-units --all --no-legend '${pattern}'; ls /etc/curfew 2>&1`)).stdout;
    const timer = async (): Promise<string> =>
      (await host.exec("systemctl is-active curfew-watchdog.timer")).stdout.split("\n")[0] ?? "";

    test("the host takes it back, timer and all", async () => {
      const run = desk.start(APPLY);
      await reached(run, "armed");
      await host.blockPort(22, { newOnly: true });
      expect(outcomes(await run.done)).toEqual({ [host.name]: "rolled-back" });
      await host.unblockPort(22);
      await expect
        .poll(() => units(), { timeout: patient(20_000), interval: 500 })
        .toMatch(/^ls: .*No such file[^\n]*\n$/u);
      expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
    });

    test("power lost while it waits: nothing of it after the next boot", async () => {
      const run = desk.start([...APPLY.slice(0, -1), "60s"]);
      await reached(run, "armed");
      await host.blockPort(22, { newOnly: true });
      await reached(run, "reloaded");
      await host.exec("sync");
      await host.powerOff();
      run.kill("SIGKILL");
      await run.done;
      await host.unblockPort(22);
      await host.boot();
      // The guard itself was loaded when this boot began.
      await expect
        .poll(() => units("curfew-w*"), { timeout: patient(20_000), interval: 500 })
        .toMatch(/^ls: .*No such file[^\n]*\n$/u);
      expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
    });

    test("a revert that is taken back leaves it running", async () => {
      expect(outcomes(await desk.run(APPLY.filter((word) => word !== "--events")))).toEqual({
        [host.name]: "confirmed",
      });
      const after = await host.etcDigest();
      const run = desk.start(["revert", ...APPLY.slice(1)]);
      await reached(run, "armed");
      await host.blockPort(22, { newOnly: true });
      expect(outcomes(await run.done)).toEqual({ [host.name]: "rolled-back" });
      await host.unblockPort(22);
      await expect.poll(timer, { timeout: patient(20_000), interval: 500 }).toBe("active");
      expect(etcDifferences(after, await host.etcDigest())).toEqual([]);
    });

    test("a policy without it takes it away", async () => {
      await desk.setPolicy(POLICY.replace("[watchdog]", "[shell-timeout]"));
      const call = await desk.run(APPLY.filter((word) => word !== "--events"));
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect((await host.exec("ls /etc/systemd/system /etc/curfew /run | grep -i curfew")).stdout).toBe(
        "/etc/curfew:\n",
      );
      expect(await timer()).not.toBe("active");
    });

    test("revert leaves nothing of it, its directory neither, where somebody removed the host's record", async () => {
      await desk.setPolicy(POLICY);
      await desk.run(["apply", "--yes"]);
      expect((await host.exec("rm -r /var/lib/curfew; ls /etc/curfew")).stdout).toContain("watchdog.sh");
      const call = await desk.run(["revert", "--yes", "--json"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
      expect(await units()).toMatch(/^ls: .*No such file[^\n]*\n$/u);
    });
  });
});
