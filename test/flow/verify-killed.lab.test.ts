/** The controller dies in the middle of a verify of several hosts: nothing is left on them, nor here. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { LOOK, looksLike, peopledHost } from "./verify-host.ts";
import { patient } from "../patience.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const lacks = labUnavailable();
const POLICY = {
  name: "lab",
  defaults: { client_idle_timeout: "10m" },
  roles: { root: { users: ["root"] }, bash: { groups: ["bashers"] } },
};
/** Live and shadow: with and without a terminal, a server of its own, a stopped client, no network. */
const SESSIONS = ["idle-shell", "frozen-client", "tmux", "idle-command", "idle-sftp", "output-loop"];
/** Of the first host: root live, and root, bea and the default's ops in the shadow, with two frozen clients each. */
const PROBES = SESSIONS.length + 3 * (SESSIONS.length + 1);
/** Of the other one only bea: there ssh itself goes through the shadow as well, with a key in a file. */
const OTHER_PROBES = SESSIONS.length + 1;
/** Programs of probes and whatever keeps them. */
const TRACES =
  "ps -eo args= | grep -e '[c]urfew' -e '[s]leep [0-9]*$' -e '[t]mux'; ls -a /tmp /run | grep curfew; nft list ruleset 2>/dev/null";

describe.skipIf(lacks !== null)(`a controller that is killed${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let hosts: LabHost[];
  let temporary: string;
  beforeAll(async () => {
    lab = await openLab();
    hosts = await Promise.all([lab.host(peopledHost("bookworm")), lab.host(peopledHost("trixie"))]);
    temporary = await mkdtemp(join(lab.dir, "tmp-"));
  });
  afterAll(() => lab.close());

  test(
    "leaves nothing on any host, and neither a process nor a file here",
    { timeout: patient(180_000) },
    async () => {
      const before = await Promise.all(
        hosts.map(async (host) => {
          await host.exec(`${RELOAD_SSHD}; touch /tmp/before; sleep 1.1`);
          return { host, look: (await host.exec(LOOK)).stdout, traces: (await host.exec(TRACES)).stdout };
        }),
      );
      await killWhenWaiting(PROBES + OTHER_PROBES);
      const killedAt = performance.now();
      await expect.poll(async () => (await ownTraces()).length, { timeout: patient(10_000) }).toBe(0);
      for (const { host, look, traces } of before) {
        expect(await looksLike(host, look)).toBe(look);
        expect((await host.exec(TRACES)).stdout).toBe(traces);
      }
      expect(performance.now() - killedAt).toBeLessThan(patient(60_000));
    },
  );

  async function killWhenWaiting(probes: number): Promise<void> {
    const targets = hosts.map(({ name }, index) => {
      return { name, sshConfig: lab.sshConfigPath, ...(index > 0 && { roles: ["bash"] }) };
    });
    const script = join(import.meta.dirname, "verify-killed.ts");
    const args = [script, JSON.stringify(targets), JSON.stringify(POLICY), SESSIONS.join(",")];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    for await (const chunk of child.stdout) {
      if (!String(chunk).includes(`waiting ${probes}\n`)) continue;
      // Something to find: a live shell through ssh, the shell that holds it and that one's reader; and the
      // latter two of one in the shadow, whose key is gone already.
      expect(await ownTraces()).toHaveLength(3 + 2);
      for (const host of hosts) expect((await host.exec(TRACES)).stdout).toMatch(/curfew-shadow[^]*sleep 7/u);
      child.kill("SIGKILL");
      await ended;
      return;
    }
    throw new Error("the controller ended before its sessions waited");
  }

  /** Processes that reach the lab through ssh, or hold one that does, and files made for it. */
  async function ownTraces(): Promise<string[]> {
    const { stdout } = await execa("ps", ["-ww", "-eo", "args="]);
    const running = stdout
      .split("\n")
      .filter((line) => [`-F ${lab.sshConfigPath}`, temporary].some((own) => line.includes(own)));
    return [...running.map((line) => line.slice(0, 60)), ...(await readdir(temporary))];
  }
});
