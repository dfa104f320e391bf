/** What apply refuses or settles before it changes anything; a host's real answer, replayed. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../src/controls/index.ts";
import { applyFleet } from "../../src/flow/apply.ts";
import type { Fleet, RunContext } from "../../src/flow/run/context.ts";
import { planFleet } from "../../src/flow/plan.ts";
import type { Connection, ScriptOptions } from "../../src/model/inventory/connection.ts";
import type { HostPlan } from "../../src/model/change/plan.ts";
import type { HostResult } from "../../src/model/change/run.ts";
import { BOOKWORM_ANSWER, EVERYBODY, GUARD_RECORD } from "../fixtures/bookworm-answer.ts";

const GUARD = "feedfacefeedfacefeedfacefeedface";
const IDLE = BOOKWORM_ANSWER.replace(GUARD_RECORD, "\n");
const pending = (state: string, dueIn: number): string =>
  BOOKWORM_ANSWER.replace(
    GUARD_RECORD,
    `${section("armed", GUARD, state)}1000 60 500\n9999\n${560 - dueIn}.5 0.0\n`,
  );
/** A section in the frame of the answer. */
const section = (...words: string[]): string => `\n@0123456789abcdef0123456789abcdef\t${words.join("\t")}\n`;
const unfinished = (state: string): string =>
  BOOKWORM_ANSWER.replace(GUARD_RECORD, section("unfinished", "feedface", state));
const policy = EVERYBODY;
const host = { name: "web1", address: "web1", groups: ["all"], source: { file: "inventory" } };
const fleet: Fleet = { policy, hosts: [host] };
const OPTIONS = { waves: ["100%"], maxFail: 1, confirmWithinSeconds: 60, owner: "al@desk" };

/** Facts are answered one after the other, the last again and again; a settling by a state; a change is lost. */
interface Answers {
  readonly facts: readonly string[];
  readonly settled?: string;
  readonly today?: string;
}

function contextOf({ facts, settled = "", today = "2026-11-22" }: Answers, asked: string[] = []): RunContext {
  const left = [...facts];
  const runScript = async (script: string, { onLine }: ScriptOptions) => {
    const token = /\n\s*token='([0-9a-f]{32})'/u.exec(script)?.[1] ?? "";
    const kind = script.endsWith("\ncurfew_main\n")
      ? "change"
      : script.endsWith("\nsettle_main\n")
        ? "settle"
        : "facts";
    asked.push(kind === "settle" ? `${kind} ${token}` : kind);
    const next = (left.length > 1 ? left.shift() : left[0]) ?? "";
    const stdout =
      kind === "facts"
        ? next.replaceAll("0123456789abcdef0123456789abcdef", token)
        : kind === "settle"
          ? `@${token} state ${settled}\n`
          : `@${token} fail remote the test ends here\n`;
    for (const line of kind === "facts" ? [] : stdout.trimEnd().split("\n")) onLine?.(line);
    return { stdout: Buffer.from(stdout, "latin1"), stderr: "", exitCode: 0 };
  };
  const ident = readFileSync(new URL("../fixtures/facts/bookworm.ident", import.meta.url), "utf8").trim();
  const connection = { host, user: "root", serverIdent: ident, runScript, close: () => undefined };
  return {
    connect: async () => connection as unknown as Connection,
    controls: CONTROLS,
    emit: () => undefined,
    clock: () => 0,
    now: () => new Date(today),
    token: () => "c".repeat(32),
    stopping: new AbortController().signal,
    aborting: new AbortController().signal,
    concurrency: 1,
    connectTimeoutSeconds: 1,
  } as unknown as RunContext;
}

async function planned(context: RunContext): Promise<HostPlan> {
  const [plan] = await planFleet(fleet, context);
  expect(plan?.error).toBeUndefined();
  expect(plan?.changes.length).toBeGreaterThan(0);
  return plan!;
}

async function applied(context: RunContext, approved?: HostPlan): Promise<HostResult> {
  const plans = approved === undefined ? {} : { approved: new Map([[host.name, approved]]) };
  const [result] = await applyFleet(fleet, { ...OPTIONS, ...plans }, context);
  return result!;
}

