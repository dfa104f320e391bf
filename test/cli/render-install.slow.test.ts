/** The script of `curfew render` below a folder instead of /: what it must not lose, and what it says when it fails. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { runHere } from "./run-here.ts";

const SSHD = "/usr/sbin/sshd";
const POLICY =
  "name: rendered\ncontrols: [sshd, shell-timeout, logind]\ndefaults: { client_idle_timeout: 15m }\n";
const can = process.getuid?.() === 0 && existsSync(SSHD);

let directory: string;
let root: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "curfew-install-"));
  root = join(directory, "root");
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "policy.yaml"), POLICY);
  for (const path of ["etc/ssh/sshd_config.d", "etc/systemd", "etc/bash", "etc/profile.d", "run", "var/lib"])
    mkdirSync(join(root, path), { recursive: true });
  write("etc/ssh/sshd_config", `Include ${root}/etc/ssh/sshd_config.d/*.conf\n`);
});
const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Its scanners read logind.conf itself. */
const installStig = async () => {
  writeFileSync(join(directory, "policy.yaml"), `${POLICY.replace("15m", "10m")}profile: stig-rhel8\n`);
  return install((text) => text, "rhel8");
};

/** The script with every path below the folder. */
async function install(change: (text: string) => string = (text) => text, system = "debian12") {
  await runHere(["render", "-p", "policy.yaml", "--for", system, "--as", "shell", "-o", "all.sh"], {
    directory,
    environment: { HOME: directory },
  });
  const text = readFileSync(join(directory, "all.sh"), "utf8").replaceAll(
    /(?<![A-Za-z0-9_.}$"])\/(etc|run|var)(?=\/)/gu,
    `${root}/$1`,
  );
  writeFileSync(join(directory, "all.sh"), change(text));
  return spawnSync("sh", [join(directory, "all.sh"), "--any-system"], { encoding: "utf8" });
}

describe.skipIf(!can)("the script of render", () => {
  test("puts everything in place, once", async () => {
    const first = await install();
    expect(first.stderr).toBe("");
    expect(read("etc/ssh/sshd_config.d/00-00-curfew.conf")).toContain("ChannelTimeout");
    expect((await install()).stdout).toContain("everything is in place");
  });

  test("a file whose marks are not in order is refused: what stands behind them is somebody's", async () => {
    const bashrc =
      "# END curfew shell-timeout\nalias mine=1\n# BEGIN curfew shell-timeout\nexport PRECIOUS=1\n";
    write("etc/bash.bashrc", bashrc);
    const { status, stderr } = await install();
    expect(stderr).toContain("a block of curfew in it is damaged; nothing was changed");
    expect(status).toBe(1);
    expect(read("etc/bash.bashrc")).toBe(bashrc);
    expect(existsSync(join(root, "etc/ssh/sshd_config.d/00-00-curfew.conf"))).toBe(false);
  });

  test.each([
    ["[Login]\n#KillUserProcesses=no\n", /^\[Login\]\n# BEGIN curfew logind\nStopIdleSessionSec=/u],
    ["# nothing is set\n", /# BEGIN curfew logind\n\[Login\]\nStopIdleSessionSec=/u],
  ])("a setting stands in its section, be it there or not", async (before, after) => {
    write("etc/systemd/logind.conf", before);
    expect((await installStig()).stderr).toBe("");
    expect(read("etc/systemd/logind.conf")).toMatch(after);
  });

  test("an sshd that ends instead of reading its configuration anew is said, and the files are put back", async () => {
    const program = join(directory, "sshd-here");
    copyFileSync("/bin/sleep", program);
    // Not a child of this process, which would not take note of its end in time.
    const { stdout: pid } = spawnSync("sh", ["-c", '"$0" 60 >/dev/null 2>&1 & echo $!', program], {
      encoding: "utf8",
    });
    write("run/sshd.pid", pid);
    const { status, stderr } = await install();
    expect(status).toBe(1);
    expect(stderr).toMatch(/sshd \(process \d+\) ended .*: start it; not everything could be taken back/u);
    expect(existsSync(join(root, "etc/ssh/sshd_config.d/00-00-curfew.conf"))).toBe(false);
  });

  test("under systemd it is started again with the files as they were", async () => {
    mkdirSync(join(root, "run/systemd/system"), { recursive: true });
    const state = join(directory, "state");
    writeFileSync(state, "active");
    mkdirSync(join(directory, "bin"));
    const systemctl = join(directory, "bin/systemctl");
    writeFileSync(
      systemctl,
      `#!/bin/sh
case "$*" in
  "-q is-active ssh.service") grep -q '^active' ${state} ;;
  "-q is-active"*) exit 1 ;;
  "reload ssh.service") [ -e ${root}/etc/ssh/sshd_config.d/00-00-curfew.conf ] || exit 0; echo failed >${state} ;;
  "restart ssh.service") echo active again >${state} ;;
esac
`,
    );
    chmodSync(systemctl, 0o755);
    const { status, stderr } = await install((text) => text.replace("  PATH=", `  PATH=${directory}/bin:`));
    expect(stderr).toContain(
      "sshd could not be reloaded (systemctl status ssh.service); every file is as it was before",
    );
    expect(status).toBe(1);
    expect(readFileSync(state, "utf8")).toBe("active again\n");
  });

  test("what was unpacked over / before it was judged is not said to be unchanged", async () => {
    write("etc/ssh/sshd_config.d/00-00-curfew.conf", "NoSuchOption yes\n");
    const { stderr } = await install((text) => text.replace(/^ {2}source=.*$/mu, "  source=/"));
    expect(stderr).toContain("sshd refuses its configuration as it is");
    expect(stderr).toContain("what was unpacked is in place already: take it out");
    expect(stderr).not.toContain("nothing was changed");
  });
});
