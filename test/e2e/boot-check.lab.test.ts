/** The check at boot where neither systemd nor OpenRC nor cron would run it: run levels of sysvinit, runit's first stage. */
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Init, withInit } from "../lab/inits.ts";
import { labUnavailable } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { documentOf } from "./curfew.ts";
import {
  APPLY,
  applyAndDie,
  applyAndLosePower,
  expectHealed,
  openTrip,
  revertWhole,
  type Trip,
} from "./round-trip.ts";

const POLICY = "name: boot\ndefaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }\n";

/** With scripts started in parallel, of which insserv(8) has not heard of curfew's; and as Void has it. */
const SETTINGS: Readonly<Partial<Record<Init, (root: string) => Promise<void>>>> = {
  sysvinit: async (root) => {
    for (const name of ["boot", "start", "stop"])
      await writeFile(join(root, `etc/init.d/.depend.${name}`), "TARGETS = ssh\nINTERACTIVE =\n");
  },
  runit: async (root) => {
    await mkdir(join(root, "etc/runit/core-services"));
    await appendFile(
      join(root, "etc/runit/1"),
      '\nfor f in /etc/runit/core-services/*.sh; do [ -r "$f" ] && . "$f"; done\n',
    );
  },
};

/** In rm(1)'s place: it kills the timer's undo that calls it, once, while the files are taken back. */
const KILL_THE_UNDO = `#!/bin/sh
if [ ! -e /root/killed ] && [ -e /var/lib/curfew/guard/*/reverting ] &&
  grep -qz '/undo.sh$' /proc/$PPID/cmdline && grep -qzx timer /proc/$PPID/cmdline &&
  [ "$(cat /var/lib/curfew/guard/*/undoing)" = $PPID ]
then
  echo killed >/root/killed
  kill -9 $PPID
fi
exec /usr/bin/rm "$@"
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null).each(Object.entries(SETTINGS))(
  `%s without cron${lacks === null ? "" : ` (${lacks})`}`,
  (init, prepare) => {
    let trip: Trip;
    beforeAll(async () => {
      const more = { name: `${init}-bare`, removeFiles: ["/etc/cron.d"], prepare };
      trip = await openTrip(withInit(init as Init, more), POLICY);
    }, patient(120_000));
    afterAll(() => trip?.lab.close());

    test(
      "a power cut takes the change back at boot, and nothing of the check is left",
      async () => {
        await applyAndLosePower(trip, "reloaded");
        await expectHealed(trip);
        const { stdout } = await trip.host.exec("sshd -T | grep -i '^clientaliveinterval '");
        expect(stdout.toLowerCase()).toBe("clientaliveinterval 0\n");
      },
      patient(120_000),
    );

    test.runIf(init === "sysvinit")(
      "an undo that is killed is begun again without systemd",
      async () => {
        await trip.host.writeFile("/usr/sbin/rm", KILL_THE_UNDO, 0o755);
        await applyAndDie(trip, "reloaded");
        const killed = async (): Promise<string> => (await trip.host.exec("cat /root/killed")).stdout;
        await expect.poll(killed, { timeout: patient(60_000), interval: 500 }).toBe("killed\n");
        await expectHealed(trip);
        await trip.host.exec("/usr/bin/rm /usr/sbin/rm /root/killed");
      },
      patient(120_000),
    );

    test(
      "the run does not say that there is none",
      async () => {
        const call = await trip.desk.run(APPLY);
        expect(documentOf(call).hosts[0]).toMatchObject({ outcome: "confirmed" });
        expect(documentOf(call).hosts[0].message ?? "").not.toContain("reboot");
        await revertWhole(trip);
      },
      patient(120_000),
    );
  },
);
