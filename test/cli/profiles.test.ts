import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { BASELINE_NAMES } from "../../src/model/policy/baseline-name.ts";
import { fakeTerminal } from "./fake-terminal.ts";

async function profiles(...given: string[]) {
  const terminal = fakeTerminal();
  const exitCode = await main(["profiles", ...given], terminal);
  return { exitCode, ...terminal.written };
}

test("lists every baseline with its release and numbers", async () => {
  const { exitCode, out } = await profiles();
  expect(exitCode).toBe(0);
  expect(
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" ")[0]),
  ).toEqual([...BASELINE_NAMES]);
  expect(out).toMatch(
    /^stig-rhel9 .* V2R9 +ClientAliveInterval <= 600, ClientAliveCountMax = 1, TMOUT <= 600, StopIdleSessionSec = 600$/mu,
  );
});

test("shows one with its rules", async () => {
  const { exitCode, out } = await profiles("stig-rhel8");
  expect(exitCode).toBe(0);
  expect(out).toContain("client_idle_timeout   at most 10m, which holds where the policy names none\n");
  expect(out).toContain(
    "RHEL-08-020035  medium  (from 8.7)\n  RHEL 8.7 and higher must terminate idle user sessions.\n  StopIdleSessionSec: exactly 600\n  V-257258\n",
  );
});

test("as one JSON document", async () => {
  const { out } = await profiles("cis", "--json");
  const document = JSON.parse(out);
  expect(document).toMatchObject({ schema: "curfew/profiles/1", summary: { profiles: 1 } });
  expect(document.profiles[0]).toMatchObject({ id: "cis", limits: { client_idle_timeout: 900 } });
  expect(document.profiles[0].rules[0]).toMatchObject({
    id: "5.1.9",
    requires: { ClientAliveInterval: { "more-than": 0 } },
    references: expect.arrayContaining(["NIST SP 800-53 AC-12"]),
  });
  expect(JSON.parse((await profiles("--json")).out).summary).toEqual({ profiles: BASELINE_NAMES.length });
});

test("an unknown name is told the nearest", async () => {
  const { exitCode, out, err } = await profiles("stig-rhel_9");
  expect([exitCode, out]).toEqual([64, ""]);
  expect(err).toMatch(/there is no profile "stig-rhel_9", did you mean "stig-rhel9"\?/u);
});
