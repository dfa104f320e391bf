/** Hundreds of sessions at once: none is lost, nobody is punished or turned away, and the controller stays small. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const lacks = labUnavailable();
/** Each role has one member, of whom every kind is opened in the shadow; a frozen client in two ways. */
const SESSIONS = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "idle-command",
  "idle-sftp",
  "unused-connection",
  "typing",
] as const;
const PER_ROLE = SESSIONS.length + 1;

interface Report {
  readonly hosts: readonly {
    readonly host: string;
    readonly error?: string;
    readonly probes: readonly {
      readonly session: string;
      readonly outcome: string;
      readonly reason: string;
    }[];
  }[];
  readonly most: number;
  readonly rssMiB: number;
  readonly cpuSeconds: number;
  readonly openingSeconds: number;
  readonly seconds: number;
}

describe.skipIf(lacks !== null)(`verify under load${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let hosts: LabHost[];
  beforeAll(async () => {
    lab = await openLab();
    const users = roleNames(34).map((name) => ({ name, key: false }));
    const spec = { release: "trixie", users } as const;
    hosts = await Promise.all(Array.from({ length: 4 }, () => lab.host(spec)));
  });
  afterAll(() => lab.close());

  test.each([
    // Opening them takes a minute or more, waiting takes nothing: a limit that is too short costs another run of all.
    ["300 on one host", 1, 34, Math.min(patient(100), 150)],
    ["50 on each of four hosts", 4, 6, patient(20)],
  ])("%s, and none is lost", { timeout: patient(600_000) }, async (_, count, roles, seconds) => {
    const on = hosts.slice(0, count);
    const { hosts: verified, most, rssMiB } = await allAtOnce(on, roles, seconds);
    expect(verified.flatMap(troubles)).toEqual([]);
    expect(verified.map(({ probes }) => probes.length)).toEqual(on.map(() => roles * PER_ROLE));
    expect(most).toBe(count * roles * PER_ROLE);
    expect(rssMiB).toBeLessThan(300);
    expect(await Promise.all(on.map(turnedAway))).toEqual(on.map(() => ""));
  });

  /** The limit has to be longer than it takes to open them all: with a longer one where the machine was too slow. */
  async function allAtOnce(on: readonly LabHost[], roles: number, seconds: number): Promise<Report> {
    await Promise.all(on.map((host) => limit(host, seconds)));
    const report = await run(on, roles, seconds);
    if (report.most === on.length * roles * PER_ROLE || seconds > 400) return report;
    return allAtOnce(on, roles, seconds * 2);
  }

  async function run(on: readonly LabHost[], count: number, limitSeconds: number): Promise<Report> {
    const targets = on.map(({ name }) => ({ name, sshConfig: lab.sshConfigPath }));
    const roles = Object.fromEntries(roleNames(count).map((name) => [name, { users: [name] }]));
    const policy = { name: "lab", defaults: { client_idle_timeout: `${limitSeconds}s` }, roles };
    const options = { sessions: SESSIONS, roles: Object.keys(roles) };
    const script = fileURLToPath(import.meta.resolve("./load-controller.ts"));
    const args = [script, ...[targets, policy, options].map((value) => JSON.stringify(value))];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
    const report = JSON.parse(stdout) as Report;
    const { most, rssMiB, cpuSeconds, openingSeconds, seconds } = report;
    process.stderr.write(`load: ${JSON.stringify({ most, rssMiB, cpuSeconds, openingSeconds, seconds })}\n`);
    return report;
  }
});

function troubles({ host, error, probes }: Report["hosts"][number]): string[] {
  const wrong = probes.filter(({ outcome }) => outcome !== "pass");
  const said = wrong.map(({ session, reason }) => `${host} ${session}: ${reason}`);
  return error === undefined ? said : [`${host}: ${error}`, ...said];
}

async function limit(host: LabHost, seconds: number): Promise<void> {
  const text = `ChannelTimeout session:*=${seconds}s\nUnusedConnectionTimeout ${seconds}s\n`;
  await host.writeFile("/etc/ssh/sshd_config.d/10-lab.conf", text);
  expect((await host.exec(`sshd -t && ${RELOAD_SSHD}`)).stderr).toBe("");
}

/** What sshd says of penalties (9.8) and of MaxStartups. */
async function turnedAway(host: LabHost): Promise<string> {
  const words = "grep -i -e penalt -e maxstartups -e 'exceeded'";
  return (await host.exec(`journalctl -q --no-pager -o cat | ${words}`)).stdout;
}

function roleNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `p${index}`);
}
