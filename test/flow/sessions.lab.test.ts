/** Who is logged in to a real host, what runs there, and whom a policy would end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession, type OpenSession } from "../controls/ssh-session.ts";
import { documentOf, openDesk, outcomes, type Desk } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../lab/lab.ts";
import { patient } from "../patience.ts";

const POLICY = `
name: sessions
controls: [watchdog]
defaults: {client_idle_timeout: 15m}
roles:
  vendor: {groups: ["domain vendors"], client_idle_timeout: 20s}
exemptions:
  - {name: backup, users: [free], justification: test, owner: test, expires: 2099-01-01}
`;
const READY = "echo rea''dy";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`who is logged in${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;
  const open: OpenSession[] = [];

  beforeAll(async () => {
    lab = await openLab();
    host = await lab.host({
      release: "trixie",
      groups: ["domain vendors"],
      users: [{ name: "vera", groups: ["domain vendors"] }, { name: "dora" }, { name: "free" }],
    });
    desk = await openDesk(lab, [host], POLICY);
    const enter = async (user: string, command: string, tty = true): Promise<void> => {
      open.push(await openSession({ config: lab.sshConfigPath, host: host.name, user, command, tty }));
    };
    await enter("vera", READY);
    await enter("dora", `${READY}; less /etc/passwd`);
    await enter("dora", `${READY}; tmux new-session -s job 'sleep 1001'`);
    await enter("dora", `${READY}; exec sleep 1002`, false);
    await enter("free", READY);
    await enter("root", READY);
  }, patient(120_000));
  afterAll(async () => {
    await Promise.all(open.map((session) => session.close()));
    await lab?.close();
  });

  const sessionsOf = (document: any): any[] => document.hosts[0].sessions;

  test("is listed with address, idle time and what runs, but for curfew's own login", async () => {
    const call = await desk.run(["sessions", "--json"]);
    // 2 where a busy machine took longer to open them than the shortest limit.
    expect([0, 2], call.stderr).toContain(call.exitCode);
    const all = sessionsOf(documentOf(call));
    const seen = all.map(({ user, terminal, activity, what }) =>
      [user, terminal !== null, activity, what].join(" "),
    );
    expect(seen.toSorted()).toEqual([
      "dora false job sleep",
      "dora true multiplexer tmux",
      "dora true program less",
      "free true shell bash",
      "root true shell bash",
      "vera true shell bash",
    ]);
    for (const { from, idle, terminal } of all) {
      expect(from).toMatch(/^10\.77\./u);
      expect(typeof idle).toBe(terminal === null ? "object" : "number");
    }
  });

  test(
    "what is idle beyond its limit ends, the rest later or never, and each says why",
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 25_000));
      const call = await desk.run(["sessions", "-p", desk.policy, "--json"]);
      expect(call.exitCode, call.stderr).toBe(2);
      const document = documentOf(call);
      expect(document.summary).toEqual({ hosts: 1, sessions: 6, ends: 1, later: 3, stays: 2, unknown: 0 });
      const of = (user: string): any[] => sessionsOf(document).filter((each) => each.user === user);
      // A look every 5 s: warned at the first one, ended 27 s later.
      expect(of("vera")).toMatchObject([
        { fate: "ends", role: "vendor", limit: 20, within: 37, by: "watchdog" },
      ]);
      expect(of("free")).toMatchObject([{ fate: "stays", reason: "exempt: backup" }]);
      expect(of("dora").filter(({ terminal }) => terminal === null)).toMatchObject([{ fate: "stays" }]);
      const plan = await desk.run(["plan"]);
      expect(plan.stdout).toMatch(/Logged in now: 6 sessions by 4 accounts; .* 1 session ends at once/u);
      expect(plan.stdout).toMatch(
        /vera@\S+ +pts\/\d+ from 10\.77\.\S+ +idle [\dhms]+, limit 20s +at a prompt: bash +ends within 37s of apply/u,
      );
      const refused = await desk.run(["apply", "--yes", "--max-hurt", "0"]);
      expect([refused.exitCode, refused.stderr]).toEqual([
        3,
        expect.stringContaining("1 session would end at once; --max-hurt allows 0; nothing was changed"),
      ]);
      expect((await host.exec("ls /etc/curfew")).exitCode).not.toBe(0);
    },
    patient(90_000),
  );

  test(
    "as it says, the one ends, and the others are there",
    async () => {
      const [vera, ...others] = open;
      const call = await desk.run(["apply", "--yes", "--json", "--max-hurt", "1"]);
      expect(outcomes(call), call.stderr).toEqual({ [host.name]: "confirmed" });
      await vera?.ended;
      expect(others.map((session) => session.isOpen())).toEqual(others.map(() => true));
    },
    patient(90_000),
  );
});
