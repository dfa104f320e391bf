/**
 * Nobody is ever locked out: whatever goes wrong at whatever step, the old login works afterwards
 * without human help, /etc is as before, and the report says what happened.
 */
import { afterAll, beforeAll, afterEach, describe, expect, test } from "vitest";
import { settleScript } from "../../src/core/plan/guard.ts";
import { remoteScript } from "../../src/template/remote-script.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import {
  canLogIn,
  type Desk,
  type Running,
  documentOf,
  etcDifferences,
  eventsIn,
  openDesk,
  outcomes,
} from "./curfew.ts";
import { patient } from "../patience.ts";

const POLICY = `
name: lock-out
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
  ghosts: { groups: [no-such-group], client_idle_timeout: 5m }
`;
/** Seconds that the guard waits for its confirmation in these tests. */
const WITHIN = Math.min(patient(8), 40);
const APPLY = ["apply", "--yes", "--json", "--confirm-within", `${WITHIN}s`];

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`lock-out${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  let before: Record<string, string>;

  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({ release: "bookworm" });
    desk = await openDesk(lab, [host], POLICY);
    before = await host.etcDigest();
  });
  afterAll(() => lab?.close());
  // A test that failed must not make the next one fail.
  afterEach(async () => {
    await host.unblockPort(22);
    await host.exec(
      "umount -l /etc/bash.bashrc /etc/ssh /var/lib/curfew /usr/bin/systemd-run 2>/dev/null; true",
    );
    if (etcDifferences(before, await host.etcDigest()).length > 0) await desk.run(["revert", "--yes"]);
  });

  /** As before, by itself, within the guard's time: files, login, no armed guard, no lock. */
  async function expectHealed(): Promise<void> {
    await expect
      .poll(async () => etcDifferences(before, await host.etcDigest()), {
        timeout: patient((WITHIN + 20) * 1000),
        interval: 500,
      })
      .toEqual([]);
    await expect
      .poll(async () => canLogIn(lab, host), { timeout: patient(20_000), interval: 1000 })
      .toBe(true);
    const { stdout } = await host.exec(
      "ls /var/lib/curfew/lock /var/lib/curfew/guard/*/armed 2>/dev/null; find / -xdev -name '.curfew-*'",
    );
    expect(stdout.trim()).toBe("");
    expect((await host.exec("sshd -T")).stdout.toLowerCase()).toContain("clientaliveinterval 0");
  }

  /** A run that was never confirmed must not keep the next one from working. */
  async function expectUsable(): Promise<void> {
    const applied = await desk.run(APPLY);
    expect(outcomes(applied), applied.stdout + applied.stderr).toEqual({ [host.name]: "confirmed" });
    const reverted = await desk.run(["revert", "--yes", "--json"]);
    expect(outcomes(reverted), reverted.stdout + reverted.stderr).toEqual({ [host.name]: "confirmed" });
  }

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
      const run = desk.start([...APPLY, "--events"]);
      run.onProgress((seen) => {
        if (eventsIn(seen).some((event) => event.type === "host-step" && event.step === step))
          run.kill("SIGKILL");
      });
      const { signal, stderr } = await run.done;
      expect(signal, stderr).toBe("SIGKILL");
      await expectHealed();
      await expectUsable();
    });
  });

  test("after the reload no new connection gets through", async () => {
    const run = desk.start([...APPLY, "--events"]);
    const blocked = blockAt(run, "armed", () => host.blockPort(22, { newOnly: true }));
    const call = await run.done;
    await blocked;
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "rolled-back" });
    expect(call.exitCode).toBe(3);
    await host.unblockPort(22);
    await expectHealed();
    await expectUsable();
  });

  test("the host cannot be reached at all after arming, and undoes itself", async () => {
    const run = desk.start([...APPLY, "--events"]);
    const cut = blockAt(run, "armed", () => host.linkDown());
    await cut;
    await expect
      .poll(async () => etcDifferences(before, await host.etcDigest()), {
        timeout: patient((WITHIN + 20) * 1000),
        interval: 500,
      })
      .toEqual([]);
    await host.linkUp();
    const call = await run.done;
    expect(["rolled-back", "unknown"]).toContain(outcomes(call)[host.name]);
    expect(call.exitCode).toBe(3);
    await expectHealed();
    await expectUsable();
  });

  test("the new sshd refuses the login", async () => {
    const run = desk.start([...APPLY, "--events"]);
    // The key stops being accepted while the change is in flight: every new login is refused.
    const refused = blockAt(run, "armed", () =>
      host.exec("mv /root/.ssh/authorized_keys /root/.ssh/aside").then(() => undefined),
    );
    const call = await run.done;
    await refused;
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "rolled-back" });
    expect(documentOf(call).hosts[0].error.code).toBe("auth");
    expect(call.exitCode).toBe(3);
    await host.exec("mv /root/.ssh/aside /root/.ssh/authorized_keys");
    await expectHealed();
    await expectUsable();
  });

  test("the host loses power while armed and boots again", async () => {
    const run = desk.start([...APPLY, "--events"]);
    const off = blockAt(run, "armed", () => host.powerOff());
    await off;
    await host.boot();
    const call = await run.done;
    expect(["rolled-back", "unknown"]).toContain(outcomes(call)[host.name]);
    await expectHealed();
    await expectUsable();
  });

  test("the disk is full", async () => {
    await host.exec(
      "mkdir -p /var/lib/curfew && mount -t tmpfs -o size=4k tmpfs /var/lib/curfew && head -c 4096 /dev/zero >/var/lib/curfew/filler; true",
    );
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "failed" });
    expect(documentOf(call).hosts[0].message).toMatch(/nothing was changed/);
    await host.exec("umount /var/lib/curfew; rmdir /var/lib/curfew");
    await expectHealed();
    await expectUsable();
  });

  test("the disk becomes full once armed: undoing needs no space", async () => {
    await host.exec(
      "cp -a /etc/ssh /root/ssh && mount -t tmpfs -o size=4m,mode=755 tmpfs /etc/ssh && cp -a /root/ssh/. /etc/ssh/",
    );
    const run = desk.start([...APPLY, "--events"]);
    const filled = blockAt(run, "armed", () =>
      host
        .exec("head -c 9000000 /dev/zero >/etc/ssh/filler; mv /root/.ssh/authorized_keys /root/.ssh/aside")
        .then(() => undefined),
    );
    const call = await run.done;
    await filled;
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "rolled-back" });
    await host.exec("rm /etc/ssh/filler; mv /root/.ssh/aside /root/.ssh/authorized_keys");
    await expectHealed();
    await host.exec("umount /etc/ssh; rm -r /root/ssh; systemctl reload ssh");
  });

  test("a file that nothing can be renamed over is refused before anything is armed", async () => {
    await host.exec("mount --bind /etc/bash.bashrc /etc/bash.bashrc");
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "failed" });
    expect(documentOf(call).hosts[0].message).toMatch(/bash\.bashrc is a mount/);
    await host.exec("umount /etc/bash.bashrc");
    await expectHealed();
    await expectUsable();
  });

  test("a file that becomes such once armed does not keep the others from being taken back", async () => {
    const run = desk.start([...APPLY, "--events"]);
    await blockAt(run, "applied", async () => {
      run.kill("SIGKILL");
      await host.exec("mount --bind /etc/bash.bashrc /etc/bash.bashrc");
    });
    await run.done;
    const sshd =
      "sshd -T | grep -ix 'clientaliveinterval 0' && ! ls /etc/ssh/sshd_config.d/00-00-curfew.conf";
    await expect
      .poll(async () => (await host.exec(sshd)).exitCode, {
        timeout: patient((WITHIN + 10) * 1000),
        interval: 1000,
      })
      .toBe(0);
    expect(await canLogIn(lab, host)).toBe(true);
    await host.exec("umount /etc/bash.bashrc");
    await expectHealed();
    await expectUsable();
  });

  test("what cannot write down that it undoes a change undoes it all the same", async () => {
    const run = desk.start([...APPLY, "--events"]);
    await blockAt(run, "applied", async () => {
      run.kill("SIGKILL");
      await host.exec("cd /var/lib && mount --bind curfew curfew && mount -o remount,ro,bind curfew");
    });
    await run.done;
    const gone = "! ls /etc/ssh/sshd_config.d/00-00-curfew.conf && ! grep -l curfew /etc/bash.bashrc";
    await expect
      .poll(async () => (await host.exec(gone)).exitCode, {
        timeout: patient((WITHIN + 10) * 1000),
        interval: 1000,
      })
      .toBe(0);
    expect((await host.exec("ls /var/lib/curfew/guard/*/armed")).exitCode).toBe(0);
    expect(await canLogIn(lab, host)).toBe(true);
    // The undo's own script is open on it.
    await host.exec("mount -o remount,rw,bind /var/lib/curfew");
    await expectHealed();
    await host.exec("umount -l /var/lib/curfew");
    await expectUsable();
  });

  test("old files that somebody clears away meanwhile are put back from what is kept for revert", async () => {
    const run = desk.start([...APPLY, "--events"]);
    await blockAt(run, "applied", async () => {
      run.kill("SIGKILL");
      const cleared = await host.exec("find / -xdev -name '.curfew-old-*' -print -delete");
      expect(cleared.stdout).toContain("/etc/.curfew-old-");
    });
    await run.done;
    await expectHealed();
    await expectUsable();
  });

  test("a change that was given up before it was armed loses its lock", async () => {
    const token = "b".repeat(32);
    await host.exec(`mkdir -p /var/lib/curfew/guard; echo "${token} 1 x y z" >/var/lib/curfew/lock`);
    const undone = await host.exec("sh -s", { input: settleScript(token, "undo") });
    expect(undone.stdout).toContain(`@${token} state none`);
    await expectUsable();
  });

  /** A run that died right after its change was in place, with the host's timer dead as well. */
  async function orphan(prepare = "", within = WITHIN): Promise<void> {
    const run = desk.start([...APPLY, "--confirm-within", `${within}s`, "--events"]);
    await blockAt(run, "applied", async () => run.kill("SIGKILL"));
    await run.done;
    await host.exec(
      `systemctl stop 'curfew-guard-*.timer'; guard=$(echo /var/lib/curfew/guard/*); ${prepare}`,
    );
  }

  test("before the deadline of a dead run it is said when the host takes the change back", async () => {
    await orphan("", 90);
    for (const command of [["plan", "--json"], APPLY]) {
      const { error } = documentOf(await desk.run(command)).hosts[0];
      expect(error).toMatchObject({ code: "locked", hint: expect.stringContaining("reverted by itself") });
      const seconds = Number(/takes it back by itself within (\d+) s/u.exec(error.message)?.[1]);
      expect(seconds).toBeGreaterThan(1);
      expect(seconds).toBeLessThanOrEqual(90);
    }
    await host.exec("sh /var/lib/curfew/guard/*/undo.sh now");
    await expectHealed();
  });

  test.each([
    ["whose undo was killed", "mv $guard/armed $guard/reverting", "it is being taken back"],
    ["whose time is over", `sleep ${WITHIN + 7}`, "should have been taken back"],
    [
      "whose time is over by the only clock",
      "echo 1000000000 8 >$guard/armed",
      "should have been taken back",
    ],
    ["whose record is damaged", ": >$guard/armed", "should have been taken back"],
  ])(
    "a change without a timer %s is taken back by the next apply",
    async (_what, prepare, said) => {
      await orphan(prepare);
      for (const judging of ["plan", "verify"]) {
        const judged = await desk.run([judging, "--json"]);
        expect(documentOf(judged).hosts[0].error, judged.stderr).toMatchObject({
          code: "locked",
          message: expect.stringContaining(said),
          hint: expect.stringContaining("curfew revert takes it back first"),
        });
        expect(judged.exitCode).toBe(3);
      }
      const call = await desk.run(APPLY);
      expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
        outcome: "confirmed",
        message: expect.stringMatching(
          /never confirmed \([0-9a-f]{32}, .*@.*: apply, .*\) was taken back first/,
        ),
      });
      expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
      await expectHealed();
    },
    patient(180_000),
  );

  test("revert takes an overdue change back, too", async () => {
    await orphan(`sleep ${WITHIN + 7}`);
    const call = await desk.run(["revert", "--yes", "--json"]);
    expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
      outcome: "unchanged",
      message: expect.stringContaining("was taken back first"),
    });
    await expectHealed();
  });

  test("a confirmation that comes after the deadline does not disarm: the change is taken back", async () => {
    await orphan(`sleep ${WITHIN + 2}`);
    const token = (await host.exec("basename /var/lib/curfew/guard/*")).stdout.trim();
    const late = await host.exec("sh -s", { input: settleScript(token, "confirm") });
    expect(late.stdout).toContain(`@${token} state reverted`);
    await expectHealed();
  });

  test("of many that find the same stale lock at once, exactly one takes it over", async () => {
    await host.exec("mkdir -p /root/race /var/lib/curfew");
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(names.map((name) => host.writeFile(`/root/race/${name}`, contender(name))));
    const { stdout } = await host.exec(`
      boot=$(cat /proc/sys/kernel/random/boot_id)
      for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
        echo "0000 4194304 $boot 2026-01-01T00:00:00Z dead: apply" >/var/lib/curfew/lock
        for name in ${names.join(" ")}; do sh /root/race/$name >/root/race/$name.out & done
        wait
        cat /root/race/*.out | awk '/ step locked/ { won++ } / fail locked / { lost++ } END { print won + 0, lost + 0 }'
        rm -f /var/lib/curfew/lock
      done
      ls /var/lib/curfew; rm -r /root/race /var/lib/curfew`);
    expect(stdout.trim().split("\n")).toEqual([...Array.from({ length: 12 }, () => "1 5"), "guard"]);
  });

  test("a file that cannot be put in place once armed is named, with the system's reason", async () => {
    // Arming is the last that is run before the files are put in place.
    await host.exec(`cp -p /usr/bin/systemd-run /root/systemd-run
      printf '#!/bin/sh\\nmount --bind /etc/bash.bashrc /etc/bash.bashrc\\nexec /root/systemd-run "$@"\\n' >/root/wrapper
      chmod 755 /root/wrapper; mount --bind /root/wrapper /usr/bin/systemd-run`);
    const call = await desk.run(APPLY);
    await host.exec("umount /usr/bin/systemd-run /etc/bash.bashrc; rm /root/wrapper /root/systemd-run");
    expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
      outcome: "rolled-back",
      message: expect.stringMatching(
        /^\/etc\/bash\.bashrc could not be put in place: mv: .*busy.*; the host is as it was before$/,
      ),
    });
    await expectHealed();
    await expectUsable();
  });

  test("/etc/ssh is read-only", async () => {
    await host.exec("mount --bind /etc/ssh /etc/ssh && mount -o remount,ro,bind /etc/ssh");
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "failed" });
    expect(documentOf(call).hosts[0].message).toMatch(/read-only/);
    await host.exec("umount /etc/ssh");
    await expectHealed();
    await expectUsable();
  });

  test("a foreign drop-in makes sshd invalid: refused, named, and the running sshd left alone", async () => {
    await host.exec("echo 'Nonsense yes' >/etc/ssh/sshd_config.d/50-foreign.conf");
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "failed" });
    expect(JSON.stringify(documentOf(call).hosts[0])).toContain("50-foreign.conf");
    expect(call.exitCode).toBe(3);
    expect(await canLogIn(lab, host)).toBe(true);
    await host.exec("rm /etc/ssh/sshd_config.d/50-foreign.conf");
    await expectHealed();
    await expectUsable();
  });

  test("a group that does not exist on the host is said, and harms nobody", async () => {
    const call = await desk.run(["plan", "--json"]);
    expect(JSON.stringify(documentOf(call).hosts[0].findings)).toContain("no-such-group");
  });
});