describe("a plan that was approved", () => {
  test("on the last day of an exemption is carried out on that day", async () => {
    const plan = await planned(contextOf({ facts: [IDLE] }));
    const asked: string[] = [];
    expect(await applied(contextOf({ facts: [IDLE] }, asked), plan)).toMatchObject({
      message: "the test ends here; nothing was changed",
    });
    expect(asked).toEqual(["facts", "change"]);
  });

  test("is refused the day after, though neither files nor host changed", async () => {
    const plan = await planned(contextOf({ facts: [IDLE] }));
    const asked: string[] = [];
    expect(await applied(contextOf({ facts: [IDLE], today: "2026-11-23" }, asked), plan)).toMatchObject({
      outcome: "failed",
      error: { code: "stale-plan", hint: expect.stringContaining("make the plan anew") },
      message: expect.stringContaining("what is to be done is not as it was when the plan was made"),
    });
    expect(asked).toEqual(["facts"]);
  });
});

describe("a change of a run that died", () => {
  test.each(["reverted", "confirmed", "none"])(
    "that ends up %s is settled, and apply goes on",
    async (settled) => {
      const asked: string[] = [];
      const result = await applied(contextOf({ facts: [pending("armed", -60), IDLE], settled }, asked));
      expect(asked).toEqual(["facts", `settle ${GUARD}`, "facts", "change"]);
      expect(result.message).toMatch(
        settled === "reverted"
          ? /^a change that was never confirmed \(feedface\w+\) was taken back first; the test ends here/u
          : /was settled meanwhile; the test ends here/u,
      );
    },
  );

  test.each([
    [
      "its undo does not come to an end",
      [pending("reverting", -60)],
      "reverting",
      /could not be taken back: it is reverting/u,
    ],
    ["it says nothing", [pending("armed", -60)], "", /could not be taken back: it is unknown/u],
    [
      "it is pending all the same",
      [pending("armed", -60)],
      "reverted",
      /should have been taken back by the host/u,
    ],
  ])("keeps apply away where %s", async (_what, facts, settled, message) => {
    const asked: string[] = [];
    const result = await applied(contextOf({ facts, settled }, asked));
    expect(result).toMatchObject({ outcome: "failed", error: { code: "locked" } });
    expect(result.message).toMatch(message);
    expect(asked).not.toContain("change");
  });

  test.each([
    [
      "confirmed",
      /^the change feedface was confirmed, and its run ended before it had tidied up: that is done now; the test/u,
    ],
    [
      "reverted",
      /^the change feedface was taken back, and its run ended before .*: that is done now; the test ends here/u,
    ],
    [
      "staged",
      /^the change feedface was prepared by a run that ended, .*: that is done now; the test ends here/u,
    ],
    ["lock", /^the lock of a run that ended is left: that is done now; the test ends here/u],
    ["hook", /^the check at boot of a run that ended is left: that is done now; the test ends here/u],
  ])("and was not tidied up (%s) is brought to its end first, and that is said", async (state, message) => {
    const asked: string[] = [];
    const result = await applied(contextOf({ facts: [unfinished(state), IDLE], settled: "none" }, asked));
    expect(asked).toEqual(["facts", `settle ${"c".repeat(32)}`, "facts", "change"]);
    expect(result.message).toMatch(message);
  });

  test("and cannot be brought to its end is an error, not unchanged", async () => {
    const result = await applied(contextOf({ facts: [unfinished("confirmed")], settled: "none" }));
    expect(result).toMatchObject({ outcome: "failed", error: { code: "remote" } });
    expect(result.message).toMatch(/cannot be brought to its end; nothing else was changed$/u);
  });

  test("is a finding of plan and audit until then, and so is an edit that was kept", async () => {
    const kept = `${section("kept")}edited\t/etc/x\t/etc/x.curfew-kept-1\nlate\t/etc/y\t-\nnonsense\t/etc/z\t-\n`;
    const [plan] = await planFleet(
      fleet,
      contextOf({
        facts: [
          unfinished("confirmed").replace(/\n@[0-9a-f]{32}\tunfinished/u, (at) => kept.trimEnd() + "\n" + at),
        ],
      }),
    );
    const found = plan!.findings.filter(({ check }) => ["change-finished", "edits-merged"].includes(check));
    expect(found.map(({ outcome, subject, source }) => [outcome, subject, source])).toEqual([
      ["fail", "feedface", "/var/lib/curfew"],
      ["fail", "/etc/x", "/etc/x.curfew-kept-1"],
      ["pass", "/etc/y", "/etc/y"],
    ]);
    expect(found[1]?.actual).toContain("kept as /etc/x.curfew-kept-1");
  });

  test("is left alone within its time", async () => {
    const asked: string[] = [];
    expect(await applied(contextOf({ facts: [pending("armed", 34)] }, asked))).toMatchObject({
      outcome: "failed",
      error: { code: "locked" },
      message: expect.stringContaining("the host takes it back by itself within 34 s"),
    });
    expect(asked).toEqual(["facts"]);
  });
});
