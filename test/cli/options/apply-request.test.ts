import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { approve, resultWithoutChange } from "../../../src/cli/commands/approval.ts";
import { type ApplyRequest, loadRequest } from "../../../src/cli/options/apply-request.ts";
import type { ChangeOptions, PolicyOptions } from "../../../src/cli/options/args.ts";
import type { HostPlan, Plan } from "../../../src/model/change/plan.ts";
import { savePlan } from "../../../src/store/run/plan-file.ts";
import { failedPlan, hostPlan } from "../../fixtures/plans.ts";
import { fakeTerminal } from "../fake-terminal.ts";

const POLICY = "name: p\ndefaults:\n  client_idle_timeout: 15m\n";
const INVENTORY = "all:\n  hosts:\n    web1:\n    web2:\n    db1:\n";
const bounds = { connectTimeout: 20, concurrency: 50 };

let directory: string;
let policy: string;
let inventory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-request-"));
  policy = join(directory, "policy.yaml");
  inventory = join(directory, "inventory.yaml");
  await writeFile(policy, POLICY);
  await writeFile(inventory, INVENTORY);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function load(file: string | undefined, other: Partial<PolicyOptions> = {}): Promise<ApplyRequest> {
  return loadRequest(file, { ...bounds, ...other }, fakeTerminal());
}

/** A saved plan of these hosts, made from the policy and inventory as they are now. */
async function saved(hosts: readonly HostPlan[], limit?: string): Promise<string> {
  const other = { policy, inventory: [inventory], ...(limit === undefined ? {} : { limit }) };
  const { sources } = await load(undefined, other);
  const plan: Plan = { schema: "curfew/plan/1", createdAt: "2026-11-22T03:43:10.000Z", ...sources, hosts };
  const file = join(directory, "plan.json");
  await savePlan(file, plan);
  return file;
}

const all = [hostPlan("web1"), hostPlan("web2", { changes: [] }), failedPlan("db1")];
const namesOf = ({ fleet }: ApplyRequest): string[] => fleet.hosts.map(({ name }) => name);

describe("a saved plan", () => {
  test("names its own policy and inventory, and keeps its limit", async () => {
    expect(namesOf(await load(await saved(all)))).toEqual(["web1", "web2", "db1"]);
    expect(namesOf(await load(await saved(all.slice(0, 2), "web*")))).toEqual(["web1", "web2"]);
  });

  test("can be narrowed further", async () => {
    expect(namesOf(await load(await saved(all), { limit: "web2" }))).toEqual(["web2"]);
  });

  test("is not refused for a comment", async () => {
    const file = await saved(all);
    await writeFile(policy, `# a comment\n${POLICY}`);
    expect(namesOf(await load(file))).toHaveLength(3);
  });

  test.each<[string, () => Promise<void>]>([
    ["the policy", () => writeFile(policy, POLICY.replace("15m", "10m"))],
    ["the inventory", () => writeFile(inventory, INVENTORY.replace("web2", "web3"))],
    [
      "the policy and the inventory",
      async () => {
        await writeFile(policy, POLICY.replace("15m", "10m"));
        await writeFile(inventory, `${INVENTORY}    db2:\n`);
      },
    ],
  ])("is refused when %s changed", async (what, change) => {
    const file = await saved(all);
    await change();
    await expect(load(file)).rejects.toMatchObject({
      code: "stale-plan",
      message: `${what} changed since this plan was made; no host was contacted`,
    });
  });

  test("is refused for another policy given on the command line", async () => {
    const other = join(directory, "other.yaml");
    await writeFile(other, POLICY.replace("15m", "1m"));
    await expect(load(await saved(all), { policy: other })).rejects.toMatchObject({ code: "stale-plan" });
  });

  test("is refused where none of its hosts is asked for", async () => {
    await expect(load(await saved([all[0]!]), { limit: "db1" })).rejects.toMatchObject({ code: "usage" });
  });
});

test.each([
  [{}, "--inventory"],
  [{ inventory: ["x"] }, "x"],
])("without a plan policy and inventory are needed: %j", async (options, named) => {
  await expect(load(undefined, options)).rejects.toThrow(named);
});

describe("approve", () => {
  const options = { ...bounds, waves: [], maxFail: 1, confirmWithin: 60 } satisfies ChangeOptions;
  const asking = (other: Partial<ChangeOptions>) => ({
    options: { ...options, ...other },
    terminal: fakeTerminal(),
    stopping: new AbortController().signal,
  });

  test("--yes without a plan means every host", async () => {
    const request = await load(undefined, { policy, inventory: [inventory] });
    expect([...(await approve(undefined, request, asking({ yes: true })))]).toEqual(["web1", "web2", "db1"]);
  });

  test("--yes with a saved plan means every host it could judge", async () => {
    const request = await load(await saved(all));
    expect([...(await approve(request.plan, request, asking({ yes: true })))]).toEqual(["web1", "web2"]);
  });

  test("shows the plan, and asks nothing where nothing changes", async () => {
    const request = await load(await saved(all.slice(1)));
    const { plan: _, ...fresh } = request;
    const way = asking({});
    expect([...(await approve(request.plan, fresh, way))]).toEqual([]);
    expect(way.terminal.written.out).toContain("Plan: 0 to change, 1 unchanged, 1 cannot be judged");
  });

  test("never asks without a terminal", async () => {
    const request = await load(await saved(all));
    await expect(approve(request.plan, request, asking({}))).rejects.toMatchObject({
      code: "usage",
      hint: "give --yes",
    });
  });

  test("with --json keeps standard output for the document", async () => {
    const request = await load(await saved(all));
    const way = asking({ json: true });
    await expect(approve(request.plan, request, way)).rejects.toMatchObject({ code: "usage" });
    expect(way.terminal.written.out).toBe("");
    expect(way.terminal.written.err).toContain("Plan: 1 to change");
  });

  test("after an interrupt nobody is left", async () => {
    const request = await load(await saved(all));
    const stopped = { ...asking({}), stopping: AbortSignal.abort() };
    expect([...(await approve(request.plan, request, stopped))]).toEqual([]);
  });

  test.each([
    [hostPlan("a"), "skipped"],
    [hostPlan("a", { changes: [] }), "unchanged"],
    [failedPlan("a"), "unknown"],
    [undefined, "skipped"],
  ])("a host that is left alone says so", (plan, outcome) => {
    expect(resultWithoutChange("a", plan)).toMatchObject({ host: "a", outcome });
  });
});
