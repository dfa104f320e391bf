/** Sessions that are older than logind's limit: it cannot warn, so they have all of it from the change on. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentOf, openDesk, outcomes, type Desk } from "../../e2e/curfew.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { openSession } from "../ssh-session.ts";
import { patient } from "../../patience.ts";

const LIMIT = 20;
const POLICY = `name: grace\ncontrols: [logind]\ndefaults: {client_idle_timeout: ${LIMIT}s}\n`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(
  `sessions older than logind's limit${lacks === null ? "" : ` (${lacks})`}`,
  () => {
    let lab: Lab;
    let host: LabHost;
    let desk: Desk;
    beforeAll(async () => {
      lab = await openLab();
      // logind of the other releases ends no session of sshd.
      host = await lab.host({ release: "bookworm", users: [{ name: "bob" }] });
      desk = await openDesk(lab, [host], POLICY);
    });
    afterAll(() => lab?.close());

    test(
      "an idle one ends, and not before the limit has passed once more",
      async () => {
        const command = "echo rea''dy";
        const old = await openSession({ config: lab.sshConfigPath, host: host.name, user: "bob", command });
        await new Promise((resolve) => setTimeout(resolve, (LIMIT + 5) * 1000));
        const begun = performance.now();
        expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "confirmed" });
        await old.ended;
        expect((performance.now() - begun) / 1000).toBeGreaterThan(LIMIT - 1);
      },
      patient(120_000),
    );

    test(
      "where PAM does not tell logind of logins, nothing is promised",
      async () => {
        const tmux = async (): Promise<object> => {
          const call = await desk.run(["audit", "--json", "--no-history", "--sessions", "tmux"]);
          return documentOf(call).hosts[0].ladder.find((cell: { kind: string }) => cell.kind === "tmux");
        };
        expect(await tmux()).toMatchObject({ outcome: "pass", evidence: "effective" });
        const only = "session [success=1 default=ignore] pam_succeed_if.so quiet user = bob";
        await host.exec(`sed -i 's/.*pam_systemd/${only}\\n&/' /etc/pam.d/common-session`);
        expect(await tmux()).toMatchObject({ outcome: "unknown", reason: expect.stringContaining(only) });
        await host.exec("sed -i '/pam_systemd/d' /etc/pam.d/common-session");
        expect(await tmux()).toMatchObject({
          outcome: "fail",
          reason: expect.stringContaining("no pam_systemd"),
        });
      },
      patient(60_000),
    );
  },
);
