/** What `curfew plan` and `curfew audit` cost over a fleet, beside the two floors. */
import { CONTROLS } from "../../src/controls/index.ts";
import { hostLimits } from "../../src/core/policy/host-limits.ts";
import { selectorsOf } from "../../src/core/policy/selectors.ts";
import { factsScript } from "../../src/core/answer/script.ts";
import type { Lab } from "../lab/lab.ts";
import { asCurfewSends, CURFEW, type Desk, FLOOR, loadFleet, type Place, stateOf } from "./fleet.ts";
import { writeDesk, writeFloor } from "./fleet.ts";
import { measure, measureInTurn, type Program } from "./measure.ts";
import { openRelay } from "./relay.ts";
import { median, medianUsage, type RoundTrips, type Row } from "./table.ts";

/** The rows of one size of fleet. */
export interface Reading {
  readonly plan: Row;
  readonly audit: Row;
  readonly scripts: Row;
  readonly rows: readonly Row[];
}

const ROUND_TRIP_MS = 400;

/** Measures `plan`, `audit` and both floors in turn for each size, smallest first. One real sshd answers for all hosts. */
export async function measureReading(
  lab: Lab,
  places: readonly Place[],
  counts: readonly number[],
  spent: () => boolean,
): Promise<Reading[]> {
  const readings: Reading[] = [];
  for (const hosts of counts) {
    const programs = await programsFor(lab, `read-${hosts}`, places.slice(0, hosts));
    const found = await measureInTurn(
      {
        plan: () => measure(programs.plan, lab.dir),
        audit: () => measure(programs.audit, lab.dir),
        scripts: () => measure(programs.scripts, lab.dir),
        logins: () => measure(programs.logins, lab.dir),
      },
      hosts > 100 ? 3 : 5,
      spent,
    );
    const row = (what: string, name: keyof typeof found): Row => {
      return { what, hosts, runs: found[name].length, usage: medianUsage(found[name]) };
    };
    const plan = row("curfew plan", "plan");
    const audit = row("curfew audit", "audit");
    const scripts = row("floor: ssh2, the same script", "scripts");
    readings.push({
      plan,
      audit,
      scripts,
      rows: [plan, audit, scripts, row("floor: ssh2, login and true", "logins")],
    });
  }
  return readings;
}

/**
 * Round trips above TCP for one host: how much longer each program takes over a slow line than over a quick one,
 * divided by how much slower the line is.
 */
export async function countRoundTrips(lab: Lab, [place]: readonly Place[]): Promise<RoundTrips[]> {
  if (place === undefined) return [];
  const times = { plan: [] as number[], scripts: [] as number[], logins: [] as number[] };
  for (const delay of [0, ROUND_TRIP_MS]) {
    const relay = await openRelay(place.address, place.port, delay);
    const near = { ...place, address: "127.0.0.1", port: relay.port };
    const programs = await programsFor(lab, `delay-${delay}`, [near]);
    for (const name of ["plan", "scripts", "logins"] as const) {
      const walls = [];
      for (let run = 0; run < 3; run += 1) walls.push((await measure(programs[name], lab.dir)).wallMs);
      times[name].push(median(walls));
    }
    await relay.close();
  }
  const count = ([quick = 0, slow = 0]: readonly number[]): number => (slow - quick) / ROUND_TRIP_MS;
  return [
    { what: "curfew plan", count: count(times.plan) },
    { what: "floor: ssh2, the same script", count: count(times.scripts) },
    { what: "floor: ssh2, login and true", count: count(times.logins) },
  ];
}

async function programsFor(
  lab: Lab,
  title: string,
  places: readonly Place[],
): Promise<Record<"plan" | "audit" | "scripts" | "logins", Program>> {
  const desk = await writeDesk(lab, title, places);
  const facts = asCurfewSends(await factsFor(desk));
  const nothing = { command: "true", input: "" };
  const [scripts, logins] = await Promise.all([
    writeFloor(lab, `${title}-scripts`, places, () => [[facts]]),
    writeFloor(lab, `${title}-logins`, places, () => [[nothing]]),
  ]);
  return {
    // 2: there is something to change, on every host, and every host could be read.
    plan: {
      argv: [CURFEW, "plan", "-p", desk.policy, ...desk.options],
      expected: [2],
      environment: stateOf(lab),
    },
    // 2: what the policy asks is on none of them.
    audit: {
      argv: [CURFEW, "audit", "-p", desk.policy, ...desk.options],
      expected: [2],
      environment: stateOf(lab),
    },
    scripts: { argv: [FLOOR, scripts], expected: [0] },
    logins: { argv: [FLOOR, logins], expected: [0] },
  };
}

/** The very script that curfew sends these hosts; only the token differs. */
async function factsFor(desk: Desk): Promise<string> {
  const { policy, hosts } = await loadFleet(desk);
  const [host] = hosts;
  if (host === undefined) throw new Error("the bench's inventory is empty");
  const limits = hostLimits(policy, host, new Date().toISOString().slice(0, 10));
  return factsScript("0".repeat(32), selectorsOf(limits), true, CONTROLS);
}
