import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ssh } from "./client.ts";
import type { LabHost } from "./host.ts";
import { labUnavailable, openLab, type Lab } from "./lab.ts";
import { reap } from "./runs.ts";
import { patient } from "../patience.ts";

const lacks = labUnavailable();
const because = lacks === null ? "" : ` (${lacks})`;

/** What of these namespaces is still known to the kernel or in the file system. */
async function traces(names: readonly string[]): Promise<string[]> {
  const isOurs = (text: string): boolean => names.some((name) => text.includes(name));
  const places = ["/run/netns", "/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
  const found = (await Promise.all(places.map((dir) => readdir(dir).catch(() => [])))).flat();
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    found.push(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
    found.push(...(await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "")).split("\n"));
  }
  const links = await execa("ip", ["-all", "netns", "exec", "ip", "-oneline", "link"], { reject: false });
  found.push(...links.stdout.split("\n"));
  return found.filter(isOurs);
}

describe.skipIf(lacks !== null)(`lab network${because}`, () => {
  let lab: Lab;
  let one: LabHost;
  let two: LabHost;
  beforeAll(async () => {
    lab = await openLab();
    [one, two] = await Promise.all([
      lab.host({ release: "trixie", name: "one" }),
      lab.host({ release: "bookworm", name: "two" }),
    ]);
  });
  afterAll(() => lab.close());
  const quick = ["-o", "ConnectTimeout=2"];

  test("keeps hosts apart that run at once", async () => {
    expect(one.address).not.toBe(two.address);
    const ids = await Promise.all([one.readFile("/etc/machine-id"), two.readFile("/etc/machine-id")]);
    expect(ids[0]).not.toBe(ids[1]);
    await one.exec("systemctl restart ssh.service");
    expect((await ssh(lab, "root@two", "hostname")).stdout).toBe("two");
  });

  test("blocks a port, for all or for new connections only", async () => {
    const session = spawn("ssh", ["-F", lab.sshConfigPath, "root@one", "cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    session.stdin.write("a");
    await once(session.stdout, "data");
    await one.blockPort(22, { newOnly: true });
    expect((await ssh(lab, "root@one", "true", quick)).exitCode).toBe(255);
    session.stdin.write("b");
    expect(String((await once(session.stdout, "data"))[0])).toBe("b");
    session.kill();
    await one.blockPort();
    expect((await ssh(lab, "root@one", "true", quick)).exitCode).toBe(255);
    expect((await ssh(lab, "root@two", "true", quick)).exitCode).toBe(0);
    await one.unblockPort();
    expect((await ssh(lab, "root@one", "true", quick)).exitCode).toBe(0);
  });

  test("unplugs a cable and plugs it in again", async () => {
    await two.linkDown();
    expect((await ssh(lab, "root@two", "true", quick)).exitCode).toBe(255);
    await two.linkUp();
    expect((await ssh(lab, "root@two", "true")).exitCode).toBe(0);
  });

  test("survives a reboot asked for inside", async () => {
    await two.writeFile("/run/gone-after-reboot", "");
    await two.exec("systemctl reboot");
    await expect
      .poll(async () => (await ssh(lab, "root@two", "test ! -e /run/gone-after-reboot", quick)).exitCode, {
        timeout: patient(20_000),
        interval: 1000,
      })
      .toBe(0);
    expect((await two.exec("true")).exitCode).toBe(0);
  });
});

describe.skipIf(lacks !== null)(`lab clean-up${because}`, () => {
  test("leaves nothing of a stopped host", async () => {
    const lab = await openLab();
    const host = await lab.host({ release: "trixie" });
    await ssh(lab, `root@${host.name}`, "true");
    expect(await traces([host.netns])).not.toEqual([]);
    await host.stop();
    expect(await traces([host.netns])).toEqual([]);
    await expect(access(host.consolePath)).rejects.toThrow("ENOENT");
    await lab.close();
    await expect(access(lab.dir)).rejects.toThrow("ENOENT");
  });

  test("says why a host did not boot and leaves nothing of it", async () => {
    const lab = await openLab();
    const broken = lab.host({
      release: "bookworm",
      name: "broken",
      removeFiles: ["/usr/lib/systemd/systemd"],
    });
    await expect(broken).rejects.toThrow(
      /broken did not boot: it ended with exit code \d+\nlast lines of its console/,
    );
    const mute = { release: "trixie", name: "mute", bootTimeoutSeconds: 3 } as const;
    const deaf = lab.host({ ...mute, files: { "/etc/ssh/sshd_config.d/x.conf": "Nonsense yes\n" } });
    await expect(deaf).rejects.toThrow(/mute did not boot: listening on the SSH port took longer than 3 s/);
    // a host's directory goes last; other test files have hosts in the same run
    const hosts = await readdir(join(lab.dir, "../../hosts"));
    expect(hosts.filter((name) => name.includes(`.${process.pid}.`))).toEqual([]);
    await lab.close();
  });

  test("clears away what a killed owner left, and only that", async () => {
    const lab = await openLab();
    const mine = await lab.host({ release: "trixie" });
    const { CURFEW_LAB_RUN: _, ...env } = process.env;
    const args = [join(import.meta.dirname, "shell.ts"), "up", "bookworm"];
    const owner = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    for await (const chunk of owner.stdout) {
      printed += String(chunk);
      if (printed.includes('"ready"')) break;
    }
    const netns = /"netns":"(curfew-[0-9a-f]+)"/.exec(printed)?.[1] ?? "none";
    expect(await traces([netns])).not.toEqual([]);
    owner.kill("SIGKILL");
    await once(owner, "close");
    await reap();
    expect(await traces([netns])).toEqual([]);
    expect((await ssh(lab, `root@${mine.name}`, "true")).exitCode).toBe(0);
    await lab.close();
  });
});
