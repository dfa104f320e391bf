/** The wizard as people meet it: in a terminal, on real hosts of two releases. */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import type { LabHost } from "../lab/host.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { canLogIn, COMPILED, PROGRAM } from "./curfew.ts";
import { openScreen, steady, type Screen, type Size } from "./screen.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();
const SMALL = { columns: 80, rows: 24 };
const LARGE = { columns: 200, rows: 50 };
const CONFIG = "/etc/ssh/sshd_config.d/00-00-curfew.conf";

/** What is asked on a host where nobody needs an exemption, until it is decided. */
const PROMPTS = [
  "? Go on?",
  "? Baseline:",
  "? Everybody: an idle session",
  "? Everybody: a client",
  "? Roles to set up:",
  "? admin (",
  "? Controls:",
  "? Apply it?",
];

/** What the lab's client configuration says about host keys, for those that ask about them. */
const LOOSENED = /^(?:StrictHostKeyChecking|UserKnownHostsFile|BatchMode) .*\n/gmu;

/** The old recipe, as thousands of hosts have it. */
const OLD_RECIPE = "ClientAliveInterval 300\nClientAliveCountMax 0\n";

/** A service account at work: a job over SSH without a terminal, and somebody's tmux. */
const AT_WORK = [
  "useradd --system --create-home --shell /bin/bash backup2",
  "install -d -m 700 -o backup2 /home/backup2/.ssh",
  "install -m 600 -o backup2 /root/.ssh/authorized_keys /home/backup2/.ssh/authorized_keys",
].join("\n");

