/** What daily use asks for: files of this folder, hosts by name, saved plans, in the order a person expects. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { savePlan } from "../../src/store/run/plan-file.ts";
import { failedPlan, hostPlan, plan } from "../fixtures/plans.ts";
import { runHere } from "./run-here.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-daily-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(directory, name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return path;
}

function curfew(where: string, ...given: readonly string[]) {
  const environment = { HOME: directory, XDG_STATE_HOME: join(directory, "state") };
  return runHere(given, { directory: where, environment });
}

const POLICY = "name: here\ndefaults: {client_idle_timeout: 10m}\n";
const INVENTORY = "all:\n  hosts:\n    root@no: \n";
const UNREACHABLE = "all: {hosts: {one: {ansible_host: 127.0.0.1, ansible_port: 1, ansible_user: root}}}\n";

describe("without -p and -i", () => {
  test("the files that init wrote are used, and said", async () => {
    const where = await folder("starter", { "policy.yaml": POLICY, "inventory.yaml": UNREACHABLE });
    const { stderr, exitCode } = await curfew(where, "plan");
    expect(stderr).toContain("no -i was given: using inventory.yaml\n");
    expect(stderr).toContain("no -p was given: using policy.yaml\n");
    expect(exitCode).toBe(3);
    const explained = await curfew(where, "explain", "alice");
    expect(explained).toMatchObject({ exitCode: 0, stderr: "no -p was given: using policy.yaml" });
    expect(explained.stdout).toContain("10m");
    expect((await curfew(where, "explain", "alice", "-q")).stderr).toBe("");
  });

  test("curfew.yaml names them, wherever they are", async () => {
    const where = await folder("project", {
      "curfew.yaml": "policy: p/mine.yaml\ninventory: [p/hosts, root@127.0.0.1:1]\n",
      "policy.yaml": "not: [this\n",
    });
    await folder("project/p", { "mine.yaml": POLICY, hosts: "bad host\n" });
    const { stderr, exitCode } = await curfew(where, "plan");
    expect(stderr).toContain("no -i was given: using p/hosts, root@127.0.0.1:1\n");
    expect(stderr).toContain('p/hosts:1:1: "bad host": one host per line');
    expect(exitCode).toBe(64);
  });

  test("curfew.yaml may be the policy itself", async () => {
    const where = await folder("policy-itself", { "curfew.yaml": POLICY, "policy.yaml": "not: [this\n" });
    expect(await curfew(where, "explain", "alice")).toMatchObject({
      exitCode: 0,
      stderr: "no -p was given: using curfew.yaml",
    });
  });

  test("a curfew.yaml that is no such file is an input error", async () => {
    const where = await folder("wrong", { "curfew.yaml": "policy: [a, b]\n" });
    expect(await curfew(where, "explain", "alice")).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining("curfew.yaml: policy is the name of a file"),
    });
  });

  test("what is given counts, and where nothing is there it is asked for", async () => {
    const where = await folder("empty", {});
    expect((await curfew(where, "plan")).stderr).toContain("required option -i, --inventory not given");
    const given = await folder("given", { "policy.yaml": "not: [this\n", "other.yaml": POLICY });
    expect(await curfew(given, "explain", "alice", "-p", "other.yaml")).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
  });

  test("bad input is said before a missing terminal", async () => {
    const where = await folder("order", {
      "policy.yaml": "not: [this\n",
      "inventory.yaml": UNREACHABLE,
      bad: INVENTORY,
    });
    expect((await curfew(where, "apply")).stderr).toContain("policy.yaml:2:1: not valid YAML");
    expect((await curfew(where, "revert", "-i", "bad")).stderr).toContain("is not a host name");
    await writeFile(join(where, "policy.yaml"), POLICY);
    expect((await curfew(where, "apply")).stderr).toContain("there is no terminal to ask on");
    expect((await curfew(where, "wizard", "web1:0")).stderr).toContain('"0" is not a port');
  });
});

describe("accounts of a directory", () => {
  const policy = `name: here
defaults: {client_idle_timeout: 10m}
roles:
  windows: {users: ['EXAMPLE\\jdoe', jdoe@corp.example.com], client_idle_timeout: 5m}
  teams: {groups: ['EXAMPLE\\domain users'], client_idle_timeout: 7m}
  loose: {users: [x], client_idle_timeout: 30m}
`;

  test.each([
    [["EXAMPLE\\jdoe"], "5m", "windows"],
    [["jdoe@corp.example.com"], "5m", "windows"],
    [["jdoe@corp.example.com", "-i", "web1,"], "5m", "windows"],
    [["other@corp.example.com"], "10m", "default"],
    [["EXAMPLE\\other", "--groups", "EXAMPLE\\domain users"], "7m", "teams"],
    [["other@corp.example.com", "-i", "web1,", "--groups", "EXAMPLE\\domain users"], "7m", "teams"],
  ])("explain %j", async (words, limit, role) => {
    const where = await folder("directory", { "mine.yaml": policy });
    const { stdout, stderr, exitCode } = await curfew(
      where,
      "explain",
      "-p",
      "mine.yaml",
      ...words,
      "--json",
    );
    expect(exitCode).toBe(0);
    const { summary } = JSON.parse(stdout) as { summary: { user: string; limits: { idle: object } } };
    const seconds = Number.parseInt(limit, 10) * 60;
    expect(summary).toMatchObject({ user: words[0], limits: { idle: { seconds, from: role } } });
    // A looser role is without effect, and that is said whoever is asked about.
    expect(stderr).toContain("client_idle_timeout 30m is longer than the 10m of defaults, so 10m holds");
  });

  test("a host that is not in the inventory is a mistake", async () => {
    const where = await folder("directory", { "mine.yaml": policy });
    const { stderr, exitCode } = await curfew(
      where,
      "explain",
      "-p",
      "mine.yaml",
      "-i",
      "web1,",
      "alice@wbe1",
    );
    expect(stderr).toContain('"wbe1" is not a host of the inventory, did you mean "web1"?');
    expect(exitCode).toBe(64);
  });

  test.each(["\\jdoe", "EXAMPLE\\", "A\\\\b", "A\\ b"])("%j is refused", async (name) => {
    const where = await folder("refused", {
      "mine.yaml": JSON.stringify({ name: "x", roles: { r: { users: [name] } } }),
    });
    expect((await curfew(where, "explain", "-p", "mine.yaml", "a")).exitCode).toBe(64);
  });
});

describe("without a host, explain says what ends the sessions on a typical one of each version", () => {
  interface Typical {
    readonly systems: readonly string[];
    readonly sessions: readonly {
      kind: string;
      endedBy: readonly { control: string; within: number }[];
      uncaught?: string;
    }[];
  }

  test("as the starter file promises", async () => {
    const where = await folder("typical", {});
    await curfew(where, "init");
    const { stdout } = await curfew(where, "explain", "alice");
    expect(stdout).toContain("Idle sessions on hosts as they are installed (yours may differ)");
    expect(stdout).toMatch(
      /Debian 11, Ubuntu 22\.04, RHEL 9\n +15m shell-timeout: idle-shell\n +3m sshd: frozen-client/u,
    );
    const json = await curfew(where, "explain", "alice", "--groups", "sudo", "--json");
    const [{ typical }] = (JSON.parse(json.stdout) as { hosts: [{ typical: Typical[] }] }).hosts;
    const ended = (system: string, kind: string): readonly [string | undefined, number | undefined] => {
      const session = typical
        .find(({ systems }) => systems.includes(system))
        ?.sessions.find((each) => each.kind === kind);
      return [session?.endedBy[0]?.control, session?.endedBy[0]?.within];
    };
    // enforcement.md: below 8.2 ClientAlive with a count of 0; to 9.1 sshd has nothing; then ChannelTimeout.
    expect(ended("RHEL 8", "idle-command")).toEqual(["sshd", 600]);
    expect(ended("Debian 11", "idle-command")).toEqual([undefined, undefined]);
    expect(ended("Debian 11", "idle-shell")).toEqual(["shell-timeout", 600]);
    expect(ended("OpenSSH 10.5 and later", "idle-command")).toEqual(["sshd", 600]);
    for (const system of ["RHEL 8", "Debian 11", "Debian 12", "Debian 13"])
      expect(ended(system, "output-loop")).toEqual([undefined, undefined]);
  });

  test("logind ends nothing where systemd does not see who is idle, and who is exempt is let be", async () => {
    const policy = `name: x
controls: [logind]
defaults: {client_idle_timeout: 10m}
exemptions:
  - {name: n, users: [free], justification: j, owner: o, expires: 2999-01-31}
`;
    const where = await folder("typical-logind", { "policy.yaml": policy });
    const { stdout } = await curfew(where, "explain", "alice");
    expect(stdout).toMatch(/RHEL 9.*\n +10m logind: /u);
    expect(stdout).toMatch(/Debian 13.*\n +nothing ends: idle-shell/u);
    expect((await curfew(where, "explain", "free")).stdout).not.toContain("10m logind");
  });
});

test("-i root@HOST is a host", async () => {
  const where = await folder("host", { "policy.yaml": POLICY });
  const { stdout, exitCode } = await curfew(where, "plan", "-i", "root@127.0.0.1:1", "--json");
  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ hosts: [{ host: "127.0.0.1", outcome: "unknown" }] });
});

describe("curfew show", () => {
  const long = `# Managed by curfew: do not edit\n${"line\n".repeat(200)}`;
  const hosts = Array.from({ length: 40 }, (_, index) => {
    const [change] = hostPlan("a").changes;
    const name = `web${String(index + 1).padStart(3, "0")}`;
    return hostPlan(name, {
      changes: [change!, { ...change!, path: "/etc/own", after: { ...change!.after!, content: long } }],
    });
  });

  test("shows a saved plan as plan did: hosts folded, long files of curfew's own as one line", async () => {
    const where = await folder("show", {});
    await savePlan(join(where, "plan.json"), plan([...hosts, failedPlan("db1")]));
    const { stdout, exitCode } = await curfew(where, "show", "plan.json");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("web[001-040] (40 hosts)  Debian GNU/Linux 12");
    expect(stdout).toContain("+ClientAliveInterval 90");
    expect(stdout).toMatch(/curfew's own file, 201 lines, sha256 [0-9a-f]{12}; -v shows the text/u);
    expect(stdout.split("\n").length).toBeLessThan(40);
    expect(stdout).toContain("Plan: 40 to change, 0 unchanged, 1 cannot be judged");
    const verbose = await curfew(where, "show", "plan.json", "-v");
    expect(verbose.stdout.match(/^ +\+line$/gmu)).toHaveLength(200);
    expect(verbose.stdout).toContain("web001, web002, web003");
    const json = await curfew(where, "show", "plan.json", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: "curfew/plan/1", summary: {} });
  });

  test("a file that is no plan is refused", async () => {
    const where = await folder("no-plan", { "policy.yaml": POLICY });
    expect(await curfew(where, "show", "policy.yaml")).toMatchObject({ exitCode: 64, stdout: "" });
    expect((await curfew(where, "show", "none.json")).stderr).toContain("there is no such plan file");
  });
});
