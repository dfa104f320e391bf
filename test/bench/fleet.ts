/** The hosts of the bench and the files with which curfew reaches them. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { loadInventory } from "../../src/config/inventory/inventory.ts";
import { loadPolicy } from "../../src/config/policy/policy.ts";
import type { Fleet } from "../../src/flow/run/context.ts";
import { chooseAlgorithms, libraryAlgorithms } from "../../src/host/channel/algorithms.ts";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import type { FloorHost, FloorScript, FloorWork } from "./floor.ts";

/** A way to a host: its name in the inventory and where it listens. */
export interface Place {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** `TYPE BASE64` of each of its host keys. */
  readonly keys: readonly string[];
}

/** Everything on disk for runs against some places. */
export interface Desk {
  readonly policy: string;
  readonly inventory: string;
  readonly sshConfig: string;
  /** Options that every command takes. */
  readonly options: readonly string[];
}

/** The two programs that are measured. */
export const CURFEW = fileURLToPath(new URL("../../src/curfew.js", import.meta.url));
export const FLOOR = fileURLToPath(new URL("floor.ts", import.meta.url));

/** How many hosts are worked on at once, by curfew and by the floors. */
const CONCURRENCY = 50;

const POLICY = `name: bench
defaults:
  client_idle_timeout: 15m
  unresponsive_timeout: 3m
roles:
  admin:
    users: [root]
    groups: [sudo]
    client_idle_timeout: 10m
  vendor:
    groups: [vendors]
    client_idle_timeout: 5m
`;

/** One real host that answers on `count` further addresses. Nothing but its sshd's patience is set up for it. */
export async function manyAddresses(lab: Lab, count: number): Promise<Place[]> {
  const host = await lab.host({
    release: "trixie",
    name: "many",
    // Without PAM: hundreds of logins a minute would measure how fast logind makes sessions.
    files: { "/etc/ssh/sshd_config.d/10-bench.conf": "MaxStartups 2000\nUsePAM no\n" },
  });
  const places = Array.from({ length: count }, (_, index) => ({
    ...placeOf(host),
    name: `node${index + 1}`,
    address: `10.77.${100 + Math.floor(index / 250)}.${(index % 250) + 1}`,
  }));
  const lines = places.map(({ address }) => `address add ${address}/16 dev host0\n`);
  await execa("ip", ["-netns", host.netns, "-batch", "-"], { input: lines.join("") });
  return places;
}

/** A host of the lab as it is. */
export function placeOf({ name, address, port, hostKeyLines }: LabHost): Place {
  return { name, address, port, keys: hostKeyLines.map((line) => line.split(" ").slice(1).join(" ")) };
}

/** Writes policy, inventory, known_hosts and ssh_config for these places. `title` names the files. */
export async function writeDesk(lab: Lab, title: string, places: readonly Place[]): Promise<Desk> {
  const at = (name: string): string => join(lab.dir, `${title}-${name}`);
  const [policy, inventory, knownHosts, sshConfig] = [
    at("policy.yaml"),
    at("inventory.yaml"),
    at("known_hosts"),
    at("ssh_config"),
  ];
  const entries = places.map(
    ({ name, address, port }) => `    ${name}: { ansible_host: ${address}, ansible_port: ${port} }\n`,
  );
  const known = places.flatMap(({ address, port, keys }) =>
    keys.map((key) => `${port === 22 ? address : `[${address}]:${port}`} ${key}\n`),
  );
  await writeFile(policy, POLICY);
  await writeFile(inventory, `all:\n  vars:\n    ansible_user: root\n  hosts:\n${entries.join("")}`);
  await writeFile(knownHosts, known.join(""));
  const common = (await readFile(lab.sshConfigPath, "utf8")).split("Host ")[0] ?? "";
  await writeFile(sshConfig, common.replace(/^UserKnownHostsFile .*$/mu, `UserKnownHostsFile ${knownHosts}`));
  const options = ["-i", inventory, "--ssh-config", sshConfig, "--concurrency", String(CONCURRENCY)];
  return { policy, inventory, sshConfig, options };
}

/** The desk's files as curfew reads them. */
export async function loadFleet({ policy, inventory }: Desk): Promise<Fleet> {
  const loaded = await loadInventory([inventory], { environment: process.env });
  return { policy: (await loadPolicy(policy)).policy, hosts: loaded.hosts };
}

/** Writes the same work for the floor: each place with its logins, each login with its scripts. */
export async function writeFloor(
  lab: Lab,
  title: string,
  places: readonly Place[],
  loginsOf: (place: Place) => readonly (readonly FloorScript[])[],
): Promise<string> {
  const hosts = places.map((place): FloorHost => {
    const { address, port } = place;
    return { address, port, hostKey: keyOf(place, "ssh-ed25519"), logins: loginsOf(place) };
  });
  const work: FloorWork = {
    hosts,
    concurrency: CONCURRENCY,
    user: "root",
    privateKey: await readFile(lab.key.privatePath, "utf8"),
    // Curfew's own order, which decides most of what a login costs; all hosts are known by all their keys.
    algorithms: libraryAlgorithms(chooseAlgorithms({}, ["ssh-ed25519"], "bench")),
  };
  const file = join(lab.dir, `${title}-floor.json`);
  await writeFile(file, JSON.stringify(work));
  return file;
}

/** Where curfew's journals go. */
export function stateOf(lab: Lab): Record<string, string> {
  return { XDG_STATE_HOME: join(lab.dir, "state") };
}

/** The same words as curfew sends: a shell as root's scripts get it, one compound command on its input. */
export function asCurfewSends(script: string): FloorScript {
  return { command: "env LC_ALL=C sh -s", input: `{\n${script}\nexit\n}\n` };
}

function keyOf({ name, keys }: Place, type: string): string {
  const key = keys.find((line) => line.startsWith(`${type} `));
  if (key === undefined) throw new Error(`${name} has no host key ${type}`);
  return key.split(" ")[1] ?? "";
}
