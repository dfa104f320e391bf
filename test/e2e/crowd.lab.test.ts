/** A policy that names people one by one, by the hundred: one question to sshd for each role all the same. */
import { CONTROLS } from "../../src/controls/index.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostLimits } from "../../src/core/policy/host-limits.ts";
import { selectorsOf } from "../../src/core/policy/selectors.ts";
import { loadPolicy } from "../../src/config/policy/policy.ts";
import { gatherFacts } from "../../src/flow/gather.ts";
import type { Facts } from "../../src/model/facts/facts.ts";
import { sshConnection } from "../flow/facts-host.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Desk, documentOf, openDesk, outcomes } from "./curfew.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const STAFF = names("s", 150);
const VENDORS = names("v", 60);
/** Half of the vendors are in a group of the same role too, and ten of the staff are vendors as well. */
const POLICY = `
name: crowd
defaults: { client_idle_timeout: 12m, unresponsive_timeout: 4m }
roles:
  staff: { users: [${STAFF.join(", ")}, nobody-has-it], client_idle_timeout: 10m }
  vendor:
    users: [${[...VENDORS, ...STAFF.slice(-10)].join(", ")}]
    groups: [partners]
    client_idle_timeout: 5m
exemptions:
  - name: night shift
    users: [${STAFF.slice(0, 3).join(", ")}]
    controls: [sshd]
    justification: they only watch
    owner: ops
    expires: 2099-01-01
`;

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`a crowd of named people${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let host: LabHost;
  let desk: Desk;

  beforeAll(async () => {
    lab = await openLab();
    // The host's own words about one of the crowd come first, and about something else.
    const rival = "Match User s020\n  ClientAliveInterval 33\nMatch User s021\n  X11Forwarding no\n";
    host = await lab.host({ release: "trixie" });
    await host.writeFile("/etc/ssh/sshd_config.d/+first.conf", rival);
    await host.exec(`${RELOAD_SSHD}; groupadd partners`);
    await host.exec(
      `for name in ${[...STAFF, ...VENDORS].join(" ")}; do
         number=$((\${number:-20000} + 1))
         echo "$name:x:$number:100::/home/$name:/bin/sh" >> /etc/passwd
         echo "$name:*:20000:0:99999:7:::" >> /etc/shadow
       done
       sed -i 's/^partners:.*/&${VENDORS.slice(0, 30).join(",")}/' /etc/group`,
      { timeoutSeconds: 60 },
    );
    desk = await openDesk(lab, [host], POLICY);
  });
  afterAll(() => lab?.close());

  test("is a handful of classes, and nobody gets lost", async () => {
    const { sshd } = await facts();
    if (sshd.classes.state !== "known") throw new Error(JSON.stringify(sshd.classes));
    const found = sshd.classes.value.map(({ representative, size, users }) => [
      representative,
      size,
      users.length,
    ]);
    expect(found.toSorted()).toEqual([
      ["root", expect.any(Number), expect.any(Number)],
      ["s001", 3, 3],
      ["s004", 137, 20],
      ["s141", 10, 10],
      ["v001", 60, 20],
    ]);
    expect(sshd.missingSelectors).toEqual(["user:nobody-has-it"]);
    const vendors = sshd.classes.value.find(({ representative }) => representative === "v001");
    expect(vendors?.selectors).toContain("group:partners");
    expect(vendors?.selectors).toHaveLength(61);
  });

  test("apply gives each of them what the policy says, and a second one changes nothing", async () => {
    const planned = await desk.run(["plan", "--json"]);
    expect(planned.exitCode, planned.stderr).toBe(2);
    expect(said(documentOf(planned))).toContainEqual(
      expect.stringContaining("Match User s020 stands before curfew's blocks"),
    );
    const applied = await desk.run(["apply", "--yes", "--json"]);
    expect(outcomes(applied), applied.stderr).toEqual({ [host.name]: "confirmed" });
    const unused = await Promise.all(
      ["s001", "s004", "s077", "s140", "s141", "s150", "v001", "v030", "v060", "root"].map(limitOf),
    );
    expect(unused).toEqual(["none", "600", "600", "600", "300", "300", "300", "300", "300", "720"]);
    expect(outcomes(await desk.run(["apply", "--yes", "--json"]))).toEqual({ [host.name]: "unchanged" });
  });

  test("explain still tells one of them from the others", async () => {
    const call = await desk.run(["explain", `v007@${host.name}`, "--json"]);
    expect(call.exitCode, call.stderr).toBe(0);
    expect(JSON.stringify(documentOf(call))).toContain("group partners");
    const other = await desk.run(["explain", `v045@${host.name}`, "--json"]);
    expect(JSON.stringify(documentOf(other))).not.toContain("group partners");
  });

  async function facts(): Promise<Facts> {
    const { policy } = await loadPolicy(desk.policy);
    const of = { name: host.name, address: host.address, groups: [], source: { file: "" } };
    const connection = await sshConnection(lab, host, "root");
    const asked = selectorsOf(hostLimits(policy, of, "2026-11-22"));
    return gatherFacts(connection, asked, {
      controls: CONTROLS,
      signal: new AbortController().signal,
      now: new Date(),
      token: "0123456789abcdef0123456789abcdef",
    });
  }

  async function limitOf(user: string): Promise<string | undefined> {
    const specification = `user=${user},host=x,addr=192.0.2.1,laddr=192.0.2.2,lport=22`;
    const { stdout } = await host.exec(`/usr/sbin/sshd -T -C ${specification}`);
    return /^unusedconnectiontimeout (.*)$/mu.exec(stdout)?.[1];
  }
});

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(3, "0")}`);
}

function said(document: any): string[] {
  return document.hosts.flatMap(({ findings }: { findings: { actual: string; source: string }[] }) =>
    findings.map(({ actual, source }) => `${actual} (${source})`),
  );
}
