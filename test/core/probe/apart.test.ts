import { expect, test } from "vitest";
import { setApart } from "../../../src/core/probe/apart.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";

const result = (over: Partial<ProbeResult>): ProbeResult => ({
  session: "frozen-client",
  role: "admin",
  user: "joe",
  via: "shadow",
  expect: "dropped",
  withinSeconds: 10,
  droppedAfterSeconds: null,
  by: "none",
  outcome: "unknown",
  clientSaw: "",
  reason: "",
  ...over,
});
const gone = { result: result({ variant: "network-gone" }), cannot: "Operation not permitted" };

test.each(["pass", "fail"] as const)(
  "a stopped client's %s decides where no network can be cut",
  (outcome) => {
    const stopped = { result: result({ variant: "stopped", outcome }) };
    const { probes, findings } = setApart([stopped, gone]);
    expect(probes).toEqual([stopped.result]);
    expect(findings).toMatchObject([{ subject: "network-gone", outcome: "pass" }]);
    expect(findings[0]?.actual).toMatch(/Operation not permitted \(give the host CAP_NET_ADMIN/u);
  },
);

test.each<[string, Partial<ProbeResult>]>([
  ["was not judged", { outcome: "unknown" }],
  ["is somebody else's", { outcome: "pass", user: "eve" }],
  ["is another role's", { outcome: "pass", role: "ops" }],
])("nothing is lifted by a stopped client that %s", (_, over) => {
  const stopped = { result: result({ variant: "stopped", ...over }) };
  expect(setApart([stopped, gone])).toEqual({ probes: [stopped.result, gone.result], findings: [] });
});

test("a session that could be opened and was not judged stays unknown", () => {
  const stopped = { result: result({ variant: "stopped", outcome: "pass" }) };
  const lost = { result: gone.result };
  expect(setApart([stopped, lost]).probes).toHaveLength(2);
});
