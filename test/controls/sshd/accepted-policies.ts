/** Policies as administrators could write them, of which the ones that are accepted count. */
import * as fc from "fast-check";
import { CONTROLS } from "../../../src/controls/index.ts";
import { parsePolicy } from "../../../src/config/policy/policy.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { takeBaselines } from "../../../src/core/policy/apply-baseline.ts";
import { hostLimits } from "../../../src/core/policy/host-limits.ts";
import { BASELINE_NAMES } from "../../../src/model/policy/baseline-name.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import { hostileName } from "../hostile-names.ts";

const NOW = new Date("2026-11-30T00:00:00Z");

/** What a policy makes of a host of no group, with the text that it was made from. */
export interface AcceptedPolicy {
  readonly text: string;
  readonly limits: HostLimits;
}

/** The same seed gives the same policies; names of people who are there are among the others. */
export function acceptedPolicies(
  users: readonly string[],
  groups: readonly string[],
  seed: number,
  count: number,
): AcceptedPolicy[] {
  const policies = fc.sample(policyOf(users, groups), { seed, numRuns: 3 * count });
  return policies.flatMap((policy) => accepted(JSON.stringify(policy, null, 2))).slice(0, count);
}

function accepted(text: string): AcceptedPolicy[] {
  try {
    const { policy, baselines } = parsePolicy("policy.yaml", text, NOW);
    const limits = hostLimits(
      takeBaselines(policy, baselines, CONTROLS),
      { name: "web1", groups: ["all"], vars: {} } as never,
      "2026-11-30",
    );
    return [{ text, limits }];
  } catch (error) {
    if (error instanceof CurfewError) return [];
    throw error;
  }
}

const seconds = fc.oneof(
  fc.constantFrom("2s", "59s", "1m", "3m", "5m", "10m", "15m", "1h30m", "24h", "168h"),
  fc.integer({ min: 2, max: 7 * 24 * 3600 }).map((number) => `${number}s`),
);

const limits = {
  client_idle_timeout: seconds,
  unresponsive_timeout: seconds,
  warn_before: fc.constant("1s"),
};

const isAccepted = (name: string): boolean => policySchema.safeParse({ name }).success;
const line = fc.oneof(
  fc.constantFrom(
    "ours",
    "# Match all",
    "Match all",
    "${x}",
    "$(reboot)",
    "`reboot`",
    "a'b\"c",
    "\\",
    "%u {{x}} <&>",
    "é 日本",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter(isAccepted),
);

function policyOf(users: readonly string[], groups: readonly string[]): fc.Arbitrary<object> {
  const names = (real: readonly string[]): fc.Arbitrary<string[]> =>
    fc.array(fc.oneof(fc.constantFrom(...real), hostileName), { minLength: 1, maxLength: 4 });
  const people = { users: names(users), groups: names(groups) };
  const role = fc
    .record({ ...limits, ...people }, { requiredKeys: [] })
    .filter((one) => one.users !== undefined || one.groups !== undefined);
  const exemption = fc.record(
    {
      name: line,
      ...people,
      controls: fc.oneof(
        fc.constant("all"),
        fc.subarray(
          CONTROLS.map(({ id }) => id),
          { minLength: 1 },
        ),
      ),
      justification: line,
      owner: line,
      expires: fc.constantFrom("2026-12-31", "2020-01-01"),
    },
    { requiredKeys: ["name", "justification", "owner", "expires"] },
  );
  return fc.record(
    {
      name: line,
      profile: fc.option(fc.constantFrom(...BASELINE_NAMES), { freq: 3, nil: undefined }),
      controls: fc.subarray(
        CONTROLS.map(({ id }) => id),
        { minLength: 1 },
      ),
      sshd_file: fc.constantFrom("drop-in", "main"),
      tmux: fc.constantFrom("detach", "end"),
      defaults: fc.record(limits, { requiredKeys: [] }),
      roles: fc.dictionary(fc.oneof(fc.constantFrom("admin", "vendor"), hostileName), role, { maxKeys: 4 }),
      exemptions: fc.array(exemption, { maxLength: 2 }),
    },
    { requiredKeys: ["name", "roles"] },
  );
}
