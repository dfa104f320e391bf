/** The watch of sessions believes sshd's own connections, and nothing that an account says of its processes. */
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { remoteScript } from "../../src/template/remote-script.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";

const SUDOERS = "Defaults:eve use_pty,!requiretty\neve ALL=(ALL) NOPASSWD: ALL\n";

const lacks = labUnavailable();
describe.skipIf(lacks !== null).each(["bullseye", "bookworm", "sid"] as const)(
  `forged sessions on %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;
    const opened: (() => void)[] = [];
    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release, users: [{ name: "bea" }, { name: "eve" }] });
    }, patient(120_000));
    afterAll(() => {
      for (const end of opened) end();
      return lab?.close();
    });

    function open(user: string, command: string): void {
      const child = execa("ssh", ["-tt", "-F", lab.sshConfigPath, `${user}@${host.name}`, command], {
        reject: false,
        stdin: "ignore",
      });
      opened.push(() => child.kill());
    }

    /** `SHELL SSHD USER CLIENT PORT SERVER PORT` of every session that the watch tells. */
    async function told(): Promise<string[]> {
      await host.writeFile("/root/watch", remoteScript("watch-sessions", {}));
      const { stdout } = await host.exec(
        ": >/root/told; { echo scan; until grep -qx scanned /root/told; do sleep 0.1; done; } | sh /root/watch >/root/told; cat /root/told",
      );
      expect(stdout).toContain("scanned\n");
      return stdout.split("\n").flatMap((line) => (line.startsWith("session ") ? [line.slice(8)] : []));
    }

    async function running(marks: readonly string[]): Promise<void> {
      const missing = marks.map((mark) => `pgrep -fx 'sleep ${mark}' >/dev/null`).join(" && ");
      await expect
        .poll(async () => (await host.exec(missing)).exitCode, { timeout: patient(20_000) })
        .toBe(0);
    }

    test("only the real one is told", { timeout: patient(90_000) }, async () => {
      open("bea", "exec sleep 7001");
      await running(["7001"]);
      const real = await told();
      expect(real).toHaveLength(1);
      const [, , user, ...ends] = (real[0] ?? "").split(" ");
      expect(user).toBe("bea");
      const forged = `env 'SSH_CONNECTION=${ends.join(" ")}' LOGNAME=bea`;
      await host.writeFile("/etc/sudoers.d/eve", SUDOERS, 0o440);
      await host.exec(
        "mkdir /home/eve/x; cp /usr/bin/script /home/eve/sshd; ln -s /usr/bin/sudo /home/eve/x/sshd",
      );
      // A parent that is called sshd.
      open("eve", `${forged} /home/eve/sshd -qc 'exec sleep 7002' /dev/null`);
      // A parent that is called sshd and is root's.
      open("eve", `/home/eve/x/sshd -u eve ${forged} sleep 7003`);
      // A real sshd, and a shell with another environment.
      open("eve", `exec ${forged} sleep 7004`);
      await running(["7002", "7003", "7004"]);
      const { stdout } = await host.exec(
        `for name in 7002 7003 7004; do pid=$(pgrep -fx "sleep $name"); read -r stat </proc/$pid/stat; set -- \${stat##*) }; cat /proc/$2/comm; done`,
      );
      expect(
        stdout
          .trim()
          .split("\n")
          .every((name) => name.startsWith("sshd")),
      ).toBe(true);
      expect((await told()).filter((line) => line.includes(" bea "))).toEqual(real);
    });
  },
);
