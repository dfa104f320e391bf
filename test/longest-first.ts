/** The order of test files: hosts first and the longest among them at once, so that no long one is left for the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Roughly how many seconds on two quiet cores, of those that take more than half a minute. */
const SECONDS: Readonly<Record<string, number>> = {
  "e2e/activation.lab.test.ts": 240,
  "e2e/harms.lab.test.ts": 280,
  "flow/verify-shadow.lab.test.ts": 190,
  "e2e/lock-out.lab.test.ts": 240,
  "e2e/left-over.lab.test.ts": 240,
  "flow/verify-sabotage.lab.test.ts": 170,
  "controls/watchdog/watchdog.lab.test.ts": 240,
  "controls/watchdog/watchdog-newer.lab.test.ts": 240,
  "e2e/schedule.lab.test.ts": 150,
  "e2e/wizard.lab.test.ts": 140,
  "flow/verify-kinds.lab.test.ts": 130,
  "flow/verify-load.lab.test.ts": 280,
  "flow/verify-matrix.lab.test.ts": 260,
  "e2e/main-job.lab.test.ts": 110,
  "e2e/outcomes.lab.test.ts": 100,
  "e2e/families.lab.test.ts": 240,
  "e2e/inits.lab.test.ts": 200,
  "e2e/pages.lab.test.ts": 250,
  "e2e/render.lab.test.ts": 100,
  "e2e/scanners.lab.test.ts": 90,
  "controls/watchdog/cron.lab.test.ts": 90,
  "e2e/profiles.lab.test.ts": 300,
  "e2e/audit.lab.test.ts": 150,
  "flow/verify-killed.lab.test.ts": 60,
  "e2e/boot-check.lab.test.ts": 60,
  "campaign/campaign.lab.test.ts": 60,
  "controls/mariadb/mariadb.lab.test.ts": 80,
  "controls/mariadb/releases.lab.test.ts": 70,
  "controls/watchdog/grace.lab.test.ts": 60,
  "flow/logins.lab.test.ts": 240,
  "e2e/postgresql.lab.test.ts": 150,
  "e2e/shared-apply.lab.test.ts": 240,
  "e2e/misuse.lab.test.ts": 65,
  "kube/gate.slow.test.ts": 150,
  "hunt/hunt.lab.test.ts": 120,
  "e2e/ends.lab.test.ts": 80,
  "shared/shared-run.slow.test.ts": 130,
  "shared/chaos.slow.test.ts": 45,
  "shared/shared-schedule.slow.test.ts": 65,
  "controls/logind/grace.lab.test.ts": 50,
  "controls/cockpit/cockpit.lab.test.ts": 50,
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((left, right) => secondsOf(right.moduleId) - secondsOf(left.moduleId));
  }
}

function secondsOf(path: string): number {
  const known = Object.keys(SECONDS).find((name) => path.endsWith(`/test/${name}`));
  if (known !== undefined) return SECONDS[known] ?? 0;
  return path.endsWith(".lab.test.ts") ? 40 : path.endsWith(".slow.test.ts") ? 20 : 1;
}
