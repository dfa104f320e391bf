/**
 * Nobody is ever locked out: whatever goes wrong at whatever step, the old login works afterwards
 * without human help, /etc is as before, and the report says what happened.
 */
import { describe, expect, test } from "vitest";
import { labUnavailable } from "../lab/lab.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";
import { patient } from "../patience.ts";
import { canLogIn, documentOf, hasReached, outcomes } from "./curfew.ts";
import { blockAt, useSite } from "./lock-out-site.ts";
import { APPLY, WITHIN } from "./round-trip.ts";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`lock-out${lacks === null ? "" : ` (${lacks})`}`, () => {
  const site = useSite();

  describe("the controller is killed after", () => {
    test.each([
      "connecting",
      "reading-facts",
      "locked",
      "staged",
      "validated",
      "armed",
      "applied",
      "reloaded",
      "confirming",
    ])("%s", async (step) => {
      const run = site.desk.start([...APPLY, "--events"]);
      run.onProgress((seen) => {
        if (hasReached(seen, step)) run.kill("SIGKILL");
      });
      const { signal, stderr } = await run.done;
      expect(signal, stderr).toBe("SIGKILL");
      await site.expectHealed();
      await site.expectUsable();
    });
  });

  test("after the reload no new connection gets through", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    const blocked = blockAt(run, "armed", () => site.host.blockPort(22, { newOnly: true }));
    const call = await run.done;
    await blocked;
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "rolled-back" });
    expect(call.exitCode).toBe(3);
    await site.host.unblockPort(22);
    await site.expectHealed();
    await site.expectUsable();
  });

  test("the host cannot be reached at all after arming, and undoes itself", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    const cut = blockAt(run, "armed", () => site.host.linkDown());
    await cut;
    await expect
      .poll(site.differences, {
        timeout: patient((WITHIN + 20) * 1000),
        interval: 500,
      })
      .toEqual([]);
    await site.host.linkUp();
    const call = await run.done;
    expect(["rolled-back", "unknown"]).toContain(outcomes(call)[site.host.name]);
    expect(call.exitCode).toBe(3);
    await site.expectHealed();
    await site.expectUsable();
  });

  test("the new sshd refuses the login", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    // The key stops being accepted while the change is in flight: every new login is refused.
    const refused = blockAt(run, "armed", () =>
      site.host.exec("mv /root/.ssh/authorized_keys /root/.ssh/aside").then(() => undefined),
    );
    const call = await run.done;
    await refused;
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "rolled-back" });
    expect(documentOf(call).hosts[0].error.code).toBe("auth");
    expect(call.exitCode).toBe(3);
    await site.host.exec("mv /root/.ssh/aside /root/.ssh/authorized_keys");
    await site.expectHealed();
    await site.expectUsable();
  });

  test("the host loses power while armed and boots again", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    const off = blockAt(run, "armed", () => site.host.powerOff());
    await off;
    await site.host.boot();
    const call = await run.done;
    expect(["rolled-back", "unknown"]).toContain(outcomes(call)[site.host.name]);
    await site.expectHealed();
    await site.expectUsable();
  });

  test("the disk is full", async () => {
    await site.host.exec(
      "mkdir -p /var/lib/curfew && mount -t tmpfs -o size=4k tmpfs /var/lib/curfew && head -c 4096 /dev/zero >/var/lib/curfew/filler; true",
    );
    const call = await site.desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "failed" });
    expect(documentOf(call).hosts[0].message).toMatch(/nothing was changed/);
    await site.host.exec("umount /var/lib/curfew; rmdir /var/lib/curfew");
    await site.expectHealed();
    await site.expectUsable();
  });

  test("the disk becomes full once armed: undoing needs no space", async () => {
    await site.host.exec(
      "cp -a /etc/ssh /root/ssh && mount -t tmpfs -o size=4m,mode=755 tmpfs /etc/ssh && cp -a /root/ssh/. /etc/ssh/",
    );
    const run = site.desk.start([...APPLY, "--events"]);
    const filled = blockAt(run, "armed", () =>
      site.host
        .exec("head -c 9000000 /dev/zero >/etc/ssh/filler; mv /root/.ssh/authorized_keys /root/.ssh/aside")
        .then(() => undefined),
    );
    const call = await run.done;
    await filled;
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "rolled-back" });
    await site.host.exec("rm /etc/ssh/filler; mv /root/.ssh/aside /root/.ssh/authorized_keys");
    await site.expectHealed();
    await site.host.exec(`umount /etc/ssh; rm -r /root/ssh; ${RELOAD_SSHD}`);
  });

  test("a file that nothing can be renamed over is refused before anything is armed", async () => {
    await site.host.exec("mount --bind /etc/bash.bashrc /etc/bash.bashrc");
    const call = await site.desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "failed" });
    expect(documentOf(call).hosts[0].message).toMatch(/bash\.bashrc is a mount/);
    await site.host.exec("umount /etc/bash.bashrc");
    await site.expectHealed();
    await site.expectUsable();
  });

  test("a file that becomes such once armed does not keep the others from being taken back", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    await blockAt(run, "applied", async () => {
      run.kill("SIGKILL");
      await site.host.exec("mount --bind /etc/bash.bashrc /etc/bash.bashrc");
    });
    await run.done;
    const sshd =
      "sshd -T | grep -ix 'clientaliveinterval 0' && ! ls /etc/ssh/sshd_config.d/00-00-curfew.conf";
    await expect
      .poll(async () => (await site.host.exec(sshd)).exitCode, {
        timeout: patient((WITHIN + 10) * 1000),
        interval: 1000,
      })
      .toBe(0);
    expect(await canLogIn(site.lab, site.host)).toBe(true);
    await site.host.exec("umount /etc/bash.bashrc");
    await site.expectHealed();
    await site.expectUsable();
  });

  test("what cannot write down that it undoes a change undoes it all the same", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    await blockAt(run, "applied", async () => {
      run.kill("SIGKILL");
      await site.host.exec("cd /var/lib && mount --bind curfew curfew && mount -o remount,ro,bind curfew");
    });
    await run.done;
    const gone = "! ls /etc/ssh/sshd_config.d/00-00-curfew.conf && ! grep -l curfew /etc/bash.bashrc";
    await expect
      .poll(async () => (await site.host.exec(gone)).exitCode, {
        timeout: patient((WITHIN + 10) * 1000),
        interval: 1000,
      })
      .toBe(0);
    expect((await site.host.exec("ls /var/lib/curfew/guard/*/armed")).exitCode).toBe(0);
    expect(await canLogIn(site.lab, site.host)).toBe(true);
    // The undo's own script is open on it.
    await site.host.exec("mount -o remount,rw,bind /var/lib/curfew");
    await site.expectHealed();
    await site.host.exec("umount -l /var/lib/curfew");
    await site.expectUsable();
  });
});
