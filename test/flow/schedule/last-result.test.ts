/** What `schedule show` knows of the last run: unknown is not "none". */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastResult } from "../../../src/flow/schedule/last-result.ts";
import { writeScheduleResult } from "../../../src/store/schedule/result.ts";
import { RESULT } from "../../store/schedule/contract.ts";

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "curfew-last-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

/** Nothing listens there. */
const AWAY = ["--store", "postgres://curfew@127.0.0.1:1/curfew"];
function asked(audit: string[], user = userInfo().username) {
  const definition = {
    schema: "curfew/schedule-definition/1",
    name: "audit",
    time: { kind: "every", seconds: 60 },
    audit,
    timeout: 60,
    state,
    user,
  } as const;
  return lastResult(definition, { XDG_CONFIG_HOME: state });
}

test("without a database the files of this machine say it, or that there was none", async () => {
  expect(await asked([])).toEqual({ last: null, lastUnknown: null });
  await writeScheduleResult(state, "audit", RESULT);
  expect(await asked([])).toEqual({ last: RESULT, lastUnknown: null });
});

test("a database that does not answer makes it unknown; what was told from here meanwhile is shown", async () => {
  const lastUnknown = expect.stringContaining("does not accept connections");
  expect(await asked(AWAY)).toEqual({ last: null, lastUnknown });
  await writeScheduleResult(state, "audit", RESULT);
  expect(await asked(AWAY)).toEqual({ last: RESULT, lastUnknown });
});

test("another account may have another store", async () => {
  expect(await asked([], "somebody")).toEqual({
    last: null,
    lastUnknown: expect.stringContaining("somebody may have a store of its own"),
  });
});
