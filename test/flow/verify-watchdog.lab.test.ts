/** verify says that the watchdog ended a session, and waits as long as the watchdog may take. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDesk, outcomes } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { peopledHost, verify } from "./verify-host.ts";

const POLICY = `
name: lab
controls: [watchdog]
defaults: {client_idle_timeout: 20s}
roles:
  root: {users: [root]}
  bash: {groups: [bashers]}
`;
const lacks = labUnavailable();

describe.skipIf(lacks !== null)(`verify with the watchdog${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host(peopledHost("trixie"));
    const desk = await openDesk(lab, [host], POLICY);
    const call = await desk.run(["apply", "--yes", "--json"]);
    expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
  });
  afterAll(() => lab.close());

  test("every kind with a terminal passes by it, no other does", { timeout: 120_000 }, async () => {
    const policy = {
      name: "lab",
      controls: ["watchdog"],
      defaults: { client_idle_timeout: "20s" },
      roles: { root: { users: ["root"] }, bash: { groups: ["bashers"] } },
    };
    const terminals = ["idle-shell", "escaped-shell", "foreground-program", "output-loop", "tmux"] as const;
    const sessions = [...terminals, "idle-command"] as const;
    const target = { name: host.name, sshConfig: lab.sshConfigPath };
    const verification = await verify(target, policy, { sessions, roles: ["root", "bash"] });
    expect(verification.error).toBeUndefined();
    const cells = verification.probes.map(({ session, user, via, outcome, by }) => {
      return [`${session} ${user} ${via}`, `${outcome} ${by}`] as const;
    });
    const who = ["root live", "root shadow", "bea shadow"];
    const expected = sessions.flatMap((kind) =>
      who.map(
        (each) => [`${kind} ${each}`, kind === "idle-command" ? "fail none" : "pass watchdog"] as const,
      ),
    );
    expect(Object.fromEntries(cells)).toEqual(Object.fromEntries(expected));
    for (const { reason } of verification.probes.filter(({ outcome }) => outcome === "pass")) {
      expect(reason).toMatch(/by watchdog, limit 20 s \(looked at every \d+ s\)/u);
    }
  });
});
