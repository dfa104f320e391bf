/** `curfew render`: what it writes leaves a real host as `apply` would, and takes everything back where sshd refuses. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { canLogIn, documentOf, etcDifferences, openDesk, runCurfew, type Call, type Desk } from "./curfew.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();

const POLICY = `name: rendered
controls: [sshd, shell-timeout, logind, watchdog]
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 5m, warn_before: 1m }
roles:
  admin: { groups: [sudo], client_idle_timeout: 10m }
  vendor: { users: [ada], groups: [ext], client_idle_timeout: 5m }
`;

describe.skipIf(lacks !== null)(`render${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  let folder: string;
  let clean: Record<string, string>;
  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({ release: "bookworm", users: [{ name: "ada", groups: ["ext"] }] });
    desk = await openDesk(lab, [host], POLICY);
    folder = await mkdtemp(join(tmpdir(), "curfew-render-lab-"));
    const facts = await runCurfew(lab, [
      "check",
      "--ssh-config",
      lab.sshConfigPath,
      `root@${host.name}`,
      "--json",
    ]);
    await writeFile(join(folder, "facts.json"), facts.stdout);
    clean = await host.etcDigest();
  }, patient(120_000));
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await lab.close();
  });

  const render = async (as: string, name: string, ...more: readonly string[]): Promise<string> => {
    const path = join(folder, name);
    const facts = more.includes("--for") ? [] : ["--facts", join(folder, "facts.json")];
    const call = await runCurfew(lab, [
      "render",
      "-p",
      desk.policy,
      ...facts,
      "--as",
      as,
      "-o",
      path,
      ...more,
    ]);
    expect(call.exitCode, call.stderr).toBe(0);
    return path;
  };
  /** Nothing that apply would change, and every file as an audit wants it. */
  const noDrift = async (): Promise<void> => {
    const plan = await desk.run(["plan", "--json"]);
    expect(documentOf(plan).hosts[0].changes, plan.stderr).toEqual([]);
    const audit: Call = await desk.run(["audit", "--json", "--no-history"]);
    const [audited] = documentOf(audit).hosts;
    const files = audited.findings.filter(({ check }: { check: string }) => check === "files-as-rendered");
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(({ outcome }: { outcome: string }) => outcome !== "pass")).toEqual([]);
    expect(await canLogIn(lab, host)).toBe(true);
  };
  const backToClean = async (): Promise<void> => {
    const { exitCode, stderr } = await desk.run(["revert", "--yes"]);
    expect(exitCode, stderr).toBe(0);
    expect(etcDifferences(clean, await host.etcDigest())).toEqual([]);
  };

  test(
    "the script leaves no drift, changes nothing the second time, and revert takes it away",
    async () => {
      const text = await readFile(await render("shell", "curfew.sh"), "utf8");
      await host.writeFile("/root/curfew.sh", text, 0o700);
      const looked = await host.exec("sh /root/curfew.sh --check");
      expect(looked.stdout).toContain("curfew: writes /etc/ssh/sshd_config.d/00-00-curfew.conf\n");
      expect(etcDifferences(clean, await host.etcDigest())).toEqual([]);
      const first = await host.exec("sh /root/curfew.sh");
      expect(first.exitCode, first.stderr + first.stdout).toBe(0);
      await noDrift();
      expect((await host.exec("systemctl is-active curfew-watchdog.timer")).stdout).toBe("active\n");
      const again = await host.exec("sh /root/curfew.sh");
      expect(again).toMatchObject({
        exitCode: 0,
        stdout: "curfew: everything is in place; nothing was changed\n",
      });
      await backToClean();
    },
    patient(240_000),
  );

  test(
    "whatever sshd refuses is taken back, and sshd goes on",
    async () => {
      const text = await readFile(await render("shell", "bad.sh"), "utf8");
      await host.writeFile(
        "/root/bad.sh",
        text.replace("    ClientAliveInterval", "    Bogus yes\n    ClientAliveInterval"),
      );
      const { exitCode, stderr } = await host.exec("sh /root/bad.sh");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("sshd refuses the configuration: ");
      expect(stderr).toContain("every file is as it was before");
      expect(etcDifferences(clean, await host.etcDigest())).toEqual([]);
      expect(await canLogIn(lab, host)).toBe(true);
    },
    patient(120_000),
  );

  test(
    "files for another system are refused, and nothing is changed",
    async () => {
      for (const system of ["debian11", "debian13", "rhel9"]) {
        const text = await readFile(await render("shell", `${system}.sh`, "--for", system), "utf8");
        await host.writeFile("/root/other.sh", text);
        const { exitCode, stderr } = await host.exec("sh /root/other.sh");
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(
          /^curfew: these files are for .*, and this is debian 12; nothing was changed/u,
        );
      }
      expect(etcDifferences(clean, await host.etcDigest())).toEqual([]);
    },
    patient(120_000),
  );

  test(
    "the folder and the archive: put in place from beside, and finished where they were unpacked in /",
    async () => {
      const path = await render("tar", "curfew.tar");
      await execa("tar", ["-C", await host.root(), "-xpf", path]);
      await host.exec("mkdir /root/out");
      const finished = await host.exec("sh /var/lib/curfew/render/install.sh");
      expect(finished.exitCode, finished.stderr + finished.stdout).toBe(0);
      expect((await host.exec("ls -d /var/lib/curfew")).exitCode).not.toBe(0);
      expect(finished.stdout).toContain("curfew: done");
      // The same from beside: everything is there already.
      await execa("tar", ["-C", join(await host.root(), "root/out"), "-xpf", path]);
      const beside = await host.exec("cd /root/out/var/lib/curfew/render && sh install.sh");
      expect(beside).toMatchObject({
        exitCode: 0,
        stdout: "curfew: everything is in place; nothing was changed\n",
      });
      await noDrift();
    },
    patient(240_000),
  );
});
