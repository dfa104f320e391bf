/** `curfew render` without a host: the same bytes twice, modes and owners, what is refused, and nothing overwritten. */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTROLS } from "../../src/controls/index.ts";
import { SYSTEMS } from "../../src/core/render/systems.ts";
import { systemFacts } from "../../src/core/render/facts.ts";
import { planHost } from "../../src/core/plan/host.ts";
import { hostLimits } from "../../src/core/policy/host-limits.ts";
import { loadPolicy } from "../../src/config/policy/policy.ts";
import { CurfewError } from "../../src/model/terms/error.ts";
import { RENDER_FORMS } from "../../src/model/change/render.ts";
import { raw } from "../../src/report/render/ansible-task.ts";
import { host } from "../controls/facts-fixture.ts";
import { runHere } from "./run-here.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-render-"));
  await writeFile(join(directory, "policy.yaml"), POLICY);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const POLICY = `name: rendered
controls: [sshd, shell-timeout, logind, watchdog]
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 5m }
roles:
  admin: { groups: [sudo], client_idle_timeout: 10m }
  vendor: { users: [oneil], groups: ["domain vendors"], client_idle_timeout: 5m }
`;

function curfew(given: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return runHere(given, { directory, environment: { HOME: directory, ...environment } });
}
const render = (...given: readonly string[]) => curfew(["render", "-p", "policy.yaml", ...given]);

/** Every file below a folder, or the file itself, by path: mode and bytes. */
async function contents(path: string): Promise<Record<string, string>> {
  if ((await stat(path)).isFile()) return { "": (await readFile(path)).toString("base64") };
  const names = await readdir(path, { recursive: true });
  const found: Record<string, string> = {};
  for (const name of names.toSorted()) {
    const state = await stat(join(path, name));
    const text = state.isFile() ? (await readFile(join(path, name))).toString("base64") : "";
    found[name] = `${(state.mode & 0o7777).toString(8)} ${text}`;
  }
  return found;
}

describe("what is written", () => {
  test.each(RENDER_FORMS.flatMap((form) => Object.keys(SYSTEMS).map((system) => [form, system] as const)))(
    "%s for %s: the same bytes twice, a header that says what was assumed",
    async (form, system) => {
      const names = [`${form}-${system}-1`, `${form}-${system}-2`];
      for (const name of names) {
        const { exitCode, stderr } = await render("--for", system, "--as", form, "-o", name);
        expect(exitCode, stderr).toBe(0);
        expect(stderr).toContain("Assumed:");
      }
      const [first, second] = await Promise.all(names.map((name) => contents(join(directory, name))));
      expect(first).toEqual(second);
      const all = Object.values(first ?? {}).map((each) =>
        Buffer.from(each.split(" ").at(-1) ?? "", "base64").toString(),
      );
      expect(all.join("")).toContain(
        `Rendered by curfew from the policy rendered, for ${SYSTEMS[system]?.label}`,
      );
    },
  );

  test("the archive has modes, owners and one time; SOURCE_DATE_EPOCH is that time", async () => {
    await curfew(["render", "-p", "policy.yaml", "--for", "debian12", "--as", "tar", "-o", "a.tar"], {
      SOURCE_DATE_EPOCH: "1700000000",
    });
    const { stdout, status } = spawnSync("tar", ["--utc", "-tvf", join(directory, "a.tar")], {
      encoding: "utf8",
    });
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.every((line) => line.includes(" root/root ") && line.includes(" 2023-11-14 22:13 "))).toBe(
      true,
    );
    expect(stdout).toMatch(/^-rw------- .* etc\/ssh\/sshd_config\.d\/00-00-curfew\.conf$/mu);
    expect(stdout).toMatch(/^-rw-r--r-- .* etc\/profile\.d\/00-curfew\.sh$/mu);
    expect(stdout).toMatch(/^drwx------ .* var\/lib\/curfew\/$/mu);
  });

  test("the script and the one of cloud-init are clean for shellcheck, and valid sh", async () => {
    await render("--for", "rhel8", "--as", "shell", "-o", "check.sh");
    await render("--for", "debian12", "--as", "dir", "-o", "checked");
    const files = ["check.sh", "checked/var/lib/curfew/render/install.sh"].map((name) =>
      join(directory, name),
    );
    const { stdout, status } = spawnSync("shellcheck", files, { encoding: "utf8" });
    if (status === null) return;
    expect(stdout).toBe("");
    for (const file of files) expect(spawnSync("sh", ["-n", file]).status).toBe(0);
  });

  test("the role and the user data are YAML with modes and owners", async () => {
    await render("--for", "rhel8", "--as", "ansible", "-o", "role");
    for (const name of ["defaults", "handlers", "meta", "tasks"]) {
      const text = await readFile(join(directory, "role", name, "main.yml"), "utf8");
      expect(text).toMatch(/^---\n# Rendered by curfew/u);
      expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
    }
    await render("--for", "ubuntu2404", "--as", "cloud-init", "-o", "user-data");
    const text = await readFile(join(directory, "user-data"), "utf8");
    expect(text.startsWith("#cloud-config\n")).toBe(true);
    const { write_files: files, runcmd } = parseYaml(text);
    const sshd = files.find(({ path }: { path: string }) =>
      path.endsWith("/etc/ssh/sshd_config.d/00-00-curfew.conf"),
    );
    expect(sshd).toMatchObject({ owner: "root:root", permissions: "0600" });
    expect(runcmd).toEqual([["sh", "/run/curfew-render/install.sh"]]);
  });

  test("RHEL 8 has no Include line: everything of sshd is a block of the main file, before its first Match", async () => {
    const { stdout } = await render("--for", "rhel8", "--as", "shell", "-o", "rhel8.sh", "--json");
    const { files, blocks } = JSON.parse(stdout);
    expect(files.map(({ path }: { path: string }) => path)).not.toContain(
      "/etc/ssh/sshd_config.d/00-00-curfew.conf",
    );
    expect(blocks).toContainEqual(
      expect.objectContaining({ path: "/etc/ssh/sshd_config", name: "sshd-match", place: { at: "match" } }),
    );
  });

  test("an exempt person counts as there: what would end his session too is left out", async () => {
    const exempt = `${POLICY}exemptions:
  - { name: backup, users: [backup], controls: all, justification: long copies, owner: ops@example.com, expires: 2099-01-01 }
`;
    await writeFile(join(directory, "exempt.yaml"), exempt);
    const { stdout, exitCode } = await curfew([
      "render",
      "-p",
      "exempt.yaml",
      "--for",
      "debian12",
      "--as",
      "shell",
      "-o",
      "exempt.sh",
      "--json",
    ]);
    expect(exitCode).toBe(0);
    const { absent, assumed } = JSON.parse(stdout);
    expect(absent).toContainEqual({
      path: "/etc/systemd/logind.conf.d/zz-curfew.conf",
      activation: "restart-logind",
    });
    expect(assumed).toContain("everybody whom an exemption names has an account");
  });
});

