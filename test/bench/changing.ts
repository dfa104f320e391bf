/** What `curfew apply` costs on real hosts, beside the two floors. `curfew revert` takes every change back. */
import { randomBytes } from "node:crypto";
import { CONTROLS } from "../../src/controls/index.ts";
import { TIME } from "../../src/host/time.ts";
import { changeScript, guardChange, settleScript, writtenAfter } from "../../src/core/plan/guard.ts";
import { hostLimits } from "../../src/core/policy/host-limits.ts";
import { selectorsOf } from "../../src/core/policy/selectors.ts";
import type { Fleet, RunContext } from "../../src/flow/run/context.ts";
import { factsScript } from "../../src/core/answer/script.ts";
import { decide, login } from "../../src/flow/plan.ts";
import { connectThrough, createConnect } from "../../src/host/connect.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import type { FloorScript } from "./floor.ts";
import { asCurfewSends, CURFEW, type Desk, FLOOR, loadFleet, placeOf, stateOf } from "./fleet.ts";
import { writeDesk, writeFloor } from "./fleet.ts";
import { measure, measureInTurn, type Program, type Usage } from "./measure.ts";
import { medianUsage, type Row } from "./table.ts";

/** The rows of one size of fleet. */
export interface Changing {
  readonly apply: Row;
  readonly scripts: Row;
  readonly logins: Row;
  readonly rows: readonly Row[];
  /** The most logins that any host saw during one `apply`. */
  readonly loginsPerHost: number;
}

const CONFIRM_WITHIN_SECONDS = 120;

/** Measures `apply`, the same scripts with the library alone, and one bare login, in turn for each size. */
export async function measureChanging(
  lab: Lab,
  hosts: readonly LabHost[],
  counts: readonly number[],
  spent: () => boolean,
): Promise<Changing[]> {
  const measured: Changing[] = [];
  for (const count of counts) measured.push(await measureSize(lab, hosts.slice(0, count), spent));
  return measured;
}

async function measureSize(lab: Lab, hosts: readonly LabHost[], spent: () => boolean): Promise<Changing> {
  const title = `change-${hosts.length}`;
  const places = hosts.map(placeOf);
  const desk = await writeDesk(lab, title, places);
  const nothing = { command: "true", input: "" };
  const logins = await writeFloor(lab, `${title}-logins`, places, () => [[nothing]]);
  const takeBack = () => measure(curfew(lab, desk, "revert", "--yes"), lab.dir);
  let loginsPerHost = 0;
  const found = await measureInTurn(
    {
      async apply() {
        const before = await countLogins(hosts);
        const all = ["--yes", "--waves", "100%", "-p", desk.policy];
        const usage = await measure(curfew(lab, desk, "apply", ...all), lab.dir);
        const after = await countLogins(hosts);
        loginsPerHost = Math.max(loginsPerHost, ...after.map((count, at) => count - (before[at] ?? 0)));
        await takeBack();
        return usage;
      },
      async scripts() {
        const sent = await scriptsFor(desk);
        const file = await writeFloor(lab, `${title}-scripts`, places, ({ name }) => sent.get(name) ?? []);
        const usage = await measure({ argv: [FLOOR, file], expected: [0] }, lab.dir);
        await takeBack();
        return usage;
      },
      logins: () => measure({ argv: [FLOOR, logins], expected: [0] }, lab.dir),
    },
    3,
    spent,
    { logins: 3 },
  );
  const row = (what: string, usages: readonly Usage[]): Row => {
    return { what, hosts: hosts.length, runs: usages.length, usage: medianUsage(usages) };
  };
  const apply = row("curfew apply", found.apply);
  const scripts = row("floor: ssh2, the same scripts", found.scripts);
  const bare = row("floor: ssh2, login and true", found.logins);
  return { apply, scripts, logins: bare, rows: [apply, scripts, bare], loginsPerHost };
}

function curfew(lab: Lab, desk: Desk, ...command: readonly string[]): Program {
  return { argv: [CURFEW, ...command, ...desk.options], expected: [0], environment: stateOf(lab) };
}

/** How often each host's sshd let somebody in. */
function countLogins(hosts: readonly LabHost[]): Promise<number[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const { stdout } = await host.exec("journalctl --quiet --output cat --unit ssh | grep -c '^Accepted '");
      return Number(stdout);
    }),
  );
}

/** What `apply` sends each host just now: facts and change over the first login, the confirmation over the second. */
async function scriptsFor(desk: Desk): Promise<Map<string, readonly (readonly FloorScript[])[]>> {
  const fleet = await loadFleet(desk);
  const context = await contextFor(fleet.hosts, desk);
  const entries = fleet.hosts.map(
    async (host) => [host.name, await loginsFor(host, fleet, context)] as const,
  );
  return new Map(await Promise.all(entries));
}

async function loginsFor(host: Host, fleet: Fleet, context: RunContext): Promise<readonly FloorScript[][]> {
  const connection = await login(host, context);
  try {
    const { facts, plan } = await decide(connection, fleet, context);
    const changes = plan.changes.map(guardChange);
    const token = context.token();
    const change = {
      token,
      owner: "bench",
      reason: "apply",
      confirmWithinSeconds: CONFIRM_WITHIN_SECONDS,
      changes,
      activations: plan.activations,
      expectations: plan.expectations,
      written: writtenAfter(facts, changes),
      leaving: false,
    };
    const limits = hostLimits(fleet.policy, host, context.now().toISOString().slice(0, 10));
    const ask = factsScript(token, selectorsOf(limits), true, CONTROLS);
    return [
      [asCurfewSends(ask), asCurfewSends(changeScript(change, facts, CONTROLS))],
      [asCurfewSends(settleScript(token, "confirm"))],
    ];
  } finally {
    connection.close();
  }
}

async function contextFor(hosts: readonly Host[], { sshConfig }: Desk): Promise<RunContext> {
  const never = new AbortController().signal;
  const connect = await createConnect({ hosts, sshConfig, environment: process.env, signal: never });
  return {
    connect,
    connectThrough,
    controls: CONTROLS,
    emit() {},
    ...TIME,
    now: () => new Date(),
    token: () => randomBytes(16).toString("hex"),
    stopping: never,
    aborting: never,
    concurrency: hosts.length,
    connectTimeoutSeconds: 60,
  };
}
