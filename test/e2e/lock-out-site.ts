/** One host for many trials of lock-outs: as before after each one, and never without a way in. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import {
  canLogIn,
  type Desk,
  etcDifferences,
  hasReached,
  openDesk,
  outcomes,
  type Running,
} from "./curfew.ts";

const POLICY = `
name: lock-out
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
  ghosts: { groups: [no-such-group], client_idle_timeout: 5m }
`;
/** Seconds that the guard waits for its confirmation in these tests. */
export const WITHIN = Math.min(patient(8), 20);
export const APPLY = ["apply", "--yes", "--json", "--confirm-within", `${WITHIN}s`];

/** What stands when the first test begins. */
export interface Site {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly desk: Desk;
  /** As before, by itself, within the guard's time: files, login, no armed guard, no lock. */
  expectHealed(): Promise<void>;
  /** A run that was never confirmed must not keep the next one from working. */
  expectUsable(): Promise<void>;
  /** What of /etc is not as before. */
  differences(): Promise<string[]>;
}

/** For a `describe`: its host, and what puts it right after each test. */
export function useSite(): Site {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  let before: Record<string, string>;
  const differences = async (): Promise<string[]> => etcDifferences(before, await host.etcDigest());
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
    if ((await differences()).length > 0) await desk.run(["revert", "--yes"]);
  });
  return {
    get lab() {
      return lab;
    },
    get host() {
      return host;
    },
    get desk() {
      return desk;
    },
    differences,
    async expectHealed() {
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
