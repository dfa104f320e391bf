/** Sessions that are older than the policy: the first thing they get from it is a warning, and time to type. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDesk, outcomes, type Desk } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { openSession, type OpenSession } from "../ssh-session.ts";
import { patient } from "../../patience.ts";

/** The shortest; who is older than the change has so long from then on, as it is less than a minute. */
const LIMIT = 20;
/** By so much it waits longer, as a terminal's access time may be that old. */
const STEP = 7;
/** The watchdog looks every 5 s. */
const INTERVAL = 5;
/** What the seconds of /proc/uptime leave out at both ends. */
const ROUNDED = 2;
const POLICY = `name: grace\ncontrols: [watchdog]\ndefaults: {client_idle_timeout: ${LIMIT}s}\n`;
const WARNED = "this session ends in";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(
  `sessions older than the policy${lacks === null ? "" : ` (${lacks})`}`,
  () => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;
    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release: "bookworm", users: [{ name: "bob" }, { name: "eve" }] });
      desk = await openDesk(lab, [host], POLICY);
    });
    afterAll(() => lab?.close());

    const open = (user: string): Promise<OpenSession> =>
      openSession({ config: lab.sshConfigPath, host: host.name, user, command: "echo rea''dy" });
    const apply = async (): Promise<unknown> => outcomes(await desk.run(["apply", "--yes", "--json"]));
    const appears = async (session: OpenSession, text: string): Promise<number> => {
      await expect.poll(() => session.output(), { timeout: patient(30_000), interval: 100 }).toContain(text);
      return performance.now();
    };

    test(
      "an idle one is warned, has its time, and ends; applying again gives none anew; who types stays",
      async () => {
        const [old, awake] = [await open("bob"), await open("eve")];
        await new Promise((resolve) => setTimeout(resolve, (LIMIT + INTERVAL) * 1000));
        const begun = performance.now();
        expect(await apply()).toEqual({ [host.name]: "confirmed" });
        // From after the change, even before the watchdog has looked for the first time.
        const young = await open("bob");
        const warned = await appears(old, WARNED);
        await appears(awake, WARNED);
        const typing = setInterval(() => awake.write("echo still here\n"), 5000);
        awake.write("echo still here\n");
        expect(await apply()).toEqual({ [host.name]: "unchanged" });
        const end = await old.ended;
        const [sinceBegun, sinceWarned] = [begun, warned].map((time) => (performance.now() - time) / 1000);
        clearInterval(typing);
        expect(sinceBegun).toBeGreaterThan(LIMIT);
        expect(sinceWarned).toBeGreaterThan(LIMIT - ROUNDED);
        expect(sinceWarned).toBeLessThan(LIMIT + STEP + patient(2 * INTERVAL));
        expect(end.output.match(/this session ends in/gu)).toHaveLength(1);
        expect(end.output).toContain("this session ends now");
        expect(awake.isOpen()).toBe(true);
        expect(awake.output().match(/this session ends in/gu)).toHaveLength(1);
        const { seconds, output } = await young.ended;
        expect(seconds).toBeLessThan(LIMIT + STEP + patient(2 * INTERVAL));
        expect(output).not.toContain(WARNED);
        await awake.close();
      },
      patient(150_000),
    );
  },
);
