/** The machine that curfew runs on: everything that works over SSH works there without it, with the same guard. */
import { cp, mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import type { ExecResult } from "../lab/machine.ts";
import { etcDifferences } from "./curfew.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();
const ROOT = resolve(import.meta.dirname, "../..");
const DEVELOPMENT =
  /^(?:\.|@types|@vitest|@typescript|typescript|vite|vitest|node$|oxlint|@oxlint|oxfmt|@oxfmt|@oxc|knip|axe-core|lightningcss|@rolldown|rolldown|fast-check)/u;
const POLICY = `name: local
defaults: {client_idle_timeout: 8s, unresponsive_timeout: 8s}
roles:
  admin: {users: [root], client_idle_timeout: 6s}
`;
const INVENTORY = "all:\n  hosts:\n    here: {ansible_connection: local}\n";

/** Puts this checkout and its Node into a host's files, as somebody who installed it there has them. */
async function carry(root: string): Promise<void> {
  const target = join(root, "opt/curfew");
  await mkdir(target, { recursive: true });
  const modules = (await readdir(join(ROOT, "node_modules"))).filter((name) => !DEVELOPMENT.test(name));
  const parts = ["src", "templates", "package.json", ...modules.map((name) => join("node_modules", name))];
  for (const part of parts) await cp(join(ROOT, part), join(target, part), { recursive: true });
  await cp(process.execPath, join(target, "bin/node"));
}

describe.skipIf(lacks !== null)(`local${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());

  describe.each(["bookworm", "trixie"] as const)("%s", (release) => {
    let host: LabHost;
    let before: Record<string, string>;
    beforeAll(async () => {
      host = await lab.host({
        release,
        users: [
          { name: "ops", sudo: "nopasswd" },
          { name: "bea", key: false },
        ],
        files: { "/srv/policy.yaml": POLICY, "/srv/inventory.yaml": INVENTORY },
        prepare: carry,
      });
      before = await host.etcDigest();
    });
    afterAll(() => host.stop());

    const curfew = (args: string, user = "root"): Promise<ExecResult> =>
      host.exec(
        `cd /srv; runuser -u ${user} -- env HOME=$(getent passwd ${user} | cut -d: -f6) XDG_STATE_HOME=/tmp/state-${user} NO_COLOR=1 /opt/curfew/bin/node /opt/curfew/src/cli.ts ${args}`,
        { timeoutSeconds: 240 },
      );
    const FILES = "-p policy.yaml -i inventory.yaml";

    test(
      "plan, apply, a second apply, audit, verify and revert, with no SSH but for the proof",
      async () => {
        const plan = await curfew(`plan ${FILES}`);
        expect(plan.exitCode, plan.stderr + plan.stdout).toBe(2);

        const applied = await curfew(`apply ${FILES} --yes`);
        expect(applied.exitCode, applied.stderr + applied.stdout).toBe(0);
        // root has no key of its own here, so there is no way in over the loopback: that is said.
        expect(applied.stderr).toContain(
          "the change was checked by a key exchange with sshd at 127.0.0.1 port 22",
        );

        const again = await curfew(`apply ${FILES} --yes --json`);
        expect(JSON.parse(again.stdout).hosts[0].outcome, again.stderr).toBe("unchanged");

        const verified = await curfew(`verify ${FILES} --json`);
        const [{ probes }] = JSON.parse(verified.stdout).hosts;
        expect(probes.length).toBeGreaterThan(3);
        expect(new Set(probes.map(({ via }: { via: string }) => via))).toEqual(new Set(["shadow"]));
        expect(probes.filter(({ outcome }: { outcome: string }) => outcome === "fail")).toEqual([]);

        const audited = await curfew(`audit ${FILES} --json`);
        expect([0, 2, 3]).toContain(audited.exitCode);
        expect(JSON.parse(audited.stdout).hosts[0].host).toBe("here");

        const reverted = await curfew(`revert -i inventory.yaml --yes`);
        expect(reverted.exitCode, reverted.stderr).toBe(0);
        expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
      },
      patient(600_000),
    );

    test(
      "somebody with sudo, whose own key is the proof",
      async () => {
        await host.exec(
          `runuser -u ops -- sh -c 'ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519; cat ~/.ssh/id_ed25519.pub >> ~/.ssh/authorized_keys'`,
        );
        const applied = await curfew(`apply ${FILES} --yes`, "ops");
        expect(applied.exitCode, applied.stderr + applied.stdout).toBe(0);
        expect(applied.stderr).not.toContain("key exchange");
        const reverted = await curfew(`revert -i inventory.yaml --yes`, "ops");
        expect(reverted.exitCode, reverted.stderr).toBe(0);
      },
      patient(300_000),
    );

    test(
      "a change after which sshd answers no more is taken back",
      async () => {
        // Once the guard is armed nothing new gets in any more, over the loopback either.
        await host.writeFile(
          "/usr/sbin/systemd-run",
          `#!/bin/sh
nft 'add table inet shut; add chain inet shut in { type filter hook input priority -10; }'
nft 'add rule inet shut in tcp flags & (syn | ack) == syn tcp dport 22 drop'
exec /usr/bin/systemd-run "$@"
`,
          0o755,
        );
        const applied = await curfew(`apply ${FILES} --yes --json --confirm-within 10s`);
        expect((await host.exec("rm /usr/sbin/systemd-run; nft delete table inet shut")).stderr).toBe("");
        expect(applied.exitCode).toBe(3);
        expect(etcDifferences(before, await host.etcDigest())).toEqual([]);
      },
      patient(300_000),
    );
  });

  test(
    "without sshd there is nothing to change, and that is said",
    async () => {
      const host = await lab.host({
        release: "trixie",
        files: { "/srv/policy.yaml": POLICY, "/srv/inventory.yaml": INVENTORY },
        prepare: carry,
      });
      const { exitCode, stderr, stdout } = await host.exec(
        "systemctl stop ssh.socket ssh; cd /srv; XDG_STATE_HOME=/tmp/s NO_COLOR=1 /opt/curfew/bin/node /opt/curfew/src/cli.ts plan -p policy.yaml -i inventory.yaml",
        { timeoutSeconds: 120 },
      );
      expect(exitCode, stderr).toBe(3);
      expect(stdout + stderr).toContain("this machine's sshd does not answer");
    },
    patient(180_000),
  );
});
