/** The real controls asked about one person: `core/` may not import them, so this test stands here. */
import { CONTROL_IDS } from "../../src/controls/registry.ts";
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../src/controls/index.ts";
import { explainPerson } from "../../src/core/explain/person.ts";
import { explainSessions } from "../../src/core/explain/sessions.ts";
import { hostLimits } from "../../src/core/policy/host-limits.ts";
import type { Host } from "../../src/model/inventory/host.ts";
import type { ControlId } from "../../src/model/terms/control-id.ts";
import { policySchema } from "../../src/config/policy/schema.ts";
import { known } from "../../src/model/terms/reading.ts";
import { host, person, version } from "./facts-fixture.ts";

const TODAY = "2026-11-22";
const WEB: Host = { name: "web1", address: "web1", groups: [], source: { file: "i" } };
const POLICY = policySchema.parse({
  name: "p",
  defaults: { client_idle_timeout: "15m", unresponsive_timeout: "3m" },
  roles: {
    strict: { users: ["alice"], client_idle_timeout: "5m" },
    alive: { users: ["alice"], unresponsive_timeout: "1m" },
  },
  exemptions: [
    {
      name: "free",
      users: ["zoe"],
      controls: ["watchdog"],
      justification: "j",
      owner: "o",
      expires: TODAY,
    },
  ],
});

function sessions(user: string, release: string, selected: readonly ControlId[]): Record<string, string> {
  const facts = host({ version: version(release), classes: [person(user, `user:${user}`)] });
  const explanation = explainPerson(POLICY, { user, groups: [] }, WEB, TODAY, CONTROL_IDS);
  const limits = hostLimits(POLICY, WEB, TODAY);
  const explained = explainSessions(explanation, facts, limits, selected, CONTROLS);
  return Object.fromEntries(
    explained.map(({ kind, endedBy, uncaught }) => [
      kind,
      uncaught ??
        endedBy.map(({ control, within, late }) => `${within} ${control}${late ? " late" : ""}`).join(", "),
    ]),
  );
}

describe("which mechanism ends which kind of session", () => {
  test("limits of two roles at once", () => {
    const said = sessions("alice", "10.6", ["sshd", "shell-timeout", "watchdog"]);
    expect(said).toMatchObject({
      "idle-shell": "300 sshd, 300 shell-timeout, 322 watchdog",
      "frozen-client": "60 sshd, 300 sshd late, 322 watchdog late",
      tmux: "322 watchdog",
      "idle-command": "300 sshd",
      typing: "",
    });
    expect(said["idle-forward"]).toMatch(/ChannelTimeout direct-tcpip would/u);
  });

  test("a host-wide backstop is the defaults' limit, not theirs", () => {
    expect(sessions("alice", "10.0", ["sshd"])).toMatchObject({ "idle-command": "900 sshd late" });
  });

  test("what nothing ends, and what would", () => {
    const said = sessions("alice", "8.4", ["sshd", "shell-timeout"]);
    expect(said["tmux"]).toMatch(/the watchdog would/u);
    expect(said["idle-sftp"]).toMatch(/ChannelTimeout in OpenSSH 9\.2/u);
  });

  test("an exemption takes away what it names, and says so", () => {
    const said = sessions("zoe", "10.6", ["sshd", "shell-timeout", "watchdog"]);
    expect(said["idle-shell"]).toBe("900 sshd, 900 shell-timeout");
    expect(said["tmux"]).toBe("exempt from watchdog");
  });
});

test("the web console is nothing to an account that it does not let in", () => {
  const console = (user: string): unknown => {
    const facts = {
      ...host({ classes: [person("root", "user:root"), person("alice", "user:alice")] }),
      parts: {
        cockpit: known({
          version: "337",
          dialect: "python",
          page: true,
          said: 0,
          why: "",
          disallowed: ["root"],
          elsewhere: [],
          now: { socket: "active" },
        }),
      },
    };
    const explanation = explainPerson(POLICY, { user, groups: [] }, WEB, TODAY, CONTROL_IDS);
    const limits = hostLimits(POLICY, WEB, TODAY);
    return explainSessions(explanation, facts, limits, ["cockpit"], CONTROLS).find(
      ({ kind }) => kind === "idle-console",
    );
  };
  expect(console("alice")).toEqual({
    kind: "idle-console",
    endedBy: [{ control: "cockpit", within: 300, late: false }],
  });
  expect(console("root")).toBeUndefined();
});
