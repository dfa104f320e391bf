/** One host for many trials of lock-outs: as before after each one, and never without a way in. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { patient } from "../patience.ts";
import { canLogIn, etcDifferences, hasReached, outcomes, type Running } from "./curfew.ts";
import { openTrip, takeBackLeft, type Trip, WITHIN } from "./round-trip.ts";

const POLICY = `
name: lock-out
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
  ghosts: { groups: [no-such-group], client_idle_timeout: 5m }
`;

/** A trip that stands when the first test begins. */
export interface Site extends Pick<Trip, "lab" | "host" | "desk"> {
  /** As before, by itself, within the guard's time: files, login, no armed guard, no lock. */
  expectHealed(): Promise<void>;
  /** A run that was never confirmed must not keep the next one from working. */
  expectUsable(): Promise<void>;
  /** What of /etc is not as before. */
  differences(): Promise<string[]>;
}

/** For a `describe`: its host, and what puts it right after each test. */
export function useSite(): Site {
  let trip: Trip;
  const differences = async (): Promise<string[]> => etcDifferences(trip.before, await trip.host.etcDigest());
  beforeAll(async () => {
    trip = await openTrip({ release: "bookworm" }, POLICY);
  });
  afterAll(() => trip?.lab.close());
  // A test that failed must not make the next one fail.
  afterEach(async () => {
    await trip.host.unblockPort(22);
    await trip.host.exec(
      "umount -l /etc/bash.bashrc /etc/ssh /var/lib/curfew /usr/bin/systemd-run 2>/dev/null; true",
    );
    await takeBackLeft(trip);
  });
  return {
    get lab() {
      return trip.lab;
    },
    get host() {
      return trip.host;
    },
    get desk() {
      return trip.desk;
    },
    differences,
    async expectHealed() {
      const { lab, host } = trip;
      await expect.poll(differences, { timeout: patient((WITHIN + 20) * 1000), interval: 500 }).toEqual([]);
      await expect
        .poll(async () => canLogIn(lab, host), { timeout: patient(20_000), interval: 1000 })
        .toBe(true);
      const { stdout } = await host.exec(
        "ls /var/lib/curfew/lock /var/lib/curfew/guard/*/armed 2>/dev/null; find / -xdev -name '.curfew-*'",
      );
      expect(stdout.trim()).toBe("");
      expect((await host.exec("sshd -T")).stdout.toLowerCase()).toContain("clientaliveinterval 0");
    },
    async expectUsable() {
      const { desk, host } = trip;
      const applied = await desk.run(["apply", "--yes", "--json"]);
      expect(outcomes(applied), applied.stdout + applied.stderr).toEqual({ [host.name]: "confirmed" });
      const reverted = await desk.run(["revert", "--yes", "--json"]);
      expect(outcomes(reverted), reverted.stdout + reverted.stderr).toEqual({ [host.name]: "confirmed" });
    },
  };
}

/** Does something to the host as soon as a step is reported; until it is done the controller stands still. */
export async function blockAt(run: Running, step: string, act: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let begun = false;
    run.onProgress((seen) => {
      if (begun || !hasReached(seen, step)) return;
      begun = true;
      run.kill("SIGSTOP");
      act()
        .finally(() => run.kill("SIGCONT"))
        .then(resolve, reject);
    });
    run.done.then(
      ({ stderr }) => begun || reject(new Error(`the run never came to "${step}":\n${stderr}`)),
      reject,
    );
  });
}