/** The guard's own script as far as the lock, held for as long as all others may look at it. */
function contender(name: string): string {
  const script = remoteScript(["guard-lock", "guard-place", "guard-change"], {
    token: name.repeat(32),
    owner: "racer",
    reason: "apply",
    within: "8",
    sshd: "/usr/sbin/sshd",
    main: "/etc/ssh/sshd_config",
    boothook: "none",
    activations: "",
    activate: [],
    changes: [],
    includes: [],
    expectations: [],
    specification: "host=127.0.0.1,addr=127.0.0.1,laddr=127.0.0.1,lport=22",
    options: [],
    undo: "",
    written: "",
  });
  const end = "\ncurfew_main\n";
  expect(script.endsWith(end)).toBe(true);
  return `${script.slice(0, -end.length)}\ncurfew_settings; take_lock || fail "$trouble_code" "$trouble"; say step locked; sleep 1\n`;
}

/** Does something to the host as soon as a step is reported. */
async function blockAt(run: Running, step: string, act: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let begun = false;
    run.onProgress((seen) => {
      if (begun || !eventsIn(seen).some((event) => event.type === "host-step" && event.step === step)) return;
      begun = true;
      act().then(resolve, reject);
    });
    run.done.then(
      ({ stderr }) => begun || reject(new Error(`the run never came to "${step}":\n${stderr}`)),
      reject,
    );
  });
}
