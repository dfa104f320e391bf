/** Hosts laid out as RHEL 8, RHEL 9, Ubuntu 24.04, SUSE and Alpine lay theirs out: once through all of curfew. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FAMILIES, type Family, familyHost } from "../lab/families.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { canLogIn, etcDifferences } from "./curfew.ts";
import {
  applyAndDie,
  applyAndLosePower,
  applyTwice,
  expectHealed,
  openFindings,
  openTrip,
  revertWhole,
  scaledPrompts,
  takeBackLeft,
  type Trip,
} from "./round-trip.ts";

const POLICY = `
name: families
controls: [sshd, shell-timeout]
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
  vendor: { groups: [ext], client_idle_timeout: 5m }
`;

/** Where curfew's part of sshd's configuration is, and the files that are its whole; nothing else may be changed. */
const TOUCHED: Readonly<Record<Family, readonly string[]>> = {
  rhel8: ["/etc/ssh/sshd_config"],
  rhel9: ["/etc/ssh/sshd_config.d/00-00-curfew.conf"],
  ubuntu2404: ["/etc/ssh/sshd_config.d/00-00-curfew.conf"],
  suse: ["/etc/bash.bashrc.local", "/etc/csh.cshrc.local", "/etc/ssh/sshd_config.d/00-00-curfew.conf"],
  alpine: ["/etc/ssh/sshd_config.d/00-00-curfew.conf"],
};

/** What an audit cannot pass there, and why. */
const OPEN: Readonly<Partial<Record<Family, readonly RegExp[]>>> = {
  // All that 8.0 has for a session that nobody answers for carries the idle limit.
  rhel8: [/ClientAlive/u],
};

const LIMIT = 'echo "<$TMOUT>"; (TMOUT=1) 2>/dev/null || echo kept';
/** A shell as somebody gets it there, what is typed, and what has to come back. */
const SHELLS: Readonly<Partial<Record<Family, readonly (readonly [string, string, string])[]>>> = {
  // /etc/profile inside a function under `emulate -L ksh`; a shell that is no login shell reads profile.d the same way.
  rhel9: [
    ["su - zoe", LIMIT, "<900>\r\nkept"],
    ["su zoe", LIMIT, "<900>\r\nkept"],
    ["su vera", LIMIT, "<300>\r\nkept"],
  ],
  // PROFILEREAD is exported: a login shell in another one reads no profile.d; csh's own file unsets autologout.
  suse: [
    ["su - vera", `bash -l\n${LIMIT}\nexit`, "<300>\r\nkept"],
    ["su - cy", 'echo "<$autologout $last_of_cshrc>"', "<15 reached>"],
    ["su - vera", 'echo "<$LAST_OF_BASHRC>"', "<reached>"],
  ],
  // profile.d by the names that pass Ubuntu 26.04's filter.
  ubuntu2404: [["su - vera", LIMIT, "<300>\r\nkept"]],
};

/** What a shell on a terminal prints while this is typed. */
async function typed(host: LabHost, how: string, lines: string): Promise<string> {
  const { stdout } = await host.exec(`(sleep 1; cat) | script -qc '${how}' /dev/null`, {
    input: `${lines}\nexit\n`,
  });
  return stdout;
}

const lacks = labUnavailable();

/** systemd makes a unit of /etc/init.d/ssh, which starts sshd before sshd.service can, and knows no process of it. */
describe.skipIf(lacks !== null)(
  `rhel8 with a script of sysvinit's${lacks === null ? "" : ` (${lacks})`}`,
  () => {
    let trip: Trip;
    beforeAll(async () => {
      const spec = familyHost("rhel8");
      const kept = (spec.removeFiles ?? []).filter((path) => path !== "/etc/init.d/ssh");
      trip = await openTrip({ ...spec, name: "rhel8-script", removeFiles: kept }, POLICY);
      // As after a boot that the script won.
      await trip.host.exec("systemctl stop sshd.service; systemctl restart ssh.service");
    }, patient(120_000));
    afterAll(() => trip?.lab.close());

    test(
      "apply, and the host brings it back although sshd is killed meanwhile",
      async () => {
        const { stdout } = await trip.host.exec("systemctl show -p ActiveState,MainPID ssh.service");
        expect(stdout.trim().split("\n").toSorted()).toEqual(["ActiveState=active", "MainPID=0"]);
        await applyTwice(trip);
        await revertWhole(trip);
        await applyAndDie(trip, "reloaded", () => trip.host.exec("kill -9 $(pgrep -o -x sshd)"));
        await expectHealed(trip);
        const own = await trip.host.exec("cat /proc/$(pgrep -o -x sshd)/cgroup");
        expect(own.stdout).toContain("ssh.service");
      },
      patient(180_000),
    );
  },
);

describe.skipIf(lacks !== null).each(FAMILIES)(`%s${lacks === null ? "" : ` (${lacks})`}`, (family) => {
  let trip: Trip;
  beforeAll(async () => {
    trip = await openTrip(familyHost(family), POLICY);
  }, patient(120_000));
  afterAll(() => trip?.lab.close());
  afterEach(() => takeBackLeft(trip));

  test(
    "apply, apply again, audit, verify, revert",
    async () => {
      await applyTwice(trip);
      const touched = etcDifferences(trip.before, await trip.host.etcDigest());
      expect(touched).toEqual(expect.arrayContaining([...TOUCHED[family]]));
      const allowed = OPEN[family] ?? [];
      const open = await openFindings(trip);
      expect(open.filter((each) => !allowed.some((pattern) => pattern.test(each)))).toEqual([]);
      for (const user of ["root", "vera"]) expect(await canLogIn(trip.lab, trip.host, user), user).toBe(true);
      const probed = await scaledPrompts(trip);
      expect(probed.length).toBeGreaterThan(1);
      expect(
        probed.filter((each) => !/ pass |autologout counts whole minutes and cannot be scaled/u.test(each)),
        probed.join("; "),
      ).toEqual([]);
      for (const [how, line, said] of SHELLS[family] ?? [])
        expect(await typed(trip.host, how, line), how).toContain(said);
      await revertWhole(trip);
    },
    patient(180_000),
  );

  // Every step of a change is killed on a Debian host (lock-out.lab) and at random here (npm run campaign).
  test.each(["applied"])(
    "the controller dies at %s",
    async (step) => {
      await applyAndDie(trip, step);
      await expectHealed(trip);
      expect(await canLogIn(trip.lab, trip.host, "vera")).toBe(true);
    },
    patient(120_000),
  );

  test.each(["reloaded"])(
    "it loses power at %s",
    async (step) => {
      await applyAndLosePower(trip, step);
      await expectHealed(trip);
      expect(await canLogIn(trip.lab, trip.host, "vera")).toBe(true);
    },
    patient(120_000),
  );
});
