import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ssh } from "./client.ts";
import type { LabHost } from "./host.ts";
import { releases } from "./image.ts";
import { labUnavailable, openLab, type Lab } from "./lab.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();
const because = lacks === null ? "" : ` (${lacks})`;

/** sid moves on; the others stay. */
const servers = {
  bullseye: /^SSH-2\.0-OpenSSH_8\.4p1 /,
  bookworm: /^SSH-2\.0-OpenSSH_9\.2p1 /,
  trixie: /^SSH-2\.0-OpenSSH_10\.0p2 /,
  sid: /^SSH-2\.0-OpenSSH_(10\.([6-9]|\d\d)|1[1-9]\.\d+)p\d/,
};

describe.skipIf(lacks !== null)(`lab${because}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab.close());

  describe.each(releases)("%s", (release) => {
    let host: LabHost;
    beforeAll(async () => {
      host = await lab.host({
        release,
        name: `web-${release}`,
        groups: ["domain users"],
        users: [
          { name: "ops", sudo: "nopasswd", groups: ["operators", "domain users"] },
          { name: "eve", sudo: "password", password: "it's $ecret", shell: "zsh" },
          { name: "kim", shell: "ksh", uid: 4711, key: false },
        ],
        files: { "/etc/motd": { content: "x\u00E9'\n", mode: 0o600, uid: 4711 }, "/srv/deep/er": "" },
        removeFiles: ["/etc/skel/.bashrc"],
        prepare: async (root) => access(join(root, "etc/ssh/sshd_config")),
      });
    });
    afterAll(() => host.stop());

    test("runs the expected sshd", async () => {
      const banner = await execa("bash", ["-c", `read -r line < /dev/tcp/${host.address}/22; echo "$line"`]);
      expect(banner.stdout).toMatch(servers[release]);
    });

    test("lets root and a sudo user in", async () => {
      expect(await ssh(lab, `root@${host.name}`, "id -un; hostname")).toMatchObject({
        stdout: `root\n${host.name}`,
        stderr: "",
      });
      const sudo = await ssh(lab, `ops@${host.name}`, "sudo -n id -un; id -Gn");
      expect(sudo.stdout).toBe("root\nops domain users operators");
    });

    test("asks a sudo user with a password for it", async () => {
      expect((await ssh(lab, `eve@${host.name}`, "sudo -n true")).exitCode).toBe(1);
      const asked = await ssh(lab, `eve@${host.name}`, `printf '%s\\n' "it's \\$ecret" | sudo -S id -un`);
      expect(asked.stdout).toBe("root");
    });

    test("gives a session with a terminal that logind knows of", async () => {
      const session = await ssh(
        lab,
        `eve@${host.name}`,
        "tty; loginctl --no-pager show-user eve -p Sessions",
        ["-tt"],
      );
      expect(session.stdout).toMatch(/\/dev\/pts\/\d+\r?\nSessions=.*\w/);
    });

    test("opens an interactive zsh without its questions", async () => {
      const args = ["-F", lab.sshConfigPath, "-tt", `eve@${host.name}`];
      const { stdout } = await execa("ssh", args, {
        input: "echo $((6 * 7))\nexit\n",
        timeout: patient(20_000),
      });
      expect(stdout).toMatch(/^42\r?$/m);
      expect(stdout).not.toContain("zsh-newuser-install");
    });

    test("has the files and people it was asked for", async () => {
      expect(await host.readFile("/etc/motd")).toBe("x\u00E9'\n");
      const facts = await host.exec("stat -c '%a %u' /etc/motd; ls -d /etc/skel/.bashrc; getent passwd kim");
      expect(facts.stdout).toMatch(/^600 4711\nkim:x:4711:.*ksh\n$/);
      expect(facts.exitCode).toBe(0);
      const units = await host.exec("systemctl --failed --no-legend --plain");
      expect(units.stdout).toBe("");
    });

    test("proves /etc unchanged, and changed", async () => {
      const before = await host.etcDigest();
      expect(Object.keys(before).length).toBeGreaterThan(300);
      expect(before["/etc/machine-id"]).toMatch(/^f 444 0 0 [0-9a-f]{64}$/);
      await host.writeFile("/etc/curfew.test", "1\n", 0o640);
      expect(await host.etcDigest()).toMatchObject({
        "/etc/curfew.test": expect.stringMatching(/^f 640 0 0/),
      });
      await host.exec("rm /etc/curfew.test");
      expect(await host.etcDigest()).toEqual(before);
    });

    test("loses power and boots again over the same files", async () => {
      const before = await host.etcDigest();
      await host.writeFile("/root/kept", "yes\n");
      await host.powerOff();
      await expect(host.exec("true")).rejects.toThrow("off");
      expect(await host.offline(async (root) => readFile(join(root, "root/kept"), "utf8"))).toBe("yes\n");
      await host.boot();
      expect((await ssh(lab, `root@${host.name}`, "cat /root/kept")).stdout).toBe("yes");
      expect(await host.etcDigest()).toEqual(before);
    });
  });
});

describe.skipIf(lacks !== null)(`lab without init${because}`, () => {
  test.each(releases)("%s: sshd is the first process", async (release) => {
    const lab = await openLab();
    try {
      const host = await lab.host({ release, init: "none", users: [{ name: "ops", sudo: "nopasswd" }] });
      const first = await host.exec("cat /proc/1/comm; ls -d /run/systemd/system");
      expect(first.stdout).toBe("sshd\n");
      const login = await ssh(lab, `ops@${host.name}`, "tty; sudo -n id -un", ["-tt"]);
      expect(login.stdout).toMatch(/^\/dev\/pts\/0\r?\nroot\r?$/);
      await host.powerOff();
      await host.boot();
      expect((await ssh(lab, `root@${host.name}`, "true")).exitCode).toBe(0);
    } finally {
      await lab.close();
    }
  });
});
