/** Becoming root on real hosts: every way sudo can answer, behind every login shell. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/model/terms/secret.ts";
import type { Connection } from "../../src/model/inventory/connection.ts";
import { debianPackage } from "../lab/debian-package.ts";
import type { LabHost } from "../lab/host.ts";
import type { Release } from "../lab/image.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { connectTo, NEVER, output } from "./sshd.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();
const QUICK = { signal: NEVER, timeoutSeconds: patient(20) };
const SHELLS = ["bash", "zsh", "tcsh", "dash", "mksh"] as const;
// What a login shell may print before anything of ours runs, and a command that reads standard input.
const NOISE = "echo noise from a start-up file; echo more noise >&2\n";

// The oldest sudo and the newest: 1.9.14 brought use_pty by default.
describe.skipIf(lacks !== null).each<Release>(["bullseye", "sid"])(
  `sudo on %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;
    const login = (user: string, password?: string): Promise<Connection> =>
      connectTo(
        { sshConfig: lab.sshConfigPath, key: lab.key.privatePath },
        host.name,
        { user },
        password === undefined ? {} : { sudoPassword: new Secret(password) },
      );

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({
        release,
        users: [
          ...SHELLS.map((shell) => ({ name: `free-${shell}`, shell, sudo: "nopasswd" as const })),
          ...SHELLS.map((shell) => ({
            name: `asked-${shell}`,
            shell,
            sudo: "password" as const,
            password: "pass 'wörd",
          })),
          { name: "nobody-special" },
          { name: "named", password: "pass" },
          { name: "bound", sudo: "nopasswd" },
          { name: "expired", sudo: "nopasswd", password: "pass" },
          { name: "locked-out", shell: "/usr/sbin/nologin" },
        ],
        files: {
          "/etc/sudoers.d/zz-tests": {
            content: [
              "Defaults:bound requiretty",
              "named ALL=(root) /usr/bin/true",
              "Defaults lecture=always",
              "",
            ].join("\n"),
            mode: 0o440,
          },
          "/etc/zsh/zshenv": NOISE.replace(">&2", "1>&2"),
          "/etc/csh.cshrc": "echo noise from a start-up file\n",
        },
      });
      await host.exec("chage -d 0 expired");
    });
    afterAll(() => lab.close());

    test.each(SHELLS)("without a password, login shell %s", async (shell) => {
      const connection = await login(`free-${shell}`);
      expect(await output(connection, "id -u; echo $#; printf '%s\\n' \"$LC_ALL\"")).toBe("0\n0\nC\n");
      const failed = await connection.runScript("exit 6", QUICK);
      expect(failed.exitCode).toBe(6);
      const run = await connection.startScript('echo up; read -r x; echo "[$x]"', { signal: NEVER });
      run.write("a b\n");
      run.end();
      expect((await run.ended).stdout.toString()).toBe("up\n[a b]\n");
      connection.close();
    });

    test.each(SHELLS)("with the right password, login shell %s", async (shell) => {
      const connection = await login(`asked-${shell}`, "pass 'wörd");
      const result = await connection.runScript("id -u; cat; echo err >&2", QUICK);
      // Nothing of the password, the prompt or the lecture is left over for the script or the caller.
      expect(result.stdout.toString()).toBe("0\n");
      expect(result.stderr.trim()).toBe("err");
      // A second script on the same connection needs the password again and gets it.
      expect(await output(connection, "id -un")).toBe("root\n");
      const run = await connection.startScript('echo up; read -r x; echo "[$x]"', { signal: NEVER });
      run.write("a b\n");
      run.end();
      expect((await run.ended).stdout.toString()).toBe("up\n[a b]\n");
      connection.close();
    });

    test("a password that sudo does not ask for never reaches the script", async () => {
      const connection = await login("free-bash", "touch /tmp/executed");
      expect(await output(connection, "cat; id -u")).toBe("0\n");
      expect((await host.exec("test -e /tmp/executed")).exitCode).toBe(1);
      connection.close();
    });

    test("a wrong password is tried once and shown nowhere", async () => {
      const connection = await login("asked-bash", "wrong-s3cret");
      const begin = Date.now() / 1000 - 1;
      const error: unknown = await connection.runScript("id -u", QUICK).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: "escalation",
        message: expect.stringMatching(/the sudo password is wrong for asked-bash; it was tried once/u),
      });
      expect(inspect(error, { depth: 9 })).not.toContain("wrong-s3cret");
      const { stdout } = await host.exec(
        `journalctl --since=@${Math.floor(begin)} --no-pager -q | grep -c 'pam_unix(sudo:auth): authentication failure'`,
      );
      expect(stdout.trim()).toBe("1");
      connection.close();
    });

    test.each([
      ["asked-bash", undefined, /sudo wants a password from asked-bash, and none was given/u, /NOPASSWD/u],
      [
        "nobody-special",
        undefined,
        /sudo wants a password from nobody-special, and none was given/u,
        /NOPASSWD/u,
      ],
      ["named", "pass", /sudo does not allow named to become root/u, /sudoers/u],
      ["bound", undefined, /sudo demands a terminal/u, /!requiretty/u],
    ])("%s with password %j", async (user, password, message, hint) => {
      const connection = await login(user, password);
      await expect(connection.runScript("id -u", QUICK)).rejects.toMatchObject({
        code: "escalation",
        host: host.name,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
      connection.close();
    });

    test("an expired account password is an `auth` matter", async () => {
      const connection = await login("expired");
      await expect(connection.runScript("id -u", QUICK)).rejects.toMatchObject({
        code: "auth",
        message: expect.stringMatching(/the password of expired has expired/u),
      });
      connection.close();
    });

    test("without sudo, and with a login shell that runs nothing", async () => {
      await host.exec("mv /usr/bin/sudo /usr/bin/sudo.away");
      const connection = await login("free-tcsh");
      await expect(connection.runScript("id -u", QUICK)).rejects.toMatchObject({
        code: "escalation",
        message: expect.stringMatching(/there is no sudo on the host/u),
      });
      await host.exec("mv /usr/bin/sudo.away /usr/bin/sudo");
      connection.close();
      const refused = await login("locked-out");
      await expect(refused.runScript("id -u", QUICK)).rejects.toMatchObject({
        code: "remote",
        message: expect.stringMatching(
          /the login shell of locked-out did not run sh.*account is currently not/u,
        ),
      });
      refused.close();
    });

    test("an inventory that wants no escalation gets none", async () => {
      const bench = { sshConfig: lab.sshConfigPath, key: lab.key.privatePath };
      const more = { user: "nobody-special", become: { method: "none" as const } };
      const connection = await connectTo(bench, host.name, more);
      expect(await output(connection, "id -un")).toBe("nobody-special\n");
      connection.close();
    });
  },
);

// The oldest sudo-rs that Debian has and the newest: their words differ, and so do their prompts.
describe.skipIf(lacks !== null).each<Release>(["trixie", "sid"])(
  `sudo-rs of %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab | undefined;
    let host: LabHost;
    const login = (user: string, password?: string): Promise<Connection> =>
      connectTo(
        { sshConfig: lab?.sshConfigPath ?? "", key: lab?.key.privatePath ?? "" },
        host.name,
        { user },
        password === undefined ? {} : { sudoPassword: new Secret(password) },
      );

    beforeAll(async () => {
      const files = await debianPackage(release, "sudo-rs");
      lab = await openLab();
      host = await lab.host({
        // It needs no newer library than this.
        release: "sid",
        users: [
          { name: "free", sudo: "nopasswd" },
          { name: "asked", sudo: "password", password: "pass 'wörd" },
          { name: "nobody-special", password: "pass" },
          { name: "named", password: "pass" },
          { name: "locked", sudo: "password", password: "pass" },
        ],
        files: { "/etc/sudoers.d/zz": { content: "named ALL=(root) /usr/bin/true\n", mode: 0o440 } },
        prepare: (root) => copyFile(join(files, "usr/lib/cargo/bin/sudo"), join(root, "usr/bin/sudo-rs")),
      });
      const replaced = await host.exec(
        "chown root:root /usr/bin/sudo-rs && mv /usr/bin/sudo-rs /usr/bin/sudo && chmod 4755 /usr/bin/sudo && chage -E 0 locked && sudo --version",
      );
      expect(replaced.stdout + replaced.stderr).toMatch(/sudo-rs/u);
    }, patient(180_000));
    afterAll(() => lab?.close());

    test("without a password, and with the right one", async () => {
      const free = await login("free");
      expect(await output(free, "id -u")).toBe("0\n");
      free.close();
      const asked = await login("asked", "pass 'wörd");
      const result = await asked.runScript("id -u; cat; echo err >&2", QUICK);
      // Nothing of the password or the prompt is left over for the script or the caller.
      expect([result.stdout.toString(), result.stderr.trim()]).toEqual(["0\n", "err"]);
      asked.close();
    });

    test("a wrong password is tried once", async () => {
      const begin = Math.floor(Date.now() / 1000 - 1);
      const connection = await login("asked", "wrong-s3cret");
      const error: unknown = await connection.runScript("id -u", QUICK).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: "escalation",
        message: expect.stringMatching(/^the sudo password is wrong for asked; it was tried once/u),
      });
      expect(inspect(error, { depth: 9 })).not.toMatch(/wrong-s3cret|-password:/u);
      const { stdout } = await host.exec(
        `journalctl --since=@${begin} --no-pager -q | grep -c 'pam_unix(sudo:auth): authentication failure'`,
      );
      expect(stdout.trim()).toBe("1");
      connection.close();
    });

    test.each([
      ["asked", undefined, /sudo wants a password from asked, and none was given/u, /NOPASSWD/u],
      ["nobody-special", undefined, /sudo does not allow nobody-special to become root/u, /sudoers/u],
      ["named", "pass", /sudo does not allow named to become root/u, /sudoers/u],
      ["locked", "pass", /sudo refuses locked: the account has expired/u, /renew/u],
    ])("%s with password %j", async (user, password, message, hint) => {
      // An expired account is not let in, so sudo is asked on the way in of another.
      if (user === "locked") await host.exec("chage -E -1 locked");
      const connection = await login(user, password);
      if (user === "locked") await host.exec("chage -E 0 locked");
      await expect(connection.runScript("id -u", QUICK)).rejects.toMatchObject({
        code: "escalation",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
      connection.close();
    });
  },
);
