/** What a run leaves that died, or that could not go on, is found and taken back by the next one, and nobody is locked out. */
import { describe, expect, test } from "vitest";
import { settleScript } from "../../src/core/plan/guard.ts";
import { remoteScript } from "../../src/template/remote-script.ts";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { canLogIn, documentOf, outcomes } from "./curfew.ts";
import { blockAt, useSite } from "./lock-out-site.ts";
import { APPLY, WITHIN } from "./round-trip.ts";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`left over${lacks === null ? "" : ` (${lacks})`}`, () => {
  const site = useSite();

  test("old files that somebody clears away meanwhile are put back from what is kept for revert", async () => {
    const run = site.desk.start([...APPLY, "--events"]);
    await blockAt(run, "applied", async () => {
      run.kill("SIGKILL");
      const cleared = await site.host.exec("find / -xdev -name '.curfew-old-*' -print -delete");
      expect(cleared.stdout).toContain("/etc/.curfew-old-");
    });
    await run.done;
    await site.expectHealed();
    await site.expectUsable();
  });

  test("a change that was given up before it was armed loses its lock", async () => {
    const token = "b".repeat(32);
    await site.host.exec(`mkdir -p /var/lib/curfew/guard; echo "${token} 1 x y z" >/var/lib/curfew/lock`);
    const undone = await site.host.exec("sh -s", { input: settleScript(token, "undo") });
    expect(undone.stdout).toContain(`@${token} state none`);
    await site.expectUsable();
  });

  /** A run that died right after its change was in place, with the host's timer dead as well. */
  async function orphan(prepare = "", within = WITHIN): Promise<void> {
    const run = site.desk.start([...APPLY, "--confirm-within", `${within}s`, "--events"]);
    await blockAt(run, "applied", async () => run.kill("SIGKILL"));
    await run.done;
    await site.host.exec(
      `systemctl stop 'curfew-guard-*.timer'; guard=$(echo /var/lib/curfew/guard/*); ${prepare}`,
    );
  }

  test("before the deadline of a dead run it is said when the host takes the change back", async () => {
    await orphan("", 90);
    for (const command of [["plan", "--json"], APPLY]) {
      const { error } = documentOf(await site.desk.run(command)).hosts[0];
      expect(error).toMatchObject({ code: "locked", hint: expect.stringContaining("reverted by itself") });
      const seconds = Number(/takes it back by itself within (\d+) s/u.exec(error.message)?.[1]);
      expect(seconds).toBeGreaterThan(1);
      expect(seconds).toBeLessThanOrEqual(90);
    }
    await site.host.exec("sh /var/lib/curfew/guard/*/undo.sh now");
    await site.expectHealed();
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
        const judged = await site.desk.run([judging, "--json"]);
        expect(documentOf(judged).hosts[0].error, judged.stderr).toMatchObject({
          code: "locked",
          message: expect.stringContaining(said),
          hint: expect.stringContaining("curfew revert takes it back first"),
        });
        expect(judged.exitCode).toBe(3);
      }
      const call = await site.desk.run(APPLY);
      expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
        outcome: "confirmed",
        message: expect.stringMatching(
          /never confirmed \([0-9a-f]{32}, .*@.*: apply, .*\) was taken back first/,
        ),
      });
      expect(outcomes(await site.desk.run(["revert", "--yes", "--json"]))).toEqual({
        [site.host.name]: "confirmed",
      });
      await site.expectHealed();
    },
    patient(180_000),
  );

  test("revert takes an overdue change back, too", async () => {
    await orphan(`sleep ${WITHIN + 7}`);
    const call = await site.desk.run(["revert", "--yes", "--json"]);
    expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
      outcome: "unchanged",
      message: expect.stringContaining("was taken back first"),
    });
    await site.expectHealed();
  });

  test("a confirmation that comes after the deadline does not disarm: the change is taken back", async () => {
    await orphan(`sleep ${WITHIN + 2}`);
    const token = (await site.host.exec("basename /var/lib/curfew/guard/*")).stdout.trim();
    const late = await site.host.exec("sh -s", { input: settleScript(token, "confirm") });
    expect(late.stdout).toContain(`@${token} state reverted`);
    await site.expectHealed();
  });

  test("of many that find the same stale lock at once, exactly one takes it over", async () => {
    await site.host.exec("mkdir -p /root/race /var/lib/curfew");
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(names.map((name) => site.host.writeFile(`/root/race/${name}`, contender(name))));
    const { stdout } = await site.host.exec(`
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
    await site.host.exec(`cp -p /usr/bin/systemd-run /root/systemd-run
      printf '#!/bin/sh\\nmount --bind /etc/bash.bashrc /etc/bash.bashrc\\nexec /root/systemd-run "$@"\\n' >/root/wrapper
      chmod 755 /root/wrapper; mount --bind /root/wrapper /usr/bin/systemd-run`);
    const call = await site.desk.run(APPLY);
    await site.host.exec("umount /usr/bin/systemd-run /etc/bash.bashrc; rm /root/wrapper /root/systemd-run");
    expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
      outcome: "rolled-back",
      message: expect.stringMatching(
        /^\/etc\/bash\.bashrc could not be put in place: mv: .*busy.*; the host is as it was before$/,
      ),
    });
    await site.expectHealed();
    await site.expectUsable();
  });

  test("/etc/ssh is read-only", async () => {
    await site.host.exec("mount --bind /etc/ssh /etc/ssh && mount -o remount,ro,bind /etc/ssh");
    const call = await site.desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "failed" });
    expect(documentOf(call).hosts[0].message).toMatch(/read-only/);
    await site.host.exec("umount /etc/ssh");
    await site.expectHealed();
    await site.expectUsable();
  });

  test("a foreign drop-in makes sshd invalid: refused, named, and the running sshd left alone", async () => {
    await site.host.exec("echo 'Nonsense yes' >/etc/ssh/sshd_config.d/50-foreign.conf");
    const call = await site.desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ [site.host.name]: "failed" });
    expect(JSON.stringify(documentOf(call).hosts[0])).toContain("50-foreign.conf");
    expect(call.exitCode).toBe(3);
    expect(await canLogIn(site.lab, site.host)).toBe(true);
    await site.host.exec("rm /etc/ssh/sshd_config.d/50-foreign.conf");
    await site.expectHealed();
    await site.expectUsable();
  });

  test("a group that does not exist on the host is said, and harms nobody", async () => {
    const call = await site.desk.run(["plan", "--json"]);
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
