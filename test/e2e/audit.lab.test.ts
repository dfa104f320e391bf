/** Audits of real hosts: compliant, drifted by hand in every way, half-readable, lost; and a host that never notices. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policySchema } from "../../src/config/policy/schema.ts";
import { CONTROLS } from "../../src/controls/index.ts";
import { factsScript } from "../../src/core/answer/script.ts";
import { kubeQuestion } from "../../src/core/kube/on-hosts.ts";
import { sshConnection } from "../flow/facts-host.ts";
import { patient } from "../patience.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { type Call, COMPILED, type Desk, documentOf, openDesk, PROGRAM, RELEASES } from "./curfew.ts";
import { RELOAD_SSHD } from "../lab/reload-sshd.ts";

const POLICY = `
name: audited
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], groups: [operators], client_idle_timeout: 10m }
`;
const DROP_IN = "/etc/ssh/sshd_config.d/00-00-curfew.conf";
const SCRIPT = "/etc/profile.d/00-curfew.sh";

/** What sshd has not read ends nothing that anybody can rely on; the shells' own timeout still does. */
const NOT_READ = ["fail session-ends admin frozen-client", "fail session-ends default frozen-client"];

interface SaidFinding {
  readonly check: string;
  readonly role: string;
  readonly subject?: string;
  readonly outcome: string;
  readonly actual: string;
}

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`audit${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  let desk: Desk;
  const hosts: LabHost[] = [];

  beforeAll(async () => {
    lab = await openLab();
    const users = [
      { name: "ops", sudo: "nopasswd", groups: ["operators"] },
      { name: "dev", sudo: "none" },
    ] as const;
    for (const release of RELEASES) hosts.push(await lab.host({ release, name: release, users }));
    desk = await openDesk(lab, hosts, POLICY);
  });
  afterAll(() => lab?.close());

  const audit = (...args: string[]): Promise<Call> => desk.run(["audit", "--json", ...args]);
  const findingsOf = (call: Call, name: string): SaidFinding[] =>
    documentOf(call).hosts.find((each: { host: string }) => each.host === name).findings;
  /** Everything that neither passes nor is waived, on one host. */
  const open = (call: Call, name: string): string[] =>
    findingsOf(call, name)
      .filter(({ outcome }) => outcome === "fail" || outcome === "unknown")
      .map(({ outcome, check, role, subject }) => [outcome, check, role, subject ?? ""].join(" ").trim())
      .toSorted();
  const history = (...args: string[]) =>
    execa(process.execPath, [PROGRAM, "history", ...args], {
      env: { ...COMPILED, XDG_STATE_HOME: join(desk.dir, "state"), NO_COLOR: "1" },
    });
  const host = (name: string): LabHost => hosts.find((each) => each.name === name) as LabHost;
  const apply = (name: string): Promise<Call> => desk.run(["apply", "--yes", "-l", name]);

  test("before apply every host fails, and says in which files", async () => {
    const call = await audit();
    expect([call.exitCode, call.stderr]).toEqual([2, expect.any(String)]);
    for (const name of RELEASES) {
      expect(open(call, name)).toContain("fail files-as-rendered *");
      expect(open(call, name)).toContain("fail sshd-effective admin");
    }
  });

  test("after apply every host passes, on all four releases", async () => {
    const applied = await desk.run(["apply", "--yes", "--waves", "100%"]);
    expect([applied.exitCode, applied.stderr]).toEqual([0, expect.any(String)]);
    const call = await audit();
    expect(Object.fromEntries(RELEASES.map((name) => [name, open(call, name)]))).toEqual(
      Object.fromEntries(RELEASES.map((name) => [name, []])),
    );
    expect(call.exitCode).toBe(0);
    expect(findingsOf(call, "trixie").map(({ check }) => check)).toContain("session-ends");
  });

  test("an audit leaves no trace beyond that of a bare login", async () => {
    const target = host("bookworm");
    const state = async (): Promise<string> => (await target.exec(STATE)).stdout;
    await desk.run(["audit", "-l", "bookworm"]);
    const before = await state();
    await desk.run(["audit", "-l", "bookworm"]);
    expect(await state()).toBe(before);
  });

  test.each<[string, string, string[]]>([
    [
      "curfew's sshd file edited, not reloaded",
      `echo 'PermitTTY yes' >> ${DROP_IN}`,
      [
        "fail daemon-current *",
        `fail files-as-applied * ${DROP_IN}`,
        "fail files-as-rendered *",
        ...NOT_READ,
      ],
    ],
    [
      "curfew's sshd file removed and sshd reloaded",
      `rm ${DROP_IN}; ${RELOAD_SSHD}`,
      [
        `fail files-as-applied * ${DROP_IN}`,
        "fail files-as-rendered *",
        "fail session-ends admin frozen-client",
        "fail session-ends default frozen-client",
        "fail sshd-effective admin",
        "fail sshd-effective default",
      ],
    ],
    [
      "the shells' script removed",
      `rm ${SCRIPT}`,
      [
        `fail files-as-applied * ${SCRIPT}`,
        "fail files-as-rendered *",
        // ChannelTimeout would end it after the looser limit, which is all that 10.0 can do.
        "fail session-ends admin idle-shell",
        "fail version-ability admin idle sessions",
      ],
    ],
    [
      "a rival drop-in that changes nothing yet: sshd was not reloaded",
      "echo '# hello' > /etc/ssh/sshd_config.d/50-rival.conf",
      ["fail daemon-current *", ...NOT_READ],
    ],
    ["no PidFile: nobody can tell what sshd has read", "rm /run/sshd.pid", ["unknown daemon-current *"]],
  ])("%s", async (_, sabotage, expected) => {
    const target = host("trixie");
    await target.exec(sabotage);
    const call = await audit("-l", "trixie");
    try {
      expect(open(call, "trixie")).toEqual(expected.toSorted());
      expect(call.exitCode).toBe(expected.some((line) => line.startsWith("unknown")) ? 3 : 2);
    } finally {
      await target.exec("rm -f /etc/ssh/sshd_config.d/50-rival.conf");
      await apply("trixie");
      await target.exec("systemctl restart ssh");
    }
    expect(open(await audit("-l", "trixie"), "trixie")).toEqual([]);
  });

  test("with --verify the same findings rest on real sessions, and their evidence is kept", async () => {
    const call = await audit("-l", "bookworm", "--verify", "--scaled", "30");
    expect([call.exitCode, open(call, "bookworm")]).toEqual([0, []]);
    const said = documentOf(call);
    expect(said).toMatchObject({ verified: true, scaled: 30 });
    const sessions = said.hosts[0].findings.filter(({ check }: SaidFinding) => check === "session-ends");
    expect(sessions.map(({ evidence }: { evidence: string }) => evidence)).toEqual(
      sessions.map(() => "demonstrated"),
    );
    expect(sessions.length).toBeGreaterThanOrEqual(6);
    const [file] = said.hosts[0].evidence;
    const kept = await readFile(join(desk.dir, "state/curfew/runs", said.runId, file.path));
    expect(createHash("sha256").update(kept).digest("hex")).toBe(file.sha256);
  });

  test("two audits at once and one killed midway: the history is whole", async () => {
    const before = await desk.run(["audit", "--json"]);
    const [killed, ...others] = [
      desk.start(["audit", "--json"]),
      desk.start(["audit", "--json"]),
      desk.start(["audit", "--json"]),
    ];
    killed?.onProgress((stderr) => {
      if (stderr.includes("reading-facts")) killed.kill("SIGKILL");
    });
    const ended = await Promise.all([killed, ...others].map((each) => each?.done));
    expect(ended.map((each) => each?.signal)).toEqual(["SIGKILL", undefined, undefined]);
    const list = JSON.parse((await history("list", "--json", "-n", "4")).stdout).audits;
    const states = Object.fromEntries(
      list.map(({ runId, state }: { runId: string; state: string }) => [runId, state]),
    );
    expect(Object.values(states).toSorted()).toEqual(["broken-off", "finished", "finished", "finished"]);
    for (const each of [before, ...ended.slice(1)])
      expect(states[documentOf(each as Call).runId]).toBe("finished");
  });

  test("a new member of a role is covered at once; an account without any limit is named", async () => {
    const target = host("bookworm");
    await target.exec("useradd -m -s /bin/bash newcomer && usermod -aG operators newcomer");
    expect(open(await audit("-l", "bookworm"), "bookworm")).toEqual([]);
    await desk.setPolicy(POLICY.replace(/^defaults.*$/mu, "defaults: { unresponsive_timeout: 3m }"));
    await apply("bookworm");
    const call = await audit("-l", "bookworm");
    expect(open(call, "bookworm")).toContain("fail accounts-covered *");
    await desk.setPolicy(POLICY);
    await apply("bookworm");
  });

  test("kubeconfigs on hosts are judged; what they hold never leaves the host", async () => {
    const names = ["bullseye", "trixie"];
    await Promise.all(names.map((name) => host(name).exec(PLANT)));
    await desk.setPolicy(
      `${POLICY}kubernetes: { session_idle_timeout: 15m, groups: [operators], users: [root] }\n`,
    );
    const reports = join(desk.dir, "kube-reports");
    const files = ["--format", "html,json,csv,junit,sarif,oscal,metrics", "-o", reports];
    const call = await audit("-l", names.join(","), ...files);
    for (const name of names) {
      const found = findingsOf(call, name).filter(({ check }) => check.startsWith("kube-"));
      const said = found.map(({ outcome, check, subject }) => `${outcome} ${check} ${subject}`);
      expect(said.toSorted(), name).toEqual(KUBE_FINDINGS);
      const session = found.find(({ subject }) => subject === "user dev in /home/ops/.kube/config");
      expect(session).toMatchObject({
        actual: "token that does not say when it ends; kubectl uses it until the server refuses it",
        source: "/home/ops/.kube/config:6:5",
      });
    }
    const connection = await sshConnection(lab, host("trixie"), "root");
    const asked = kubeQuestion(policySchema.parse({ name: "x", kubernetes: {} }));
    const script = factsScript("0123456789abcdef0123456789abcdef", [], true, CONTROLS, asked);
    const options = { signal: new AbortController().signal, timeoutSeconds: patient(60) };
    const wire = (await connection.runScript(script, options)).stdout.toString();
    expect(wire).toContain("/home/dev/.kube/config");
    expect(wire + call.stdout + call.stderr).not.toContain(PLANTED);
    const kept = await execa("grep", ["-rlaF", PLANTED, desk.dir], { reject: false });
    expect([kept.exitCode, kept.stdout]).toEqual([1, ""]);
    expect(await readFile(join(reports, "curfew-audit.html"), "utf8")).toContain("/home/ops/.kube/config");
    await desk.setPolicy(POLICY);
    await Promise.all(
      names.map((name) => host(name).exec("rm -rf /home/*/.kube /root/.kube /etc/kubernetes /etc/rancher")),
    );
  });

  test("after revert sshd has read what is there: curfew's own copies leave no trace", async () => {
    await desk.run(["revert", "--yes", "-l", "trixie"]);
    const call = await audit("-l", "trixie");
    expect(call.exitCode).toBe(2);
    expect(open(call, "trixie")).not.toContain("unknown daemon-current *");
    await apply("trixie");
  });

  test("a host that went away and one that cannot say what sshd does: unknown, the rest judged, exit 3", async () => {
    await host("sid").powerOff();
    const half = host("bullseye");
    await half.exec("echo 'ClientAliveInterval banana' > /etc/ssh/sshd_config.d/99-broken.conf");
    const call = await audit("--connect-timeout", `${patient(4)}s`);
    expect(call.exitCode).toBe(3);
    expect(open(call, "sid")).toEqual(["unknown host-judged *"]);
    expect(open(call, "bullseye").some((line) => line.startsWith("unknown sshd-effective"))).toBe(true);
    expect(open(call, "bookworm")).toEqual([]);
    await half.exec(`rm /etc/ssh/sshd_config.d/99-broken.conf; ${RELOAD_SSHD}`);
    await host("sid").boot();
  });
});

const PLANTED = "planted-hunter2";
/** ops and root are whom the policy means, dev is not; and what should lead root somewhere else. */
const PLANT = `
config() {
  printf 'kind: Config\\nusers:\\n- name: dev\\n  user:\\n    # ${PLANTED}\\n    token: ${PLANTED}\\n'
  printf -- '- name: plugin\\n  user:\\n    exec:\\n      apiVersion: client.authentication.k8s.io/v1\\n      command: aws\\n'
  printf '      interactiveMode: Never\\n      args: [${PLANTED}]\\n      env:\\n      - {name: A, value: ${PLANTED}}\\n'
}
for home in /home/ops /home/dev /root; do mkdir -p $home/.kube; config >$home/.kube/config; chmod 600 $home/.kube/config; done
chown -R ops: /home/ops/.kube; chown -R dev: /home/dev/.kube
ln -sf /home/dev/.kube/config /root/.kube/config
useradd -m -G operators -s /bin/sh fifo; useradd -m -G operators -s /bin/sh zero; useradd -m -G operators -s /bin/sh large
mkdir -p /home/fifo/.kube /home/zero/.kube /home/large/.kube
mkfifo /home/fifo/.kube/config; ln -s /dev/zero /home/zero/.kube/config; truncate -s 100M /home/large/.kube/config
mkdir -p /etc/kubernetes /etc/rancher/k3s
printf 'kind: Config\\nusers: [{name: a, user: {token: ${PLANTED}}}]\\n' >/etc/kubernetes/admin.conf; chmod 644 /etc/kubernetes/admin.conf
printf '[Global]\\npassword=${PLANTED}\\n' >/etc/kubernetes/cloud.conf
printf 'token: ${PLANTED}\\nwrite-kubeconfig-mode: "0644"\\n' >/etc/rancher/k3s/config.yaml
`;
const KUBE_FINDINGS = [
  "fail kube-file mode of /etc/kubernetes/admin.conf",
  "fail kube-session user dev in /home/ops/.kube/config",
  "fail kube-session user plugin in /home/ops/.kube/config",
  "pass kube-bypass user plugin in /home/ops/.kube/config",
  "pass kube-file mode of /home/ops/.kube/config",
  "pass kube-file owner of /etc/kubernetes/admin.conf",
  "pass kube-session kubeconfigs",
  "unknown kube-session /etc/kubernetes/admin.conf",
  "unknown kube-session /home/fifo/.kube/config",
  "unknown kube-session /home/large/.kube/config",
  "unknown kube-session /home/zero/.kube/config",
  // A link of root's own leads to somebody's: it is not root's either.
  "unknown kube-session /root/.kube/config",
];

/** Content, owner, mode and times of everything that a reader must not touch; services and their last change. */
const STATE = `
for tree in /etc /var/lib /run; do
  find "$tree" \\( -path /run/systemd/sessions -o -path /run/systemd/users -o -path /run/user -o -path /run/log \\
    -o -path /run/systemd/transient -o -path /run/systemd/units -o -path /run/systemd/inhibit \\
    -o -path /run/systemd/journal -o -path /run/utmp -o -path /run/motd.dynamic -o -path /run/sudo \\
    -o -path /var/lib/lastlog -o -path /run/credentials -o -path /run/dbus \\) -prune -o -type f -printf '%p %m %U %G %s %T@\\n'
done | sort
systemctl show -p Id,ActiveEnterTimestampMonotonic,ExecMainStartTimestampMonotonic,NRestarts ssh.service cron.service systemd-logind.service
`;
