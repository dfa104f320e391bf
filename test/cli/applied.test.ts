import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHistory } from "../../src/store/open-history.ts";
import { runHere } from "./run-here.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-applied-"));
  await writeFile(join(directory, "i.ini"), "web1 ansible_host=127.0.0.1 ansible_port=1\n");
  await writeFile(join(directory, "p.yaml"), "name: production\ndefaults: {client_idle_timeout: 15m}\n");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test("the history knows who applied and reverted what when, also where no host was reached", async () => {
  const environment = { XDG_STATE_HOME: directory };
  for (const given of [["apply", "-p", "p.yaml"], ["revert"]]) {
    const { exitCode } = await runHere([...given, "-i", "i.ini", "--yes"], { directory, environment });
    expect(exitCode).toBe(3);
  }
  const history = await openHistory({
    state: join(directory, "curfew"),
    now: () => new Date(),
    readOnly: true,
  });
  const { items } = await history.applied({ offset: 0, limit: 10 });
  expect(items.map(({ command, policy, owner }) => [command, policy?.name, owner]).toSorted()).toEqual([
    ["apply", "production", `${userInfo().username}@${hostname()}`],
    ["revert", undefined, `${userInfo().username}@${hostname()}`],
  ]);
  for (const { runId, finishedAt, outcomes } of items) {
    expect(finishedAt).not.toBeNull();
    expect(outcomes).toEqual({ unknown: 1 });
    const { hosts } = await history.appliedRun(runId);
    expect(hosts[0]).toMatchObject({
      host: "web1",
      outcome: "unknown",
      message: expect.stringContaining(""),
    });
  }
  await history.close();
});
