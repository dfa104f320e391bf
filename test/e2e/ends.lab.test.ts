/** What is left of a change when something other than a command goes wrong: full disks, empty locks, killed units, ended logins. */
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { documentOf, openDesk } from "./curfew.ts";
import { FILES, placeScripts, TOKEN } from "./guard-host.ts";

const WITHIN = 4;
const POLICY = `
name: ends
controls: [shell-timeout]
defaults: { client_idle_timeout: 15m }
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`ends${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;

  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({ release: "bookworm", users: [{ name: "ops", sudo: "nopasswd" }] });
    await placeScripts(host, WITHIN);
    await host.exec("mkdir /root/before; cp -a /etc/. /root/before");
  }, patient(120_000));
  afterAll(() => lab?.close());
  afterEach(async () => {
    await host.exec(
      "sh /root/guard/undo; rm -f /usr/sbin/systemd-run /usr/sbin/sync; umount /var/lib/curfew; rm -rf /var/lib/curfew",
    );
  });

  /** As before and nothing left, by itself. */
  async function expectGone(): Promise<void> {
    const look = `diff -rq --no-dereference /root/before /etc; ls -d /var/lib/curfew; find /etc -name '.curfew-*'
      ls /etc/systemd/system/curfew* 2>/dev/null; systemctl list-units --all --no-legend --plain 'curfew-guard*'`;
    await expect
      .poll(async () => (await host.exec(look)).stdout, { timeout: (WITHIN + 40) * 1000, interval: 1000 })
      .toBe("");
  }

  test("a full /var is named as such, and nothing is left", async () => {
    await host.exec(
      "mkdir -p /var/lib/curfew/guard; mount -t tmpfs -o size=4k tmpfs /var/lib/curfew; head -c 9000 /dev/zero >/var/lib/curfew/filler",
    );
    const { stdout } = await host.exec("sh /root/guard/change");
    expect(stdout).toMatch(
      new RegExp(`^@${TOKEN} fail remote cannot write /var/lib/curfew.*No space left on device`, "u"),
    );
    await host.exec("umount /var/lib/curfew; rmdir /var/lib/curfew/guard /var/lib/curfew");
    await expectGone();
  });

  test(
    "revert brings back what stood at a name of curfew's own, whoever interrupts it",
    async () => {
      const desk = await openDesk(lab, [host], POLICY);
      const theirs = FILES.remove;
      await host.exec(
        `chmod 640 ${theirs}; chown root:ops ${theirs}; cp -a ${theirs} /root/before/${theirs.slice(5)}`,
      );
      const applied = await desk.run(["apply", "--yes", "--json"]);
      expect(documentOf(applied).hosts[0].changed, applied.stderr).toContain(theirs);
      const again = await desk.run(["apply", "--yes", "--json"]);
      expect(documentOf(again).hosts[0]).toMatchObject({ outcome: "unchanged" });
      // Nothing gets through while it is there again: it is taken away, and the next revert brings it.
      const within = `${Math.min(patient(4), 30)}s`;
      const run = desk.start(["revert", "--yes", "--json", "--events", "--confirm-within", within]);
      let blocked: Promise<void> | undefined;
      run.onProgress((seen) => {
        if (seen.includes('"armed"')) blocked ??= host.blockPort(22, { newOnly: true });
      });
      const undone = await run.done;
      await blocked;
      await host.unblockPort(22);
      expect(documentOf(undone), undone.stdout + undone.stderr).toMatchObject({
        hosts: [{ outcome: "rolled-back" }],
      });
      expect((await host.exec(`ls ${theirs} /etc/.curfew-*`)).stdout).toBe("");
      const reverted = await desk.run(["revert", "--yes", "--json"]);
      expect(documentOf(reverted).hosts[0], reverted.stderr).toMatchObject({ outcome: "confirmed" });
      await expectGone();
      expect((await host.exec(`stat -c '%a %U %G' ${theirs}`)).stdout.trim()).toBe("640 root ops");
      // As the scripts of the other tests know it.
      await host.exec(
        `chmod 644 ${theirs}; chown root:root ${theirs}; cp -a ${theirs} /root/before/${theirs.slice(5)}`,
      );
    },
    patient(120_000),
  );

  test("a lock without content is no lock", async () => {
    await host.exec("mkdir -p /var/lib/curfew; : >/var/lib/curfew/lock");
    const { stdout } = await host.exec("sh /root/guard/change; sh /root/guard/undo");
    expect(stdout).toContain(`@${TOKEN} step reloaded`);
    expect(stdout).not.toContain("note");
    await expectGone();
  });

  test(
    "an undo that is killed is begun again, and no failed unit is left",
    async () => {
      await host.writeFile(
        "/usr/sbin/sync",
        '#!/bin/sh\n[ -e /root/slept ] || { touch /root/slept; sleep 30; }\nexec /usr/bin/sync "$@"\n',
        0o755,
      );
      await host.exec("touch /root/slept; sh /root/guard/change; rm /root/slept");
      const unit = `curfew-guard-${TOKEN}.service`;
      await expect
        .poll(async () => (await host.exec("ls /root/slept")).exitCode, {
          timeout: patient(30_000),
          interval: 300,
        })
        .toBe(0);
      expect(
        (await host.exec(`ls /var/lib/curfew/guard/*/reverting; systemctl kill -s KILL ${unit}`)).exitCode,
      ).toBe(0);
      await expectGone();
      expect((await host.exec("systemctl list-units --failed --no-legend --plain")).stdout).not.toContain(
        "curfew",
      );
    },
    patient(90_000),
  );

  test(
    "the timer of its own outlives the login whose processes are ended with it",
    async () => {
      await host.exec(`mkdir -p /etc/systemd/logind.conf.d; printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf.d/k.conf
      cp /etc/systemd/logind.conf.d/k.conf /root/before/etc-k; cp -a /etc/systemd/logind.conf.d/. /root/before/systemd/logind.conf.d; rm /root/before/etc-k
      systemctl restart systemd-logind`);
      await host.writeFile("/usr/sbin/systemd-run", "#!/bin/sh\nexit 1\n", 0o755);
      const login = (command: string) =>
        execa("ssh", ["-F", lab.sshConfigPath, `ops@${host.name}`, command], {
          reject: false,
          stdin: "ignore",
        });
      // What does not leave the group is gone with it.
      await login("sudo setsid sleep 6543 >/dev/null 2>&1 &");
      await expect
        .poll(async () => (await host.exec("pgrep -f 'sleep 6543'")).exitCode, {
          timeout: patient(20_000),
          interval: 300,
        })
        .toBe(1);
      const { stdout } = await login("sudo sh /root/guard/change");
      expect(stdout).toContain(`@${TOKEN} step reloaded`);
      expect((await host.exec(`ls ${FILES.create}`)).exitCode).toBe(0);
      await expectGone();
    },
    patient(90_000),
  );

  test(
    "power goes right after the confirmation: the boot finishes it, and the text is true",
    async () => {
      const desk = await openDesk(lab, [host], POLICY);
      await host.exec(`rm ${FILES.remove}; cd /root/before && rm -f ".${FILES.remove.slice(4)}"`);
      // The deciding rename, then darkness.
      await host.writeFile(
        "/usr/sbin/sync",
        '#!/bin/sh\n[ ! -e "$1/confirmed" ] || { touch /root/dark; sleep 600; }\nexec /usr/bin/sync "$@"\n',
        0o755,
      );
      const run = desk.start(["apply", "--yes", "--json", "--confirm-within", "20s"]);
      await expect
        .poll(
          async () => (await host.exec("ls /var/lib/curfew/guard/*/confirmed && ls /root/dark")).exitCode,
          {
            timeout: patient(60_000),
            interval: 300,
          },
        )
        .toBe(0);
      await host.powerOff();
      await host.offline(async (root) => {
        await execa("rm", [`${root}/usr/sbin/sync`]);
      });
      await host.boot();
      const call = await run.done;
      const [result] = documentOf(call).hosts;
      expect(["confirmed", "unknown"], call.stderr).toContain(result.outcome);
      expect(
        (
          await host.exec(
            "ls /etc/profile.d/00-curfew.sh; ls /var/lib/curfew; find /etc -name '.curfew-*'; ls /etc/systemd/system/curfew*",
          )
        ).stdout,
      ).toBe("/etc/profile.d/00-curfew.sh\nended\noriginal\nwritten\n");
      expect(documentOf(await desk.run(["apply", "--yes", "--json"])).hosts[0]).toEqual({
        host: host.name,
        outcome: "unchanged",
      });
      const reverted = documentOf(await desk.run(["revert", "--yes", "--json"])).hosts[0];
      expect(reverted).not.toHaveProperty("message");
      expect(reverted.outcome).toBe("confirmed");
      // The check at boot was loaded when this boot began; its file is gone, and systemd forgets it when it next reads its units.
      await host.exec("systemctl daemon-reload");
      await expectGone();
    },
    patient(240_000),
  );
});
