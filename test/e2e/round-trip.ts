/** What every host has to stand, however it is laid out and whatever starts it: once through all of curfew. */
import { expect } from "vitest";
import type { HostSpec, LabHost } from "../lab/host.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { canLogIn, type Desk, documentOf, etcDifferences, hasReached, openDesk, outcomes } from "./curfew.ts";

/** A host, the desk that knows it alone, and its /etc before anything. */
export interface Trip {
  readonly lab: Lab;
  readonly host: LabHost;
  readonly desk: Desk;
  readonly before: Readonly<Record<string, string>>;
}

/** Seconds that the guard waits here. */
export const WITHIN = Math.min(patient(8), 20);
export const APPLY = ["apply", "--yes", "--json", "--confirm-within", `${WITHIN}s`];

/** A lab with that host alone, and a desk with that policy. */
export async function openTrip(spec: HostSpec, policy: string): Promise<Trip> {
  const lab = await openLab();
  const host = await lab.host(spec);
  const desk = await openDesk(lab, [host], policy);
  return { lab, host, desk, before: await host.etcDigest() };
}

/** After each test: one that failed must not make the next one fail. */
export async function takeBackLeft({ before, host, desk }: Trip): Promise<void> {
  if (etcDifferences(before, await host.etcDigest()).length > 0) await desk.run(["revert", "--yes"]);
}

/** Plans, applies, and applies again, which changes nothing. */
export async function applyTwice({ host, desk }: Trip): Promise<void> {
  const plan = await desk.run(["plan", "--json"]);
  expect(documentOf(plan).hosts[0].error, plan.stderr).toBeUndefined();
  const call = await desk.run(["apply", "--yes", "--json"]);
  expect(outcomes(call), call.stdout + call.stderr).toEqual({ [host.name]: "confirmed" });
  const again = await desk.run(["apply", "--yes", "--json"]);
  expect(outcomes(again), again.stdout).toEqual({ [host.name]: "unchanged" });
}

/** Every finding of an audit that is neither passed nor waived, as OUTCOME CHECK ROLE: ACTUAL. */
export async function openFindings({ desk }: Trip): Promise<string[]> {
  const call = await desk.run(["audit", "--json"]);
  const [audited] = documentOf(call).hosts;
  expect(audited.error, call.stderr).toBeUndefined();
  const findings: Record<"outcome" | "check" | "role" | "actual", string>[] = audited.findings;
  return findings
    .filter(({ outcome }) => outcome === "fail" || outcome === "unknown")
    .map(({ outcome, check, role, actual }) => `${outcome} ${check} ${role}: ${actual}`);
}

/** Real sessions at a prompt, by a second sshd with shorter limits: each one's outcome and what ended it. */
export async function scaledPrompts({ desk }: Trip): Promise<string[]> {
  const call = await desk.run(["verify", "--scaled", "15", "--sessions", "idle-shell", "--json"]);
  const [verified] = documentOf(call).hosts;
  expect(verified.error, call.stderr).toBeUndefined();
  const probes: Record<"role" | "outcome" | "by" | "reason", string>[] = verified.probes;
  return probes.map(({ role, outcome, by, reason }) =>
    outcome === "pass" ? `${role} pass ${by}` : `${role} ${outcome}: ${reason}`,
  );
}

/** Takes everything back; /etc is byte for byte as before. */
export async function revertWhole(trip: Trip): Promise<void> {
  const call = await trip.desk.run(["revert", "--yes", "--json"]);
  expect(outcomes(call), call.stdout + call.stderr).toEqual({ [trip.host.name]: "confirmed" });
  await expectHealed(trip);
}

/** Files, logins and the guard are as if nothing had been, within the guard's time and without help. */
export async function expectHealed({ lab, host, before }: Trip): Promise<void> {
  const limit = { timeout: patient((WITHIN + 30) * 1000), interval: 500 };
  await expect.poll(async () => etcDifferences(before, await host.etcDigest()), limit).toEqual([]);
  const rest =
    "ls -d /var/lib/curfew/lock /var/lib/curfew/guard/* /etc/.curfew-* /etc/*/.curfew-* /run/openrc/*/curfew-guard 2>/dev/null";
  await expect.poll(async () => (await host.exec(rest)).stdout, limit).toBe("");
  await expect.poll(() => canLogIn(lab, host), limit).toBe(true);
}

/** The controller dies when a step is reported, and something happens to the host then. */
export async function applyAndDie(
  { desk }: Trip,
  step: string,
  then: () => Promise<unknown> = async () => undefined,
  within = WITHIN,
): Promise<void> {
  const run = desk.start([...APPLY, "--confirm-within", `${within}s`, "--events"]);
  let happened: Promise<unknown> | undefined;
  run.onProgress((seen) => {
    if (happened !== undefined || !hasReached(seen, step)) return;
    run.kill("SIGKILL");
    happened = then();
  });
  const { signal, stderr } = await run.done;
  expect(signal, stderr).toBe("SIGKILL");
  await happened;
}

/** A power cut at that step, and the next boot. */
export async function applyAndLosePower(trip: Trip, step: string): Promise<void> {
  await applyAndDie(trip, step, async () => {
    await trip.host.powerOff();
    await trip.host.boot();
  });
}
