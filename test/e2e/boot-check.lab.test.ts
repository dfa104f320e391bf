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
        const undoing = "ls /var/lib/curfew/guard/*/reverting >/dev/null 2>&1";
        const undo = "pgrep -f 'undo[.]sh timer'";
        let killed = "";
        await applyAndDie(trip, "reloaded", async () => {
          const script = `for i in $(seq 900); do ${undoing} && break; sleep 0.1; done; kill -9 $(${undo}) && echo killed`;
          killed = (await trip.host.exec(script, { timeoutSeconds: 120 })).stdout;
        });
        expect(killed).toBe("killed\n");
        await expectHealed(trip);
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
