/**
 * The lab's network: a namespace for the controller with a bridge in it, and per host a namespace with a link
 * into that bridge. None has a route to anywhere else, so every run can use the same addresses.
 */
import { execa } from "execa";
import type { Run } from "./runs.ts";
import { hostNetns } from "./runs.ts";

const controllerAddress = "10.77.0.1";

/** The address of host `number` (10 and up). */
export function hostAddress(number: number): string {
  return `10.77.${Math.floor(number / 250)}.${(number % 250) + 2}`;
}

/** Makes the controller's namespace with bridge, address and loopback. */
export async function addController(run: Run): Promise<void> {
  await ip(`netns add ${run.netns}`);
  await ipBatch(run.netns, [
    "link set lo up",
    // a bridge without an address of its own takes its ports' lowest, and changes it as hosts come and go:
    // the others then send to the old one for seconds
    "link add lab address 02:00:0a:4d:00:01 type bridge",
    `address add ${controllerAddress}/16 dev lab`,
    "link set lab up",
  ]);
}

/** Makes host `number`'s namespace, its link `host0` and the other end of it on the bridge. */
export async function addHostLink(run: Run, number: number): Promise<void> {
  const netns = hostNetns(run, number);
  await ip(`netns add ${netns}`);
  await ipBatch(run.netns, [
    `link add host${number} type veth peer name host0 netns ${netns}`,
    `link set host${number} master lab up`,
  ]);
  await ipBatch(netns, [
    "link set lo up",
    `address add ${hostAddress(number)}/16 dev host0`,
    "link set host0 up",
  ]);
}

/** Plugs or unplugs host `number`'s cable at the bridge; the host sees its carrier go. */
export async function setLink(run: Run, number: number, state: "up" | "down"): Promise<void> {
  await ip(`-netns ${run.netns} link set host${number} ${state}`);
}

/**
 * Silently drops what arrives over the network (the host itself still gets through) at a TCP port of host `number`, inside that host's namespace: all packets, or with
 * `newOnly` just the opening ones, so that connections which exist live on. Survives the host's reboot.
 */
export async function blockPort(run: Run, number: number, port: number, newOnly: boolean): Promise<void> {
  // not "ct state new": connections older than the rule are new to connection tracking as well
  const which = newOnly ? "tcp flags & (syn | ack) == syn " : "";
  await unblockPort(run, number, port);
  await nft(hostNetns(run, number), [
    `add table inet ${tableOf(port)}`,
    `add chain inet ${tableOf(port)} input { type filter hook input priority -10 ; }`,
    `add rule inet ${tableOf(port)} input iifname "host0" ${which}tcp dport ${port} counter drop`,
  ]);
}

/** Lets packets to that port in again; fine when it was not blocked. */
export async function unblockPort(run: Run, number: number, port: number): Promise<void> {
  await nft(hostNetns(run, number), [
    `add table inet ${tableOf(port)}`,
    `delete table inet ${tableOf(port)}`,
  ]);
}

/** The command that runs another one in a network namespace. Not `ip netns exec`: it hides /sys/fs/cgroup. */
export function inNetns(netns: string): [string, ...string[]] {
  return ["nsenter", `--net=/run/netns/${netns}`, "--"];
}

function tableOf(port: number): string {
  return `lab_block_${port}`;
}

async function nft(netns: string, lines: string[]): Promise<void> {
  const [file, ...args] = inNetns(netns);
  await execa(file, [...args, "nft", "-f", "-"], { input: lines.join("\n") });
}

async function ip(line: string): Promise<void> {
  await execa("ip", line.split(" "), { stdin: "ignore" });
}

async function ipBatch(netns: string, lines: string[]): Promise<void> {
  await execa("ip", ["-netns", netns, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}
