/** OpenSSH 8.0, as RHEL 8 has it: no Include, and no answer to `sshd -T` that does not tell what each Match asks for. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { asOpenSsh80 } from "../lab/openssh-80.ts";
import { canLogIn, type Desk, documentOf, openDesk, outcomes } from "./curfew.ts";
import { patient } from "../patience.ts";

const POLICY = `
name: rhel8
controls: [sshd, shell-timeout]
defaults: { client_idle_timeout: 15m }
roles:
  vendor: { groups: [ext], client_idle_timeout: 5m }
`;

/** Each criterion once: 8.0 has to be told what every one of them asks for. */
const MAIN = `PermitRootLogin prohibit-password
UsePAM yes
Subsystem sftp /usr/lib/openssh/sftp-server
Match LocalPort 2222
  X11Forwarding no
Match Host *.example.org
  X11Forwarding no
Match Address 192.0.2.0/24
  X11Forwarding no
Match LocalAddress 192.0.2.1
  X11Forwarding no
Match User nobody
  PermitTTY no
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`OpenSSH 8.0${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({
      release: "bullseye",
      users: [{ name: "vera", groups: ["ext"] }, { name: "olga" }],
      files: { "/etc/ssh/sshd_config": MAIN },
      prepare: asOpenSsh80,
    });
    desk = await openDesk(lab, [host], POLICY);
  });
  afterAll(() => lab?.close());

  test("the stand-in refuses what 8.0 refuses", async () => {
    const asked = async (options: string): Promise<string> => {
      const { exitCode, stderr } = await host.exec(`sshd -T ${options}`);
      return `${exitCode} ${stderr.trim()}`;
    };
    const missing = (criterion: string, word: string): string =>
      `255 'Match ${criterion}' in configuration but '${word}' not in connection test specification.`;
    expect(await asked("")).toBe(missing("LocalPort", "lport"));
    expect(await asked("-C user=vera,lport=22")).toBe(missing("Host", "host"));
    expect(await asked("-C user=vera,host=h,addr=192.0.2.7,laddr=192.0.2.8,lport=22")).toBe("0 ");
    expect((await host.exec("sshd -V 2>&1 | grep -o OpenSSH_8.0p1")).stdout).toBe("OpenSSH_8.0p1\n");
  });

  test("apply is confirmed, changes nothing a second time, and everybody gets in", async () => {
    const call = await desk.run(["apply", "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
    expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "unchanged" });
    for (const user of ["root", "vera"]) expect(await canLogIn(lab, host, user), user).toBe(true);
  });

  test("audit has sshd's answers", async () => {
    const call = await desk.run(["audit", "--json"]);
    const [audited] = documentOf(call).hosts;
    const said = audited.findings.filter((each: { check: string }) => each.check === "sshd-effective");
    expect(said.length, call.stdout).toBeGreaterThan(0);
    for (const finding of said) expect(finding).toMatchObject({ outcome: "pass", evidence: "effective" });
    expect(call.stdout).not.toContain("connection test specification");
  });

  test("verify has its shadow instance", { timeout: patient(120_000) }, async () => {
    const sessions = ["verify", "--scaled", "15", "--sessions", "idle-shell", "--json"];
    const call = await desk.run(sessions);
    const [verified] = documentOf(call).hosts;
    expect(verified.probes.length, call.stdout).toBe(2);
    for (const probe of verified.probes) {
      expect(probe, probe.reason).toMatchObject({ via: "shadow", outcome: "pass", by: "TMOUT" });
    }
  });
});
