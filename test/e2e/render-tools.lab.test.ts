/** What `render` writes for other tools, given to those tools: Debian's Ansible and its linter, and cloud-init. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debianTools, FOR_RENDER, PYTHON, toolEnvironment } from "../lab/debian-tools.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { canLogIn, documentOf, etcDifferences, openDesk, runCurfew, type Desk } from "./curfew.ts";
import { patient } from "../patience.ts";

// The packages are those of the Debian that the hosts run, so that its Python is theirs.
const unavailable =
  labUnavailable() ?? (existsSync("/usr/bin/python3.11") ? null : "needs Debian 12 with Python 3.11");
const [tools, python] =
  unavailable === null ? await Promise.all([fetched(FOR_RENDER, false), fetched(PYTHON, true)]) : ["", ""];
const lacks =
  unavailable ??
  (tools === "" || python === "" ? "the packages of Ansible could not be had from Debian" : null);

function fetched(names: readonly string[], alone: boolean): Promise<string> {
  return debianTools(names, alone).catch(() => "");
}

const POLICY = `name: rendered
controls: [sshd, shell-timeout, logind, watchdog]
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 5m, warn_before: 1m }
roles:
  vendor: { users: [ada], groups: [ext], client_idle_timeout: 5m }
`;

describe.skipIf(lacks !== null)(`render for other tools${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  let folder: string;
  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({
      release: "bookworm",
      users: [{ name: "ada", groups: ["ext"] }],
      prepare: givePython,
    });
    desk = await openDesk(lab, [host], POLICY);
    folder = await mkdtemp(join(tmpdir(), "curfew-render-tools-"));
    const target = `root@${host.name}`;
    const facts = await runCurfew(lab, ["check", "--ssh-config", lab.sshConfigPath, target, "--json"]);
    await writeFile(join(folder, "facts.json"), facts.stdout);
    await mkdir(join(folder, "roles"));
    await render("ansible", "roles/curfew");
  }, patient(240_000));
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await lab.close();
  });

  const render = async (as: string, name: string): Promise<string> => {
    const path = join(folder, name);
    const facts = ["--facts", join(folder, "facts.json")];
    const call = await runCurfew(lab, ["render", "-p", desk.policy, ...facts, "--as", as, "-o", path]);
    expect(call.exitCode, call.stderr).toBe(0);
    return path;
  };
  const tool = (name: string, ...args: readonly string[]) =>
    execa("/usr/bin/python3", [join(tools, "usr/bin", name), ...args], {
      cwd: folder,
      env: {
        ...toolEnvironment(tools),
        HOME: folder,
        ANSIBLE_ROLES_PATH: join(folder, "roles"),
        ANSIBLE_PIPELINING: "1",
      },
      all: true,
      reject: false,
    });

  test(
    "ansible-lint finds nothing in the role",
    async () => {
      const { exitCode, all } = await tool("ansible-lint", "--offline", "--nocolor", "roles/curfew");
      expect(exitCode, all).toBe(0);
    },
    patient(120_000),
  );

  test(
    "cloud-init accepts the user data",
    async () => {
      const { exitCode, all } = await tool(
        "cloud-init",
        "schema",
        "--config-file",
        await render("cloud-init", "user-data"),
      );
      expect(exitCode, all).toBe(0);
      expect(all).toContain("Valid");
    },
    patient(60_000),
  );

  test(
    "Ansible leaves no drift, and changes nothing the second time; revert takes it away",
    async () => {
      const clean = await host.etcDigest();
      await writeFile(join(folder, "site.yml"), "- hosts: all\n  gather_facts: false\n  roles: [curfew]\n");
      const options = [`ansible_user=root`, `ansible_ssh_common_args='-F ${lab.sshConfigPath}'`];
      await writeFile(join(folder, "hosts"), `${host.name} ${options.join(" ")}\n`);
      const first = await tool("ansible-playbook", "-i", "hosts", "site.yml");
      expect(first.exitCode, first.all).toBe(0);
      const plan = await desk.run(["plan", "--json"]);
      expect(documentOf(plan).hosts[0].changes, first.all).toEqual([]);
      const [audited] = documentOf(await desk.run(["audit", "--json", "--no-history"])).hosts;
      const rendered = audited.findings.filter(
        ({ check }: { check: string }) => check === "files-as-rendered",
      );
      expect(rendered.length).toBeGreaterThan(0);
      expect(rendered.filter(({ outcome }: { outcome: string }) => outcome !== "pass")).toEqual([]);
      expect((await host.exec("systemctl is-active curfew-watchdog.timer")).stdout).toBe("active\n");
      expect(await canLogIn(lab, host)).toBe(true);
      const again = await tool("ansible-playbook", "-i", "hosts", "site.yml");
      expect(again.all).toMatch(/changed=0 .*failed=0/u);
      const reverted = await desk.run(["revert", "--yes"]);
      expect(reverted.exitCode, reverted.stderr).toBe(0);
      expect(etcDifferences(clean, await host.etcDigest())).toEqual([]);
    },
    patient(300_000),
  );
});

/** Ansible needs one on the host; the images have none. */
async function givePython(root: string): Promise<void> {
  for (const [from, to] of [
    ["usr", "usr"],
    ["lib", "usr/lib"],
  ] as const) {
    if (existsSync(join(python, from))) await execa("cp", ["-a", `${join(python, from)}/.`, join(root, to)]);
  }
}