describe.skipIf(lacks !== null)(`the wizard${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let bookworm: LabHost;
  let trixie: LabHost;
  const screens: Screen[] = [];
  let runs = 0;

  beforeAll(async () => {
    lab = await openLab();
    [bookworm, trixie] = await Promise.all([
      lab.host({ name: "wizard-old", release: "bookworm", users: [{ name: "dev", groups: ["developers"] }] }),
      lab.host({
        name: "wizard-new",
        release: "trixie",
        users: [{ name: "eve", sudo: "password", password: "s3cret" }],
        files: { "/etc/ssh/sshd_config.d/10-hardening.conf": OLD_RECIPE },
      }),
    ]);
    await trixie.exec(AT_WORK);
    const job = execa("ssh", ["-F", lab.sshConfigPath, "backup2@" + trixie.name, "exec sleep 6000"], {
      reject: false,
    });
    jobs.push(() => job.kill());
    await trixie.exec("until pgrep -u backup2 -x sleep; do sleep 0.1; done", { timeoutSeconds: 60 });
  });
  const jobs: (() => void)[] = [];
  afterAll(async () => {
    await Promise.all(screens.map((screen) => screen.close()));
    for (const end of jobs) end();
    await lab.close();
  });

  const wizard = async (args: readonly string[], size: Size = SMALL, config = lab.sshConfigPath) => {
    runs += 1;
    const directory = join(lab.dir, `wizard-${runs}`);
    await mkdir(directory);
    const environment = { XDG_STATE_HOME: join(directory, "state"), HOME: directory };
    const given = ["wizard", ...args, "--ssh-config", config];
    const screen = await openScreen(given, { size, directory, environment });
    screens.push(screen);
    return { screen, directory };
  };

  const curfew = (directory: string, ...args: string[]) =>
    execa(process.execPath, [PROGRAM, ...args, "--ssh-config", lab.sshConfigPath], {
      cwd: directory,
      reject: false,
      env: { ...COMPILED, XDG_STATE_HOME: join(directory, "state"), NO_COLOR: "1" },
    });

  test("Ctrl-C at every step leaves the host as it was, and says so", async () => {
    const before = await bookworm.etcDigest();
    const stopAt = async (stop: number): Promise<void> => {
      const { screen } = await wizard([`root@${bookworm.name}`]);
      for (const prompt of PROMPTS.slice(0, stop)) {
        await screen.see(prompt);
        await screen.press("Enter");
      }
      await screen.see(PROMPTS[stop] ?? "");
      await screen.press("C-c");
      expect([PROMPTS[stop], await screen.ended()]).toEqual([PROMPTS[stop], 130]);
      expect(await screen.capture()).toContain("interrupted; nothing was changed");
      await screen.close();
    };
    for (const stop of [0, 2, 4, 6]) await Promise.all([stopAt(stop), stopAt(stop + 1)]);
    expect(await bookworm.etcDigest()).toEqual(before);
    expect((await bookworm.exec("ls -A /var/lib/curfew 2>/dev/null")).stdout).toBe("");
  });

  // Once more on a machine so busy that a probe could not be judged: that is an exit code of 3, and right.
  test(
    "Enter throughout: guarded, proved, and its files show no change",
    { timeout: patient(120_000), retry: 1 },
    async () => {
      await curfew(lab.dir, "revert", "--yes", "-i", `root@${bookworm.name},`);
      const { screen, directory } = await wizard([`root@${bookworm.name}`]);
      const seen: string[] = [];
      for (const prompt of [...PROMPTS, "? Prove it?", "? Directory for"]) {
        seen.push(await screen.see(prompt));
        await screen.press("Enter");
      }
      expect([await screen.ended(), await screen.history()]).toEqual([0, expect.any(String)]);
      seen.push(await screen.capture());
      expect(golden(seen, directory, lab.dir)).toMatchSnapshot("screens");
      expect(await canLogIn(lab, bookworm)).toBe(true);
      const files = join(directory, `curfew-${bookworm.name}`);
      expect(steady(await readFile(join(files, "policy.yaml"), "utf8"), directory)).toMatchSnapshot("policy");
      expect(steady(await readFile(join(files, "inventory.yaml"), "utf8"), directory)).toMatchSnapshot(
        "inventory",
      );
      const plan = await curfew(files, "plan", "-p", "policy.yaml", "-i", "inventory.yaml");
      expect([plan.exitCode, plan.stdout]).toEqual([
        0,
        expect.stringContaining("Plan: 0 to change, 1 unchanged"),
      ]);
    },
  );

  test("Ctrl-C after the change says that it stays", async () => {
    const before = await bookworm.etcDigest();
    const { screen, directory } = await wizard([`root@${bookworm.name}`, "--role", "admin=5m"]);
    for (const prompt of PROMPTS) {
      await screen.see(prompt);
      await screen.press("Enter");
    }
    await screen.see("? Prove it?");
    await screen.press("Escape");
    await screen.see("The host is changed already");
    await screen.press("C-c");
    expect(await screen.ended()).toBe(130);
    expect(await screen.capture()).toContain("the change on the host stays");
    expect(await bookworm.etcDigest()).not.toEqual(before);
    expect(await bookworm.readFile(CONFIG)).toContain("UnusedConnectionTimeout 5m");
    expect(await applied(directory)).toMatchObject([{ command: "wizard", outcomes: { confirmed: 1 } }]);
  });

  test("a new host key, a wrong sudo password, an old recipe, and a mind changed twice", async () => {
    const before = await trixie.etcDigest();
    const known = join(lab.dir, "fresh_known_hosts");
    const config = join(lab.dir, "fresh_config");
    const own = (await readFile(lab.sshConfigPath, "utf8"))
      .replaceAll(LOOSENED, "")
      .replace(/^/u, `UserKnownHostsFile ${known}\nHashKnownHosts yes\n`);
    await writeFile(config, own);
    const { screen, directory } = await wizard([`eve@${trixie.name}`], LARGE, config);
    const seen = [await screen.see("? Accept it and keep it in")];
    await screen.press("y", "Enter");
    await screen.see("? sudo password of eve:");
    await screen.press("wrong", "Enter");
    await screen.see("the sudo password is wrong for eve");
    await screen.see(/wrong for eve[^]*\? sudo password of eve:/u);
    await screen.press("s3cret", "Enter");
    seen.push(await screen.see("? Go on?"));
    expect(await screen.capture()).not.toContain("s3cret");
    await screen.press("Enter");
    // A baseline, and away from it again.
    await screen.see("? Baseline:");
    await screen.press("PCI", "Enter");
    seen.push(await screen.see("? Everybody: an idle session ends after (15m)"));
    await screen.press("1h", "Enter");
    seen.push(await screen.see("the baseline allows 15m at the most"));
    await screen.press("Escape");
    await screen.see("? Baseline:");
    await screen.press("None", "Enter");
    await screen.see("? Everybody: an idle session");
    await screen.press("20m", "Enter");
    await screen.see("? Everybody: a client");
    await screen.press("Enter");
    await screen.see("? Roles to set up:");
    await screen.press("Enter");
    await screen.see("? admin (");
    await screen.press("30m", "Enter");
    seen.push(await screen.see("a role is never looser"));
    await screen.press("C-u", "5m", "Enter");
    await screen.see("? service (");
    await screen.press("Enter");
    // Somebody at work is proposed for an exemption; it needs an owner and an end.
    seen.push(await screen.see("? Exempt from every limit:"));
    await screen.press("Enter");
    await screen.see("? Who answers");
    await screen.press("ops@example.com", "Enter");
    await screen.see("? Its last day:");
    await screen.press("2020-01-01", "Enter");
    await screen.see("that day is over");
    await screen.press("C-u", "2099-01-01", "Enter");
    await screen.see("? Why:");
    await screen.press("Enter");
    seen.push(await screen.see("? Controls:"));
    await screen.press("Enter");
    seen.push(await screen.see("? Apply it?"));
    await screen.press("Down", "Enter");
    await screen.see("? Directory for");
    await screen.press("Enter");
    expect(await screen.ended()).toBe(0);
    expect(golden(seen, directory, lab.dir)).toMatchSnapshot("screens");
    // Only files were written, and the host's key is known as ssh would have it.
    expect(await trixie.etcDigest()).toEqual(before);
    const policy = await readFile(join(directory, `curfew-${trixie.name}/policy.yaml`), "utf8");
    expect(policy).toMatch(
      /client_idle_timeout: 20m[^]*users: \[root, eve\][^]*5m[^]*users: \[backup2\][^]*2099-01-01/u,
    );
    expect(await readFile(known, "utf8")).toMatch(/^\|1\|\S+ ssh-ed25519 \S+\n$/u);
    const { exitCode } = await execa(
      "ssh",
      ["-F", config, "-o", "StrictHostKeyChecking=yes", `eve@${trixie.name}`, "true"],
      {
        reject: false,
      },
    );
    expect(exitCode).toBe(0);
  });

  test("Ctrl-C while a host does not answer ends at once", async () => {
    await bookworm.blockPort();
    const { screen } = await wizard([`root@${bookworm.name}`, "--connect-timeout", "60s"]);
    await screen.see("connecting to");
    await screen.press("C-c");
    expect(await screen.ended()).toBe(130);
    await bookworm.unblockPort();
  });

  test("a new key is not kept after a no; a changed one is not even asked about", async () => {
    const known = join(lab.dir, "other_known_hosts");
    const config = join(lab.dir, "other_config");
    const own = (await readFile(lab.sshConfigPath, "utf8")).replaceAll(LOOSENED, "");
    await writeFile(config, `UserKnownHostsFile ${known}\n${own}`);
    await writeFile(known, "");
    const { screen } = await wizard([`root@${trixie.name}`], SMALL, config);
    await screen.see("? Accept it");
    await screen.press("Enter");
    expect(await screen.ended()).toBe(3);
    const left = await wizard([`root@${trixie.name}`], SMALL, config);
    await left.screen.see("? Accept it");
    await left.screen.press("C-c");
    expect(await left.screen.ended()).toBe(130);
    expect(await readFile(known, "utf8")).toBe("");
    const secret = await wizard([`eve@${trixie.name}`]);
    await secret.screen.see("? sudo password of eve:");
    await secret.screen.press("C-c");
    expect(await secret.screen.ended()).toBe(130);
    const line = bookworm.hostKeyLines.find((each) => each.includes("ssh-ed25519")) ?? "";
    await appendFile(known, `${trixie.name} ${line.split(" ").slice(1).join(" ")}\n`);
    const changed = await wizard([`root@${trixie.name}`], SMALL, config);
    expect(await changed.screen.ended()).toBe(3);
    expect(await changed.screen.history()).toContain("THE HOST KEY HAS CHANGED");
    expect(await changed.screen.history()).not.toContain("Accept it");
  });

  test("a new key is accepted by its fingerprint, and by no other", async () => {
    const config = join(lab.dir, "third_config");
    const known = join(lab.dir, "third_known_hosts");
    const own = (await readFile(lab.sshConfigPath, "utf8")).replaceAll(LOOSENED, "");
    await writeFile(config, `UserKnownHostsFile ${known}\n${own}`);
    const given = ["--yes", "--write-only", "--ssh-config", config, "--accept-host-key"];
    const call = (fingerprint: string) =>
      execa(process.execPath, [PROGRAM, "wizard", `root@${trixie.name}`, ...given, fingerprint], {
        cwd: lab.dir,
        reject: false,
        stdin: "ignore",
        env: { ...COMPILED, XDG_STATE_HOME: join(lab.dir, "state"), NO_COLOR: "1" },
      });
    const before = await trixie.etcDigest();
    const refused = await call("SHA256:other");
    const [fingerprint = ""] = /SHA256:[\w+/]{43}/u.exec(refused.stderr) ?? [];
    expect([refused.exitCode, refused.stderr]).toEqual([
      3,
      expect.stringContaining(`--accept-host-key ${fingerprint}`),
    ]);
    expect((await call(fingerprint)).exitCode).toBe(0);
    expect(await trixie.etcDigest()).toEqual(before);
    const key = await trixie.exec("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    expect(key.stdout).toContain(fingerprint);
  });

  test("without a terminal every answer is an option", async () => {
    const directory = join(lab.dir, "options");
    await mkdir(directory);
    const secret = join(directory, "secret");
    await writeFile(secret, "s3cret\n");
    const given = [
      `eve@${trixie.name}`,
      "--yes",
      "--baseline",
      "pci-dss",
      "--idle",
      "10m",
      "--role",
      "service=off",
    ];
    const more = [
      "--exempt",
      "-",
      "--probe",
      "none",
      "--output",
      "out",
      "--become-pass-file",
      secret,
      "--json",
    ];
    const { exitCode, stdout, stderr } = await curfew(directory, "wizard", ...given, ...more);
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schema: "curfew/wizard/1",
      summary: { decision: "apply", files: ["out/policy.yaml", "out/inventory.yaml"] },
      hosts: [{ host: trixie.name, outcome: "confirmed" }],
    });
    const args = ["-p", "out/policy.yaml", "-i", "out/inventory.yaml", "--become-pass-file", secret];
    expect((await curfew(directory, "plan", ...args)).exitCode).toBe(0);
    expect(await trixie.readFile(CONFIG)).toContain("ChannelTimeout session:*=10m");
    const [run, ...others] = await applied(directory);
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      command: "wizard",
      policy: { name: trixie.name },
      outcomes: { confirmed: 1 },
    });
    expect(run?.finishedAt).not.toBeNull();
  });
});

/** What the history of a test's own state says was applied. */
async function applied(directory: string) {
  const place = { state: join(directory, "state/curfew"), now: () => new Date(), readOnly: true };
  const history = await openHistory(place);
  try {
    return (await history.applied({ offset: 0, limit: 10 })).items;
  } finally {
    await history.close();
  }
}

/** Screens one below the other, with what differs from run to run taken out. */
function golden(screens: readonly string[], directory: string, lab: string): string {
  const rule = "=".repeat(40);
  // Whether sudo says this as well goes by when it reads that there is no more input.
  const screenOf = (screen: string): string =>
    steady(screen, directory).replaceAll(lab, "LAB").replaceAll("sudo: no password was provided; ", "");
  return screens.map((screen) => `${rule}\n${screenOf(screen)}`).join("\n");
}
