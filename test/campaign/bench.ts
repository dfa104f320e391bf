/** A host for trials, the two states that it may be in, and the desks of its controllers. */
import { loadavg } from "node:os";
import { type Desk, etcDifferences, openDesk } from "../e2e/curfew.ts";
import { FAMILIES, type Family, familyHost } from "../lab/families.ts";
import type { HostSpec, LabHost } from "../lab/host.ts";
import { releases } from "../lab/image.ts";
import { withInit } from "../lab/inits.ts";
import type { Lab } from "../lab/lab.ts";
import { saidOf, type State, type States } from "./judge.ts";

const POLICY = `
name: campaign
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
`;

/** Every host that the campaign knows: releases, layouts, inits. */
export const HOSTS: readonly string[] = [...releases, ...FAMILIES, "sysvinit", "runit"];

export interface Bench {
  readonly lab: Lab;
  readonly name: string;
  readonly host: LabHost;
  readonly desk: Desk;
  readonly other: Desk;
  readonly states: States;
  /** The files that a change touches there, and sshd's own. */
  readonly files: readonly string[];
  /** Where the host is between two trials. */
  now: State;
  /** Whether it is proven to be in that state, and nothing else. */
  clean: boolean;
}

export async function openBench(lab: Lab, name: string): Promise<Bench> {
  const host = await lab.host(specOf(name));
  const [desk, other] = [await openDesk(lab, [host], POLICY), await openDesk(lab, [host], POLICY)];
  const before = await host.etcDigest();
  await host.exec(`cp -a /etc ${copyOf("before")}`);
  const call = await desk.run(["apply", "--yes", "--json"]);
  if (saidOf(call)?.outcome !== "confirmed") throw new Error(`${name}: ${call.stdout}${call.stderr}`);
  const after = await host.etcDigest();
  await host.exec(`cp -a /etc ${copyOf("after")}`);
  const changed = etcDifferences(before, after).filter((path) => / [0-9a-f]{64}$/u.test(after[path] ?? ""));
  const files = [...new Set(["/etc/ssh/sshd_config", ...changed])].filter((path) => path in after);
  return { lab, name, host, desk, other, states: { before, after }, files, now: "after", clean: true };
}

/** Where a host keeps its files of that state, for what somebody has removed. */
export function copyOf(state: State): string {
  return `/root/etc-${state}`;
}

/** Seconds that the guard waits for its confirmation: what this machine needs for a login now. */
export function within(): number {
  return Math.ceil(Math.min(30, Math.max(8, (loadavg()[0] ?? 0) * 2)));
}

function specOf(name: string): HostSpec {
  if (name === "sysvinit" || name === "runit") return withInit(name);
  const release = releases.find((each) => each === name);
  return release === undefined ? familyHost(name as Family) : { release };
}
