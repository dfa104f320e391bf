/** Which ratios are to be reached, computed from what one run measured. Pure. */
import type { Changing } from "./changing.ts";
import type { Reading } from "./reading.ts";
import type { StartUp } from "./start-up.ts";
import { type Goal, perFurtherHost } from "./table.ts";

/** All goals of this run; those of a size that was not measured are left out. */
export function allGoals(
  startUp: StartUp,
  readings: readonly Reading[],
  changings: readonly Changing[],
): Goal[] {
  return [
    ...readingGoals(readings),
    ...changingGoals(changings),
    { what: "curfew --version, wall / empty node", ratio: startUp.version / startUp.emptyNode, limit: 2 },
  ];
}

/** Of the largest fleet; memory against the one before it. Starting up is counted on both sides. */
function readingGoals(readings: readonly Reading[]): Goal[] {
  const large = readings.at(-1);
  const small = readings.at(-2);
  if (large === undefined) return [];
  const { plan, audit, scripts } = large;
  const title = `plan of ${plan.hosts}`;
  return [
    { what: `${title}: CPU / the same script`, ratio: plan.usage.cpuMs / scripts.usage.cpuMs, limit: 1.3 },
    {
      what: `${title}: wall / the same script`,
      ratio: plan.usage.wallMs / scripts.usage.wallMs,
      limit: 1.15,
    },
    {
      what: `audit of ${audit.hosts}: wall / the same script`,
      ratio: audit.usage.wallMs / scripts.usage.wallMs,
      limit: 1.25,
    },
    ...(small === undefined
      ? []
      : [
          {
            what: `${title}: peak RSS / that of ${small.plan.hosts}`,
            ratio: plan.usage.rssMiB / small.plan.usage.rssMiB,
            limit: 1.3,
            library: scripts.usage.rssMiB / small.scripts.usage.rssMiB,
          },
        ]),
  ];
}

/**
 * CPU is that of each further host, as few real hosts would measure starting up and little else. The remote
 * scripts' own time is what the floor with scripts takes beyond two bare logins per host.
 */
function changingGoals(changings: readonly Changing[]): Goal[] {
  const large = changings.at(-1);
  const small = changings.at(-2);
  if (large === undefined) return [];
  const { apply, scripts, logins, loginsPerHost } = large;
  const remote = Math.max(0, scripts.usage.wallMs - 2 * logins.usage.wallMs);
  const allowed = 2.5 * logins.usage.wallMs + remote;
  const title = `apply to ${apply.hosts}`;
  return [
    { what: `${title}: logins per host`, ratio: loginsPerHost, limit: 2 },
    ...(small === undefined
      ? []
      : [
          {
            what: `${title}: CPU per further host / a bare login`,
            ratio: perFurtherHost(small.apply, apply) / perFurtherHost(small.logins, logins),
            limit: 2.5,
            library: perFurtherHost(small.scripts, scripts) / perFurtherHost(small.logins, logins),
          },
        ]),
    {
      what: `${title}: wall / (2.5 logins + remote scripts)`,
      ratio: apply.usage.wallMs / allowed,
      limit: 1,
    },
  ];
}
