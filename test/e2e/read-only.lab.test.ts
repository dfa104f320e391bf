/** A directory turns read-only where curfew would tidy up: nothing of it is forgotten, and what is said is true. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { type Call, documentOf } from "./curfew.ts";
import { APPLY, expectHealed, openTrip, revertWhole, type Trip } from "./round-trip.ts";

const POLICY = "name: read-only\ndefaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }\n";
const LONG = patient(120_000);
const lock = (directory: string): string =>
  `mount --bind ${directory} ${directory} && mount -o remount,ro,bind ${directory}`;
const UNLOCK = "umount -l /etc /etc/profile.d 2>/dev/null";
/** Every name that only the guard uses. */
const REST =
  "find /etc -xdev -name '.curfew-*'; ls -d /var/lib/curfew/guard/* /var/lib/curfew/lock 2>/dev/null; true";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`a read-only directory${lacks === null ? "" : ` (${lacks})`}`, () => {
  let trip: Trip;
  beforeAll(async () => {
    trip = await openTrip({ release: "bookworm" }, POLICY);
  }, LONG);
  afterAll(() => trip?.lab.close());
  // A test that failed must not make the next one fail.
  afterEach(async () => {
    await trip.host.exec(
      `pkill -CONT -f '[u]ndo.sh'; ${UNLOCK}; umount -l /usr/bin/logger /usr/bin/sync 2>/dev/null; true`,
    );
    await trip.desk.run(["revert", "--yes"]);
  }, LONG);

  /** In place of a program that the guard calls: does `then` once, where `when` holds of its arguments, then as ever. */
  async function instead(program: string, when: string, then: string): Promise<void> {
    await trip.host.exec(`
      [ -e /root/real-${program} ] || cp -p /usr/bin/${program} /root/real-${program}
      cat >/root/${program} <<'END'
#!/bin/sh
case "$*" in ${when}) [ -e /root/done-${program} ] || { touch /root/done-${program}; ${then}; } ;; esac
exec /root/real-${program} "$@"
END
      chmod 755 /root/${program}; rm -f /root/done-${program}; mount --bind /root/${program} /usr/bin/${program}`);
  }

  /** An apply that is confirmed, and cannot remove its copies then. */
  async function confirmedAndLeft(): Promise<Call> {
    await instead("logger", "*'confirmed over a new login'*", lock("/etc"));
    const call = await trip.desk.run(APPLY);
    await trip.host.exec("umount /usr/bin/logger");
    expect(documentOf(call).hosts[0], call.stderr).toMatchObject({
      outcome: "confirmed",
      message: expect.stringContaining("cannot be removed yet"),
    });
    expect((await trip.host.exec(REST)).stdout).toContain("/etc/.curfew-old-");
    return call;
  }

  async function nothingLeft(): Promise<void> {
    const limit = { timeout: patient(30_000) };
    await expect.poll(async () => (await trip.host.exec(REST)).stdout, limit).toBe("");
  }

  test(
    "for a while, after the confirmation: the host removes its copies by itself",
    { timeout: LONG },
    async () => {
      await confirmedAndLeft();
      await trip.host.exec(UNLOCK);
      await nothingLeft();
      expect(documentOf(await trip.desk.run(APPLY)).hosts[0]).toMatchObject({ outcome: "unchanged" });
      await revertWhole(trip);
    },
  );

  test(
    "for longer: audit finds it, apply refuses with the reason, and does it once it can",
    { timeout: LONG },
    async () => {
      await confirmedAndLeft();
      await trip.host.exec("pkill -KILL -f '[u]ndo.sh tidying'");
      const audited = documentOf(await trip.desk.run(["audit", "--json"])).hosts[0];
      expect(audited.findings).toContainEqual(
        expect.objectContaining({ check: "change-finished", outcome: "fail" }),
      );
      const refused = documentOf(await trip.desk.run(APPLY)).hosts[0];
      expect(refused.outcome).not.toMatch(/unchanged|confirmed/u);
      expect(refused.error.message).toMatch(
        /was confirmed, and its run ended .* cannot be brought to its end/u,
      );
      await trip.host.exec(`${UNLOCK}; pkill -KILL -f '[u]ndo.sh tidying'`);
      const done = documentOf(await trip.desk.run(APPLY)).hosts[0];
      expect(done).toMatchObject({
        outcome: "unchanged",
        message: expect.stringContaining("that is done now"),
      });
      expect((await trip.host.exec(REST)).stdout).toBe("");
      await revertWhole(trip);
    },
  );

  test(
    "before anything is armed: what was prepared is said, and the next run removes it",
    { timeout: LONG },
    async () => {
      const spoil = `${lock("/etc/profile.d")}; cp -p /etc/ssh/sshd_config /root/sshd_config; echo Nonsense >>/etc/ssh/sshd_config`;
      await instead("sync", "*/etc/profile.d/.curfew-new-*", spoil);
      const call = await trip.desk.run(APPLY);
      await trip.host.exec("umount /usr/bin/sync; cp -p /root/sshd_config /etc/ssh/sshd_config");
      const [failed] = documentOf(call).hosts;
      expect(failed, call.stderr).toMatchObject({ outcome: "failed" });
      expect(failed.error.message).toMatch(
        /what was prepared could not be removed: the next apply or revert does/u,
      );
      expect((await trip.host.exec(REST)).stdout).toContain("/etc/profile.d/.curfew-new-");
      await trip.host.exec(UNLOCK);
      const done = documentOf(await trip.desk.run(APPLY)).hosts[0];
      expect(done).toMatchObject({
        outcome: "confirmed",
        message: expect.stringContaining("that is done now"),
      });
      expect((await trip.host.exec(REST)).stdout).toBe("");
      await revertWhole(trip);
      await expectHealed(trip);
    },
  );
});
