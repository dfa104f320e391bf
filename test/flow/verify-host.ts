/** What the tests of verify share: a run over lab hosts, and what a host looks like before and after. */
import { randomBytes } from "node:crypto";
import { CONTROLS } from "../../src/controls/index.ts";
import { TIME } from "../../src/host/time.ts";
import { verifyFleet } from "../../src/flow/verify.ts";
import type { VerifyOptions } from "../../src/flow/verify-host.ts";
import { connectThrough, createConnect } from "../../src/host/connect.ts";
import { createSystemSsh } from "../../src/host/openssh/system-ssh.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import { policySchema } from "../../src/config/policy/schema.ts";
import type { HostVerification, ProbeResult, RunEvent } from "../../src/model/change/run.ts";
import type { ExecResult } from "../lab/machine.ts";
import type { HostSpec } from "../lab/host.ts";
import type { Release } from "../lab/image.ts";

/** How to reach one lab host; plain data, so that it can be given to another process. */
export interface Target {
  readonly name: string;
  readonly sshConfig: string;
  readonly user?: string;
  /** Where the system's own ssh is looked for, if not where everything is. */
  readonly path?: string;
}

/** One verification of one host, as the command does it. */
export async function verify(
  { name, sshConfig, user, path }: Target,
  policy: unknown,
  options: VerifyOptions,
  emit: (event: RunEvent) => void = () => undefined,
  aborting: AbortSignal = new AbortController().signal,
): Promise<HostVerification> {
  const host: Host = {
    name,
    address: name,
    groups: ["all"],
    source: { file: "lab" },
    ...(user === undefined ? {} : { user }),
  };
  const stopping = new AbortController().signal;
  const environment = { HOME: "/nonexistent", PATH: process.env["PATH"] };
  const connect = await createConnect({ hosts: [host], sshConfig, environment, signal: aborting });
  const [verification] = await verifyFleet({ policy: policySchema.parse(policy), hosts: [host] }, options, {
    connect,
    connectThrough,
    systemSsh: createSystemSsh({ ...environment, PATH: path ?? environment.PATH }, sshConfig),
    controls: CONTROLS,
    emit,
    ...TIME,
    now: () => new Date("2026-11-22T12:00:00Z"),
    token: () => randomBytes(16).toString("hex"),
    stopping,
    aborting,
    concurrency: 20,
    connectTimeoutSeconds: 30,
  });
  if (verification === undefined) throw new Error("no verification");
  return verification;
}

/** The results of one kind of session, by `role user via`, and ` network-gone` where the network is. */
export function bySession(verification: HostVerification, session: string): Record<string, ProbeResult> {
  const chosen = verification.probes.filter((probe) => probe.session === session);
  return Object.fromEntries(chosen.map((probe) => [whose(probe), probe]));
}

/** `role user via`, and ` network-gone` where the network is. */
export function whose({ role, user, via, variant }: ProbeResult): string {
  return `${role} ${user} ${via}${variant === "network-gone" ? " network-gone" : ""}`;
}

/** People with four kinds of login shell; `late` cannot log in. */
export function peopledHost(release: Release): HostSpec {
  return {
    release,
    users: [
      { name: "ops", sudo: "nopasswd", groups: ["operators"] },
      { name: "bea", groups: ["bashers"], key: false },
      { name: "zoe", groups: ["zshers"], shell: "zsh", key: false },
      { name: "tim", groups: ["tcshers"], shell: "tcsh", key: false },
      { name: "late", groups: ["locked"], shell: "/usr/sbin/nologin", key: false },
    ],
    files: { "/home/zoe/.zshrc": "" },
  };
}

/**
 * What could stay behind: processes other than the kernel's, the user managers' and those of this very
 * look; everything in /run; listening ports; units; people logged in.
 */
export const LOOK = `
own=$(ps -o sid= -p $$)
ps -eo sid=,user:20=,args= | awk -v own="$own" '$1 != own + 0 { $1 = ""; print }' | grep -v -e '\\[.*\\]$' -e 'sd-pam' \\
  -e 'systemd --user' -e 'sshd:.*\\[priv\\]' -e 'agetty' | sed 's/startups$//; s/[0-9]* of 10-100//' | sort
find /run -path /run/systemd -prune -o -path /run/user -prune -o -path /run/log -prune -o -path /run/udev -prune -o ! -name 'motd.dynamic*' -print | sort
find /run/systemd/transient /etc/systemd/system -name '*curfew*'
find /root /home /tmp /etc /var/tmp -newer /tmp/before -type f 2>/dev/null
ss -Htln | awk '{ print $4 }' | sort
who | wc -l
mount | grep -c curfew-shadow
`;

/** Runs LOOK until it says what it said before, or for ten seconds; logind takes a moment to forget sessions. */
export async function looksLike(
  host: { exec(script: string): Promise<ExecResult> },
  before: string,
): Promise<string> {
  const until = Date.now() + 12_000;
  let now = "";
  while (Date.now() < until) {
    now = (await host.exec(LOOK)).stdout;
    if (now === before) return now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return now;
}
