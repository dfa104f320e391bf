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
  const missing = await missingPackages();
  if (missing.length === 0) return;
  say(`lab: installing Debian packages: ${missing.join(" ")}`);
  // a foreign source that is down must not stop us: the installation below is the judge
  await execa("apt-get", ["update", "-qq"], { reject: false, stdin: "ignore" });
  const install = await execa("sh", [join(import.meta.dirname, "apt-install.sh"), ...missing], {
    reject: false,
    all: true,
    stdin: "ignore",
  });
  if (install.exitCode !== 0) {
    throw new Error(
      `apt-get could not install the packages:\n${install.all.split("\n").slice(-8).join("\n")}`,
    );
  }
  if (missing.includes("openssh-server")) {
    await execa("systemctl", ["disable", "--quiet", "ssh.service"], { reject: false, stdin: "ignore" });
  }
}

async function missingPackages(): Promise<string[]> {
  const format = "${Package} ${db:Status-Status}\n";
  const { stdout } = await execa("dpkg-query", ["--show", `--showformat=${format}`, ...needed], {
    reject: false,
  });
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return needed.filter((name) => !installed.has(name));
}
