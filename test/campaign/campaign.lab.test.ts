/** About a minute of the campaign: random faults on one host, each one judged, and the judge itself. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { type Bench, openBench } from "./bench.ts";
import { daemonHas, falseStatement, leftovers, lockOut, stateOf } from "./judge.ts";
import { play } from "./play.ts";
import { described } from "./tally.ts";

const HOST = "trixie";
const SEED = 1;
/** Of a quiet machine: no trial begins later. */
const SECONDS = 40;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`campaign${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let bench: Bench;
  beforeAll(async () => {
    lab = await openLab();
    bench = await openBench(lab, HOST);
  }, patient(120_000));
  afterAll(() => lab?.close());

  test(
    `random faults from seed ${SEED} on`,
    async () => {
      const until = Date.now() + SECONDS * 1000;
      for (let seed = SEED; seed === SEED || Date.now() < until; seed += 1) {
        const tried = await play(bench, seed);
        const again = `npm run campaign -- --faults 1 --hosts ${HOST} --seed ${seed}`;
        expect(described(tried), again).toEqual([]);
      }
    },
    patient(400_000),
  );

  test(
    "what is wrong is seen",
    async () => {
      const { host, desk, states } = bench;
      const applied = await desk.run(["apply", "--yes", "--json"]);
      expect(applied.exitCode, applied.stdout + applied.stderr).toBe(0);
      expect(await daemonHas(host)).toBe("after");
      expect(await leftovers(host, "after")).toEqual([]);
      await host.exec(`mkdir -p /var/lib/curfew/guard/x; touch /var/lib/curfew/lock /etc/.curfew-old-x-0
        systemd-run --unit curfew-guard-x false; rm /etc/profile.d/00-curfew.sh`);
      expect((await stateOf(host, states, false))[0]).toBe("between");
      const left = (await leftovers(host, "after")).join(" ");
      for (const one of ["/var/lib/curfew/lock", "guard/x", "/etc/.curfew-old-x-0", "curfew-guard-x.service"])
        expect(left).toContain(one);
      const call = { exitCode: 3, stderr: "", seconds: 1, signal: undefined };
      const said = JSON.stringify({ hosts: [{ host: host.name, outcome: "rolled-back", message: "" }] });
      expect(falseStatement({ ...call, stdout: said }, "apply", "after")).toHaveLength(1);
      expect(falseStatement({ ...call, stdout: said }, "apply", "before")).toEqual([]);
      const killed = { ...call, exitCode: undefined, stdout: "", signal: "SIGKILL" };
      expect(falseStatement(killed, "apply", "after")).toHaveLength(1);
      await host.exec("echo Nonsense >>/etc/ssh/sshd_config");
      expect(await lockOut(lab, host)).toEqual([expect.objectContaining({ wrong: "lock-out" })]);
    },
    patient(60_000),
  );
});
