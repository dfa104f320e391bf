/** Hosts whose sshd is started in one way or another, and what holds again after each trial. */
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import type { HostSpec } from "../lab/host.ts";
import { patient } from "../patience.ts";
import { canLogIn, etcDifferences, outcomes } from "./curfew.ts";
import type { Trip } from "./round-trip.ts";

export const POLICY = `
name: activation
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
`;
/** Seconds that the guard waits for a controller that is dead. */
export const WITHIN = Math.min(patient(6), 20);
export const APPLY = ["apply", "--yes", "--json"];

/** A unit of the host's own, and what systemctl enable or disable would do to the others. */
interface Units {
  readonly files?: Readonly<Record<string, string>>;
  readonly enabled: Readonly<Record<string, string>>;
}

const SOCKET = "/etc/systemd/system/sockets.target.wants/ssh.socket";
export const DEBIAN_SOCKET: Units = { enabled: { [SOCKET]: "/usr/lib/systemd/system/ssh.socket" } };

/** Ubuntu 24.04's socket, with what its generator makes of `Port` and `ListenAddress`. */
export const UBUNTU_SOCKET: Units = {
  files: {
    "/etc/systemd/system/ssh.socket": `[Unit]
Description=OpenBSD Secure Shell server socket
Before=sockets.target ssh.service
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
[Socket]
ListenStream=22
Accept=no
FreeBind=yes
[Install]
WantedBy=sockets.target
RequiredBy=ssh.service
`,
    "/etc/systemd/system/ssh.socket.d/addresses.conf":
      "[Socket]\nListenStream=\nListenStream=0.0.0.0:22\nListenStream=[::]:22\nListenStream=0.0.0.0:2222\nBindIPv6Only=ipv6-only\n",
    "/etc/ssh/sshd_config.d/50-port.conf": "Port 22\nPort 2222\n",
  },
  enabled: {
    [SOCKET]: "/etc/systemd/system/ssh.socket",
    "/etc/systemd/system/ssh.service.requires/ssh.socket": "/etc/systemd/system/ssh.socket",
  },
};

/** Whose service would end all sessions with itself, which PAM moves nowhere. */
export const DEADLY_SOCKET: Units = {
  files: {
    "/etc/systemd/system/ssh.service.d/kill.conf": "[Service]\nKillMode=control-group\n",
    "/etc/ssh/sshd_config.d/50-pam.conf": "UsePAM no\n",
  },
  enabled: DEBIAN_SOCKET.enabled,
};

/** An sshd for each connection, under Red Hat's names. */
export const PER_CONNECTION: Units = {
  files: {
    "/etc/systemd/system/sshd.socket":
      "[Unit]\nConflicts=ssh.service\n[Socket]\nListenStream=22\nAccept=yes\n[Install]\nWantedBy=sockets.target\n",
    "/etc/systemd/system/sshd@.service":
      "[Service]\nExecStart=-/usr/sbin/sshd -i\nStandardInput=socket\nRuntimeDirectory=sshd\nRuntimeDirectoryPreserve=yes\n",
  },
  enabled: {
    "/etc/systemd/system/sockets.target.wants/sshd.socket": "/etc/systemd/system/sshd.socket",
  },
};

/** Where somebody who masks the unit puts a link. */
const MASKED = "/etc/systemd/system/ssh.service";

/** Files, logins and the guard are as if nothing had been, within the guard's time. */
export async function expectHealed({ lab, host, before }: Trip): Promise<void> {
  const limit = { timeout: patient(60_000), interval: 500 };
  await expect
    .poll(async () => etcDifferences(before, await host.etcDigest()).filter((path) => path !== MASKED), limit)
    .toEqual([]);
  const armed = "ls -d /var/lib/curfew/lock /var/lib/curfew/guard/*/armed /var/lib/curfew/guard/*/reverting";
  await expect.poll(async () => (await host.exec(armed)).stdout, limit).toBe("");
  expect(await canLogIn(lab, host)).toBe(true);
}

/** How an apply and a revert end; the first is refused where sshd did not read the files that were put back. */
export async function applyAndRevert({ host, desk }: Trip): Promise<(string | undefined)[]> {
  const applied = await desk.run(APPLY);
  const reverted = await desk.run(["revert", "--yes", "--json"]);
  return [applied, reverted].map((call) => outcomes(call)[host.name]);
}

/** The guard's time is over: its timer's unit is started, and there is nothing to wait for. */
export async function endGuardsTime({ host }: Trip): Promise<void> {
  const { stdout } = await host.exec(`
    for timer in $(systemctl list-units --plain --no-legend 'curfew-guard-*.timer' | cut -d ' ' -f 1); do
      systemctl start --no-block "\${timer%.timer}.service" && systemctl stop "$timer" && echo ended
    done`);
  expect(stdout).toBe("ended\n");
}

export function socketHost(release: HostSpec["release"], units: Units): HostSpec {
  return {
    release,
    files: units.files ?? {},
    removeFiles: ["/etc/systemd/system/multi-user.target.wants/ssh.service"],
    prepare: async (root) => {
      for (const [link, target] of Object.entries(units.enabled)) {
        await mkdir(dirname(join(root, link)), { recursive: true });
        await symlink(target, join(root, link));
      }
    },
  };
}

/** A session of the system's own client that answers each line it is sent. */
export function openSession({ lab, host: { name } }: Trip): { answers(): Promise<void>; end(): void } {
  const child = execa("ssh", ["-F", lab.sshConfigPath, `root@${name}`, "cat"], {
    reject: false,
    buffer: false,
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  let sent = 0;
  return {
    async answers() {
      sent += 1;
      child.stdin?.write(`line ${sent}\n`);
      await expect.poll(() => said, { timeout: patient(20_000) }).toContain(`line ${sent}\n`);
    },
    end: () => void child.kill(),
  };
}