describe("saved facts", () => {
  test("what is rendered from them is what apply would write there", async () => {
    const facts = host();
    const saved = { schema: "curfew/check/1", hosts: [{ host: "web1", facts: systemFacts(facts) }] };
    await writeFile(join(directory, "facts.json"), JSON.stringify(saved));
    const { exitCode, stderr } = await render("--facts", "facts.json", "--as", "dir", "-o", "from-facts");
    expect(exitCode, stderr).toBe(0);
    const { policy } = await loadPolicy(join(directory, "policy.yaml"));
    const limits = hostLimits(
      policy,
      { name: "web1", address: "", groups: [], source: { file: "" } },
      "2026-01-01",
    );
    const { changes } = planHost(facts, limits, policy.controls, CONTROLS);
    const own = changes.filter(({ action }) => action === "create");
    expect(own.length).toBeGreaterThan(3);
    for (const { path, after } of own) {
      expect(await readFile(join(directory, "from-facts", path), "utf8"), path).toBe(after?.content);
      expect((await stat(join(directory, "from-facts", path))).mode & 0o777).toBe(
        Number.parseInt(after?.mode ?? "", 8),
      );
    }
  });

  test.each(["{% endraw %}", "{%- endraw %}", "{%+ endraw -%}", "{%\n endraw %}"])(
    "%j ends no text of a role: it is refused",
    (text) => {
      expect(() => raw(`# ${text}{{ lookup('pipe', 'id') }}`)).toThrow(CurfewError);
      expect(raw("{{ x }}")).toBe("{% raw %}{{ x }}{% endraw %}");
    },
  );

  test.each([
    { manager: "openrc", unit: "sshd", bootHook: "openrc" },
    { manager: "runit", unit: "/var/service/sshd", bootHook: "none" },
    { manager: "sysv", unit: "ssh", bootHook: "cron" },
  ] as const)("those of a host with $manager are taken", async (service) => {
    const value = { pid: 1, perConnection: false, ...service };
    const facts = { ...systemFacts(host()), service: { state: "known", value } };
    const saved = { schema: "curfew/check/1", hosts: [{ host: "web1", facts }] };
    await writeFile(join(directory, "init.json"), JSON.stringify(saved));
    const name = `from-${service.manager}`;
    const { exitCode, stderr } = await render("--facts", "init.json", "--as", "dir", "-o", name);
    expect(exitCode, stderr).toBe(0);
  });

  test("what a host calls itself is no expression for Ansible, and no line of a script", async () => {
    const facts = host();
    const name = "Debian {{ lookup('pipe', 'touch x') }}";
    const os = { state: "known", value: { id: "debian", versionId: "12", name } };
    const save = (more: object) =>
      writeFile(
        join(directory, "evil.json"),
        JSON.stringify({
          schema: "curfew/check/1",
          hosts: [{ host: "a", facts: { ...systemFacts(facts), os, ...more } }],
        }),
      );
    await save({});
    expect(await render("--facts", "evil.json", "--as", "ansible", "-o", "evil")).toMatchObject({
      exitCode: 0,
    });
    expect(await readFile(join(directory, "evil/tasks/main.yml"), "utf8")).not.toMatch(/^[^#]*\{\{ lookup/mu);
    await save({ os: { state: "known", value: { id: "x') or ('", versionId: "", name } } });
    const { exitCode, stderr } = await render("--facts", "evil.json", "--as", "ansible", "-o", "evil2");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("cannot hold the name");
  });

  test.each([
    ["not JSON", "{", "is not JSON"],
    ["another document", '{"schema":"curfew/plan/1"}', "is curfew/plan/1; facts are in that of curfew check"],
    ["no host", '{"schema":"curfew/check/1","hosts":[]}', "has no host"],
    ["an unread host", '{"schema":"curfew/check/1","hosts":[{"host":"a"}]}', "could not be read"],
    [
      "two hosts",
      '{"schema":"curfew/check/1","hosts":[{"host":"a"},{"host":"b"}]}',
      "has the facts of 2 hosts",
    ],
    ["edited facts", '{"schema":"curfew/check/1","hosts":[{"host":"a","facts":{"kernel":5}}]}', "facts."],
  ])("%s is refused", async (_, text, words) => {
    await writeFile(join(directory, "bad.json"), text);
    const { exitCode, stderr } = await render("--facts", "bad.json", "--as", "dir", "-o", "never");
    expect(exitCode).toBe(64);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^ +at /mu);
    expect(await readdir(directory)).not.toContain("never");
  });
});

describe("what is refused", () => {
  test.each([
    [["--as", "dir", "-o", "x"], "give --for or --facts"],
    [
      ["--for", "debain12", "--as", "dir", "-o", "x"],
      'there is no system "debain12", did you mean "debian12"?',
    ],
    [["--for", "debian12", "--as", "zip", "-o", "x"], "--as"],
    [["--for", "debian12", "--as", "dir"], "--output"],
    [["--for", "debian12", "--facts", "f", "--as", "dir", "-o", "x"], "--facts"],
    [["--for", "debian12", "--shells", "a b", "--as", "dir", "-o", "x"], "--shells"],
  ])("%j", async (given, words) => {
    const { exitCode, stderr } = await render(...given);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(words);
  });

  test("a directory that is not empty, a file that curfew did not write; --force and its own files are fine", async () => {
    await mkdir(join(directory, "full"));
    await writeFile(join(directory, "full/mine"), "mine");
    const folder = ["--for", "debian12", "--as", "dir", "-o", "full"];
    expect(await render(...folder)).toMatchObject({ exitCode: 64 });
    expect(await readdir(join(directory, "full"))).toEqual(["mine"]);
    expect(await render(...folder, "--force")).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(directory, "full/mine"), "utf8")).toBe("mine");
    for (const form of ["tar", "shell", "cloud-init"]) {
      const file = join(directory, `mine.${form}`);
      await writeFile(file, "mine");
      const given = ["--for", "debian12", "--as", form, "-o", `mine.${form}`];
      expect(await render(...given)).toMatchObject({ exitCode: 64 });
      expect(await readFile(file, "utf8")).toBe("mine");
      expect(await render(...given, "--force")).toMatchObject({ exitCode: 0 });
      expect(await render(...given)).toMatchObject({ exitCode: 0 });
    }
  });

  test("a link in the directory is not followed", async () => {
    await mkdir(join(directory, "outside"));
    await mkdir(join(directory, "linked"));
    await symlink(join(directory, "outside"), join(directory, "linked/etc"));
    await chmod(join(directory, "linked"), 0o755);
    const { exitCode, stderr } = await render("--for", "debian12", "--as", "dir", "-o", "linked", "--force");
    expect(exitCode).toBe(64);
    expect(stderr).toContain("it is a link");
    expect(await readdir(join(directory, "outside"))).toEqual([]);
  });

  test("a policy with a mistake is refused with its place, as apply does", async () => {
    await writeFile(join(directory, "wrong.yaml"), "name: x\ndefaults: {client_idle_timeot: 5m}\n");
    const { exitCode, stderr } = await curfew([
      "render",
      "-p",
      "wrong.yaml",
      "--for",
      "debian12",
      "--as",
      "dir",
      "-o",
      "never",
    ]);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/wrong\.yaml:2:12/u);
  });
});
