/** Inits that are not systemd, from Debian's packages: sysvinit, OpenRC and runit as process 1 of a bookworm host. */
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { debianPackage } from "./debian-package.ts";
import type { HostSpec } from "./host.ts";

export type Init = "sysvinit" | "openrc" | "runit";

/** What a host with that init needs besides its image; files with a `#!` are programs. */
interface Recipe {
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
}

const RECIPES: Readonly<Record<Init, Recipe>> = {
  sysvinit: {
    packages: ["sysvinit-core", "sysv-rc", "initscripts", "startpar"],
    files: {
      // The lab has mounted everything that rcS would.
      "/etc/inittab": "id:2:initdefault:\nl2:2:wait:/etc/init.d/rc 2 >/var/log/rc 2>&1\n",
    },
    links: {},
  },
  openrc: {
    packages: ["openrc", "libeinfo1", "librc1", "insserv"],
    files: {
      "/etc/rc.conf": 'rc_sys="lxc"\nrc_logger="YES"\nrc_log_path="/var/log/rc"\nrc_depend_strict="NO"\n',
      // As Alpine and Gentoo have them.
      "/etc/init.d/sshd": `#!/sbin/openrc-run
command=/usr/sbin/sshd
command_args="\${command_args:--o PidFile=/run/sshd-openrc.pid}"
pidfile=/run/sshd-openrc.pid
extra_started_commands="reload"
start_pre() {
	mkdir -p /run/sshd
	$command -t || return 1
}
reload() {
	$command -t || return 1
	start-stop-daemon --signal HUP --pidfile "$pidfile"
}
`,
      "/etc/init.d/cronie": "#!/sbin/openrc-run\ncommand=/usr/sbin/cron\npidfile=/run/crond.pid\n",
    },
    links: {
      "/sbin/init": "openrc-init",
      "/etc/runlevels/default/sshd": "/etc/init.d/sshd",
      "/etc/runlevels/default/cronie": "/etc/init.d/cronie",
    },
  },
  runit: {
    packages: ["runit", "runit-init", "runit-helper"],
    files: {
      // Debian's own, and cron by its script of old.
      "/etc/runit/1": "#!/bin/sh\ninstall -m000 /dev/null /run/runit.stopit\n",
      "/etc/sv/ssh/run": "#!/bin/sh\nexec 2>&1\nmkdir -p /run/sshd\nexec /usr/sbin/sshd -D -e\n",
    },
    links: {
      "/etc/runit/runsvdir/current": "default",
      "/etc/service": "/etc/runit/runsvdir/current",
      "/etc/runit/runsvdir/default/ssh": "/etc/sv/ssh",
      "/etc/sv/ssh/supervise": "/run/runit.ssh",
      "/etc/sv/ssh/log/supervise": "/run/runit.ssh-log",
    },
  },
};

/** Fetches what the inits are made of, which cannot be done from inside the lab. */
export async function ensureInits(): Promise<void> {
  for (const { packages } of Object.values(RECIPES)) await debianPackage("bookworm", ...packages);
}

/** A bookworm host with `init` as its first process; `more` is of the same shape and comes on top. */
export function withInit(init: Init, more: Partial<HostSpec> = {}): HostSpec {
  return {
    release: "bookworm",
    init: "own",
    ...more,
    prepare: async (root) => {
      await install(RECIPES[init], root);
      await more.prepare?.(root);
    },
  };
}

async function install({ packages, files, links }: Recipe, root: string): Promise<void> {
  await rm(join(root, "usr/sbin/init"), { force: true });
  // Debian's script says that it is sshd as well; OpenRC takes one service of a name.
  if (packages.includes("openrc")) await rm(join(root, "etc/init.d/ssh"), { force: true });
  const from = await debianPackage("bookworm", ...packages);
  // Into the directories behind Debian's links for /sbin and /lib.
  const archive = execa("tar", ["-C", from, "-c", "."], { encoding: "buffer", maxBuffer: 1e9 });
  await execa("tar", ["-C", root, "-x", "--keep-directory-symlink"], { input: (await archive).stdout });
  for (const [path, content] of Object.entries(files)) await place(join(root, path), content);
  for (const [path, target] of Object.entries(links)) await link(join(root, path), target);
}

async function place(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, content.startsWith("#!") ? 0o755 : 0o644);
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true, recursive: true });
  await symlink(target, path);
}
