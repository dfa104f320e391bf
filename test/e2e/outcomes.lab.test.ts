/** A mixed fleet with one trouble per host: a precise outcome each, the others unharmed. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patient } from "../patience.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Call, type Desk, documentOf, openDesk, outcomes } from "./curfew.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const POLICY = `
name: outcomes
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], groups: [operators], client_idle_timeout: 10m }
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`outcomes${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let desk: Desk;
  let sound: LabHost;
  let plain: LabHost;

  beforeAll(async () => {
    lab = await openLab();
    const users = [
      { name: "ops", sudo: "nopasswd", groups: ["operators"] },
      { name: "pia", sudo: "password", password: "correct horse" },
      { name: "dev", sudo: "none" },
    ] as const;
    [sound, plain] = (await Promise.all([
      lab.host({ release: "trixie", name: "sound", users }),
      lab.host({
        release: "bullseye",
        name: "plain",
        users,
        files: {
          "/etc/profile.d/00-aaa.sh": "TMOUT=0\nreadonly TMOUT\n",
          "/etc/ssh/sshd_config.d/00-00-alpha.conf": "ClientAliveInterval 999\n",
        },
      }),
    ])) as [LabHost, LabHost];
    await lab.host({ release: "bookworm", name: "stranger" });
    desk = await openDesk(lab, [sound], POLICY);
  });
  afterAll(() => lab?.close());

  const host = (name: string, vars: string): string => `    ${name}: { ${vars} }\n`;
  const inventory = (...lines: string[]): Promise<void> =>
    desk.setInventory(`all:\n  hosts:\n${lines.join("")}`);
  const errorOf = (call: Call, name: string): { code: string; message: string; hint?: string } =>
    documentOf(call).hosts.find((entry: { host: string }) => entry.host === name)?.error;
  const APPLY = [
    "apply",
    "--yes",
    "--json",
    "--waves",
    "100%",
    "--max-fail",
    "9",
    "--connect-timeout",
    `${patient(4)}s`,
  ];

  test("unreachable, changed host key and no sudo: each named, the sound one confirmed, exit 3", async () => {
    await changeKnownKey(lab, "stranger");
    await inventory(
      host("sound", "ansible_user: root"),
      host("gone", "ansible_host: 10.77.255.254, ansible_user: root"),
      host("stranger", "ansible_user: root"),
      host("plain", "ansible_user: dev"),
    );
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({
      sound: "confirmed",
      gone: "unknown",
      stranger: "failed",
      plain: "failed",
    });
    expect(call.exitCode).toBe(3);
    expect(["unreachable", "host-key"]).toContain(errorOf(call, "gone").code);
    expect(errorOf(call, "stranger").code).toBe("host-key");
    expect(errorOf(call, "stranger").message).toMatch(/SHA256:/);
    expect(errorOf(call, "plain").code).toBe("escalation");
    for (const entry of ["gone", "stranger", "plain"]) expect(errorOf(call, entry).hint, entry).toBeTruthy();
    expect((await plain.exec("ls /var/lib/curfew")).exitCode).not.toBe(0);
    expect((await desk.run(["revert", "--yes", "--json", "-l", "sound"])).exitCode).toBe(0);
  });

  test("a user with sudo NOPASSWD works like root", async () => {
    await inventory(host("sound", "ansible_user: ops, ansible_become: true"));
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ sound: "confirmed" });
    expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({ sound: "confirmed" });
  });

  test("a sudo password is given once, and is found nowhere afterwards", async () => {
    await inventory(host("sound", "ansible_user: pia, ansible_become: true"));
    const secret = join(desk.dir, "secret");
    await writeFile(secret, "correct horse\n", { mode: 0o600 });
    const refused = await desk.run(APPLY);
    expect(errorOf(refused, "sound").code).toBe("escalation");
    const call = await desk.run([...APPLY, "--become-pass-file", secret]);
    expect(outcomes(call), call.stderr).toEqual({ sound: "confirmed" });
    expect(call.stdout + call.stderr).not.toContain("correct horse");
    const { stdout } = await sound.exec(
      "grep -rlF 'correct horse' /var /etc /run /tmp 2>/dev/null; journalctl --no-pager | grep -cF 'correct horse'",
    );
    expect(stdout.trim()).toBe("0");
    const wrong = join(desk.dir, "wrong");
    await writeFile(wrong, "wrong horse\n", { mode: 0o600 });
    const denied = await desk.run(["revert", "--yes", "--json", "--become-pass-file", wrong]);
    expect(errorOf(denied, "sound").code).toBe("escalation");
    expect(outcomes(await desk.run(["revert", "--yes", "--json", "--become-pass-file", secret]))).toEqual({
      sound: "confirmed",
    });
  });

  test("a foreign readonly TMOUT and a foreign ClientAliveInterval that come first are named with file and line", async () => {
    await inventory(host("plain", "ansible_user: root"));
    const call = await desk.run(["plan", "--json"]);
    const findings = JSON.stringify(documentOf(call).hosts[0]?.findings);
    expect(findings, call.stderr).toContain("/etc/profile.d/00-aaa.sh:");
    expect(call.exitCode).toBe(2);
  });

  test("a rival that sorts after ours does not matter; ours wins and is confirmed", async () => {
    await plain.exec(
      "rm /etc/profile.d/00-aaa.sh; cd /etc/ssh/sshd_config.d; mv 00-00-alpha.conf 50-alpha.conf",
    );
    await inventory(host("plain", "ansible_user: root"));
    const call = await desk.run(APPLY);
    expect(outcomes(call), call.stderr).toEqual({ plain: "confirmed" });
    expect((await plain.exec("sshd -T")).stdout).toContain("clientaliveinterval 90");
    expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({ plain: "confirmed" });
    expect((await plain.exec("sshd -T")).stdout).toContain("clientaliveinterval 999");
  });

  test("plan, save, apply the saved plan; refused once anything changed", async () => {
    await inventory(host("sound", "ansible_user: root"));
    const file = join(desk.dir, "plan.json");
    expect((await desk.run(["plan", "-o", file])).exitCode).toBe(2);
    const text = await readFile(file, "utf8");
    await sound.exec("echo '# touched' >>/etc/ssh/sshd_config");
    const stale = await desk.run(["apply", file, "--yes", "--json"]);
    expect(errorOf(stale, "sound").code, stale.stderr).toBe("stale-plan");
    expect(stale.exitCode).toBe(3);
    const pending = await desk.run(["apply", "--yes", "--json"]);
    expect(errorOf(pending, "sound").message).toMatch(/sshd_config changed after sshd read it .* reload/u);
    await sound.exec(`sed -i '$d' /etc/ssh/sshd_config; ${RELOAD_SSHD}`);
    await desk.setPolicy(POLICY.replace("10m", "9m"));
    expect((await desk.run(["apply", file, "--yes", "--json"])).exitCode).not.toBe(0);
    await desk.setPolicy(POLICY);
    await writeFile(file, text.replace("00-00-curfew.conf", "99-99-curfew.conf"));
    expect((await desk.run(["apply", file, "--yes", "--json"])).exitCode).toBe(64);
    await writeFile(file, text);
    const call = await desk.run(["apply", file, "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ sound: "confirmed" });
    expect(outcomes(await desk.run(["revert", "--yes", "--json"]))).toEqual({ sound: "confirmed" });
  });

  test("a canary that fails keeps the other waves closed", async () => {
    await inventory(
      host("gone", "ansible_host: 10.77.255.254, ansible_user: root"),
      host("sound", "ansible_user: root"),
    );
    const call = await desk.run(["apply", "--yes", "--json", "--waves", "1,100%", "--connect-timeout", "3s"]);
    expect(outcomes(call)).toEqual({ gone: "unknown", sound: "skipped" });
    expect(call.exitCode).toBe(3);
  });
});

/** Puts another host's key where this host's was, as after a reinstallation or an attack. */
async function changeKnownKey(lab: Lab, name: string): Promise<void> {
  const lines = (await readFile(lab.knownHostsPath, "utf8")).split("\n");
  const other = lines
    .find((line) => !line.startsWith(name) && line.includes("ssh-ed25519"))
    ?.split(" ")
    .slice(1)
    .join(" ");
  const kept = lines.filter((line) => !line.split(" ")[0]?.split(",").includes(name));
  const address = lines.find((line) => line.split(" ")[0]?.split(",").includes(name))?.split(" ")[0] ?? name;
  await writeFile(lab.knownHostsPath, [...kept, `${address} ${other}`, ""].join("\n"));
}
