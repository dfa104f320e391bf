/** What the lab needs from Debian on this machine, and whether this machine can run it at all. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

const needed = [
  "debootstrap systemd-container openssh-client openssh-server iproute2 nftables",
  "procps util-linux rsync tmux shellcheck libxml2-utils",
].flatMap((line) => line.split(" "));

/**
 * For tests that can be skipped where it cannot be had: a browser with a font, to look at the HTML report; the
 * shells that complete command lines; what lays out manual pages.
 */
const wanted = ["chromium", "fonts-dejavu-core", "zsh", "fish", "groff-base", "mandoc"];

/**
 * Why this machine cannot run hosts, as words that follow "needs" ("root", "network namespaces", …), or null.
 * Changes nothing. Synchronous: call it before anything is measured.
 */
export function machineLacks(): string | null {
  if (process.platform !== "linux") return "Linux";
  if (process.getuid?.() !== 0) return "root";
  if (spawnSync("unshare", ["--mount", "--net", "--pid", "--fork", "true"]).status !== 0) {
    return "root and network namespaces";
  }
  const hierarchies = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
  if (!hierarchies.some((dir) => existsSync(join(dir, "cgroup.controllers")))) return "cgroup v2";
  if (spawnSync("apt-get", ["--version"]).status !== 0) return "Debian packages (apt-get)";
  return null;
}

/**
 * Installs the missing ones of the needed Debian packages and says so through `say`. No service is started,
 * and a newly installed sshd is not left enabled. Throws with apt's last lines when it cannot.
 */
export async function ensurePackages(say: (line: string) => void): Promise<void> {
  const [missing, optional] = [await missingPackages(needed), await missingPackages(wanted)];
  if (missing.length + optional.length === 0) return;
  say(`lab: installing Debian packages: ${[...missing, ...optional].join(" ")}`);
  // a foreign source that is down must not stop us: the installation below is the judge
  await execa("apt-get", ["update", "-qq"], { reject: false, stdin: "ignore" });
  const failure = await install(missing);
  if (failure !== null) throw new Error(`apt-get could not install the packages:\n${failure}`);
  if ((await install(optional)) !== null) say(`lab: without ${optional.join(" ")}: some tests are skipped`);
  if (missing.includes("openssh-server")) {
    await execa("systemctl", ["disable", "--quiet", "ssh.service"], { reject: false, stdin: "ignore" });
  }
}

/** Null, or apt's last lines where it failed. */
async function install(packages: readonly string[]): Promise<string | null> {
  if (packages.length === 0) return null;
  const options = { reject: false, all: true, stdin: "ignore" } as const;
  const { exitCode, all } = await execa(
    "sh",
    [join(import.meta.dirname, "apt-install.sh"), ...packages],
    options,
  );
  return exitCode === 0 ? null : all.split("\n").slice(-8).join("\n");
}

async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const format = "${Package} ${db:Status-Status}\n";
  const { stdout } = await execa("dpkg-query", ["--show", `--showformat=${format}`, ...packages], {
    reject: false,
  });
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return packages.filter((name) => !installed.has(name));
}
