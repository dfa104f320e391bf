/** explain on real hosts: what it says is what the host's own accounts and versions make of the policy. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentOf, openDesk, type Desk } from "../e2e/curfew.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";

const POLICY = `
name: explained
controls: [sshd, shell-timeout, watchdog]
defaults: {client_idle_timeout: 15m, unresponsive_timeout: 3m}
roles:
  vendor: {groups: ["domain vendors"], client_idle_timeout: 5m}
  elsewhere: {users: [vera], hosts: [other], client_idle_timeout: 1m}
exemptions:
  - {name: old, users: [vera], justification: j, owner: o, expires: 2020-01-01}
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`explain${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let desk: Desk;

  beforeAll(async () => {
    lab = await openLab();
    const users = [{ name: "vera", groups: ["domain vendors"] }, { name: "dora" }];
    const hosts = [
      await lab.host({ release: "bullseye", name: "old", users }),
      await lab.host({ release: "sid", name: "new1", users }),
    ];
    desk = await openDesk(lab, hosts, POLICY);
    const groups = hosts.map(({ name }) => `    ${name}:\n`).join("");
    await desk.setInventory(
      `all:\n  vars: {ansible_user: root}\n  hosts:\n${groups}  children:\n    other:\n      hosts:\n`,
    );
  });
  afterAll(() => lab?.close());

  const explain = async (who: string) => {
    const call = await desk.run(["explain", who, "--json"]);
    expect(call.exitCode, call.stderr).toBe(0);
    return documentOf(call).hosts[0];
  };
  const endings = (explained: any): Record<string, string> =>
    Object.fromEntries(
      explained.onHost.sessions.map((each: any) => [
        each.kind,
        each.uncaught ?? each.endedBy.map((end: any) => `${end.within} ${end.control}`).join(", "),
      ]),
    );

  test("a member of a role on OpenSSH 8.4: groups from the host, limits, exemptions, sessions", async () => {
    const explained = await explain("vera@old");
    expect(explained.groups).toEqual(["domain vendors"]);
    expect(explained.limits.idle).toEqual({ seconds: 300, from: "vendor" });
    expect(explained.roles.find((each: any) => each.role === "elsewhere").applies).toBe("no");
    expect(explained.exemptions).toMatchObject([{ name: "old", state: "expired" }]);
    expect(explained.onHost).toMatchObject({ account: "found", pending: expect.any(Number) });
    const said = endings(explained);
    expect(said).toMatchObject({ tmux: "322 watchdog", "output-loop": "322 watchdog" });
    expect(said["idle-shell"]).toMatch(/^300 shell-timeout/u);
    expect(said["idle-command"]).toMatch(/ChannelTimeout in OpenSSH 9\.2/u);
  });

  test("the same on OpenSSH 10.6: sshd ends more", async () => {
    expect(endings(await explain("vera@new1"))).toMatchObject({
      "idle-command": "300 sshd",
      "idle-sftp": "300 sshd",
    });
  });

  test("somebody without a role, and somebody without an account", async () => {
    expect((await explain("dora@new1")).limits.idle).toEqual({ seconds: 900, from: "default" });
    expect((await explain("nobody-here@new1")).onHost.account).toBe("missing");
  });

  test("for people, and mistakes", async () => {
    const text = await desk.run(["explain", "vera@new1"]);
    expect(text.stdout).toMatch(/^vera, in domain vendors on new1 {2}Debian/u);
    expect(text.stdout).toMatch(/tmux +○ 5m22s watchdog/u);
    const wrong = await desk.run(["explain", "vera@new2"]);
    expect([wrong.exitCode, wrong.stderr]).toEqual([64, expect.stringContaining('did you mean "new1"?')]);
    const alone = await desk.run(["explain", "vera", "--groups", "domain vendors"]);
    expect([alone.exitCode, alone.stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringContaining("from the policy alone"),
    ]);
  });
});
