/** A host as it is after `apply`: files written and remembered, sshd reloaded and saying what it must. */
import { CONTROLS } from "../../src/controls/index.ts";
import { writtenDigest } from "../../src/core/plan/guard.ts";
import { isExempt, resolvedClasses } from "../../src/core/policy/present-people.ts";
import { planHost } from "../../src/core/plan/host.ts";
import type { Facts, FileFact, FileTimes, UserClass } from "../../src/model/facts/facts.ts";
import type { HostLimits } from "../../src/model/policy/limits.ts";
import type { HostPlan } from "../../src/model/change/plan.ts";
import type { ControlId } from "../../src/model/terms/control-id.ts";
import { known } from "../../src/model/terms/reading.ts";
import { DROP_IN, fileFact } from "./facts-fixture.ts";
import { answered } from "./shell-answers.ts";

const WRITTEN: FileTimes = { changed: "2026-11-22T00:00:00.100Z", modified: "2026-11-22T00:00:00.100Z" };

/** The host after its changes were written and sshd was reloaded. */
export function applied(facts: Facts, policy: HostLimits, selected: readonly ControlId[]): Facts {
  const plan = planHost(facts, policy, selected, CONTROLS);
  const files = withFiles(facts, plan);
  const { classes } = answered(facts, limitIn(facts, policy, selected)).sshd;
  const written = plan.changes.flatMap(({ path, after }) =>
    after === null ? [] : [[path, writtenDigest(after.content)] as const],
  );
  const paths = [files.sshd.mainFile, ...files.sshd.dropIns, ...files.files].map(({ realPath }) => realPath);
  return {
    ...files,
    sshd: {
      ...files.sshd,
      classes:
        classes.state === "known"
          ? known(
              classes.value.map((each) => ({
                ...each,
                effective: known(saidFor(each.representative, plan)),
              })),
            )
          : classes,
    },
    curfew: { ...facts.curfew, written: Object.fromEntries(written) },
    times: {
      sshdLoaded: known("2026-11-22T00:00:00.900Z"),
      files: Object.fromEntries(paths.map((path) => [path, WRITTEN])),
    },
  };
}

/** What each class's shells were given. */
function limitIn(
  facts: Facts,
  policy: HostLimits,
  selected: readonly ControlId[],
): (account: UserClass) => number | null {
  const people = new Map(
    (resolvedClasses(facts, policy) ?? []).map(({ account, person }) => [account.representative, person]),
  );
  return ({ representative }) => {
    const person = people.get(representative);
    const held = person === undefined || isExempt(person, "shell-timeout");
    return selected.includes("shell-timeout") && !held ? person.idle : null;
  };
}

function withFiles(facts: Facts, { changes }: Pick<HostPlan, "changes">): Facts {
  const after = (file: FileFact): FileFact => {
    const change = changes.find(({ path }) => path === file.realPath);
    if (change === undefined) return file;
    return change.after === null ? fileFact(file.path, null) : { ...file, state: known(change.after) };
  };
  const dropIn = changes.find(({ path }) => path === DROP_IN)?.after;
  const dropIns = facts.sshd.dropIns.map(after);
  return {
    ...facts,
    files: facts.files.map(after),
    sshd: {
      ...facts.sshd,
      mainFile: after(facts.sshd.mainFile),
      dropIns:
        dropIn && dropIns.length === 0
          ? [{ path: DROP_IN, realPath: DROP_IN, state: known(dropIn) }]
          : dropIns,
    },
  };
}

function saidFor(user: string, { expectations }: Pick<HostPlan, "expectations">): readonly string[] {
  return expectations.find((each) => each.user === user)?.lines ?? [];
}
