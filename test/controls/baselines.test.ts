/** What is written under each baseline, read by people in review and held against scanners' own patterns. */
import { CONTROL_IDS } from "../../src/controls/registry.ts";
import { describe, expect, test } from "vitest";
import { loadBaseline } from "../../src/config/policy/baseline.ts";
import { CONTROLS } from "../../src/controls/index.ts";
import { explainPerson } from "../../src/core/explain/person.ts";
import { explainSessions } from "../../src/core/explain/sessions.ts";
import { hostLimits } from "../../src/core/policy/host-limits.ts";
import { applyBaseline } from "../../src/core/policy/apply-baseline.ts";
import { planHost } from "../../src/core/plan/host.ts";
import { planProbes } from "../../src/core/probe/plan.ts";
import { parseSshdConfig } from "../../src/core/sshd/config-text.ts";
import type { Facts } from "../../src/model/facts/facts.ts";
import { LOGIND_FILE, SHELL_SCRIPT } from "../../src/model/inventory/host-paths.ts";
import type { HostPlan } from "../../src/model/change/plan.ts";
import { policySchema } from "../../src/config/policy/schema.ts";
import { BASELINE_NAMES, type BaselineName } from "../../src/model/policy/baseline-name.ts";
import { known } from "../../src/model/terms/reading.ts";
import { DROP_IN, WITHOUT_INCLUDE, WITH_INCLUDE, fileFact, host, person, version } from "./facts-fixture.ts";
import { golden } from "./golden.ts";
import {
  type Files,
  accountsTmout,
  cisTmout,
  conflicting,
  logindTimeout,
  sshdIdleTimeout,
  sshdKeepalive,
} from "./scanners.ts";

const PEOPLE = [person("nobody"), person("root", "group:sudo", "user:root"), person("backup", "user:backup")];
const INVENTORY_HOST = { name: "web1", address: "web1", groups: ["all"], source: { file: "i" } };

/** The system that each baseline is for, its OpenSSH, and whether its sshd_config has an Include line. */
const SYSTEMS: Record<
  BaselineName,
  readonly [id: string, versionId: string, sshd: string, include: boolean]
> = {
  cis: ["debian", "12", "9.2", true],
  "pci-dss": ["debian", "13", "10.0", true],
  "stig-ol9": ["ol", "9.4", "8.7", true],
  "stig-rhel8": ["rhel", "8.10", "8.0", false],
  "stig-rhel9": ["rhel", "9.4", "8.7", true],
  "stig-rhel10": ["rhel", "10.0", "9.9", true],
  "stig-ubuntu2204": ["ubuntu", "22.04", "8.9", true],
  "stig-ubuntu2404": ["ubuntu", "24.04", "9.6", true],
};

function facts(name: BaselineName, main?: string): Facts {
  const [id, versionId, sshd, include] = SYSTEMS[name];
  return {
    ...host({
      version: version(sshd),
      main: main ?? (include ? WITH_INCLUDE : WITHOUT_INCLUDE),
      classes: PEOPLE,
      shells: ["bash", "ksh93"],
    }),
    os: known({ id, versionId, name: `${id} ${versionId}` }),
  };
}

function planned(
  name: BaselineName,
  found: Facts,
  controls: string[] | "all" = ["shell-timeout", "sshd"],
  more: object = {},
) {
  const policy = policySchema.parse({
    ...more,
    name: "production",
    profile: name,
    roles: {
      admin: { users: ["root"], groups: ["sudo"], client_idle_timeout: "5m", unresponsive_timeout: "3m" },
    },
    exemptions: [
      {
        name: "nightly",
        users: ["backup"],
        controls,
        justification: "rsync",
        owner: "ops",
        expires: "2027-01-31",
      },
    ],
  });
  const resolved = applyBaseline(policy, loadBaseline(name), CONTROLS);
  const limits = hostLimits(resolved, INVENTORY_HOST, "2026-11-22");
  return planHost(found, limits, resolved.controls, CONTROLS);
}

/** Every file under /etc as it would be afterwards. */
function filesOf(plan: Omit<HostPlan, "host">, found: Facts): Files {
  const files = new Map<string, string>();
  for (const { path, state } of [found.sshd.mainFile, ...found.sshd.dropIns, ...found.files]) {
    if (state.state === "known") files.set(path, state.value.content);
  }
  for (const { path, after } of plan.changes) {
    if (after === null) files.delete(path);
    else files.set(path, after.content);
  }
  return [...files];
}

describe.each(BASELINE_NAMES)("%s", (name) => {
  test("writes what was reviewed", () => {
    const plan = planned(name, facts(name));
    const shown = plan.changes.filter(({ path }) => !/bashrc|kshrc/u.test(path));
    const text = [
      ...shown.map(({ path, after }) => `=== ${path}\n${after?.content ?? "(not there)\n"}`),
      `=== findings\n${plan.findings.map((each) => `${each.outcome} ${each.role}: ${each.actual}\n`).join("")}`,
    ].join("");
    expect(text).toBe(golden(`profiles/${name}.txt`, text));
  });

  test("its scanners find what they look for, and no line that they refuse", () => {
    const found = facts(name);
    const files = filesOf(planned(name, found), found);
    const [system] = SYSTEMS[name];
    const typeset = /rhel|ol|debian/u.test(system);
    const stig = name.startsWith("stig");
    expect({
      tmout: accountsTmout(files, typeset ? "red-hat" : "ubuntu", stig ? 600 : 900),
      interval: sshdIdleTimeout(files, stig ? 600 : name === "cis" ? 300 : 900),
      count: sshdKeepalive(files, name === "cis" ? 3 : 1),
      agree: !conflicting(files, "ClientAliveInterval") && !conflicting(files, "ClientAliveCountMax"),
      logind: logindTimeout(files, 600),
      cis: cisTmout(files),
    }).toEqual({
      tmout: true,
      interval: true,
      count: true,
      // The role has a stricter unresponsive limit than everybody else.
      agree: stig,
      logind: /rhel[89]|ol9/u.test(name),
      // Without lines that say readonly and export, CIS' script sees neither.
      cis: !/rhel|ol/u.test(system),
    });
  });

  test("ClientAlive stands outside Match as well, and nobody has it off", () => {
    const found = facts(name);
    const lines = filesOf(planned(name, found, "all"), found)
      .filter(([path]) => path.startsWith("/etc/ssh/"))
      .flatMap(([, text]) => parseSshdConfig(text))
      .filter(({ keyword }) => keyword.startsWith("clientalive"));
    expect(lines.filter(({ match }) => match === null).map(({ keyword }) => keyword)).toEqual([
      "clientaliveinterval",
      "clientalivecountmax",
    ]);
    expect(lines.filter(({ args }) => Number(args[0]) < 1)).toEqual([]);
  });
});

describe("forms", () => {
  const script = (name: BaselineName, found: Facts) =>
    filesOf(planned(name, found), found).find(([path]) => path === SHELL_SCRIPT)?.[1] ?? "";

  test("CIS on Red Hat's family satisfies ComplianceAsCode's check and CIS' script at once", () => {
    const found: Facts = { ...facts("cis"), os: known({ id: "rhel", versionId: "9.4", name: "RHEL 9.4" }) };
    const files = filesOf(planned("cis", found), found);
    expect([accountsTmout(files, "red-hat", 900), cisTmout(files)]).toEqual([true, true]);
  });

  test("CIS on Debian: `sshd_file: main` satisfies checks that read no drop-in", () => {
    const found = facts("cis");
    const drops = filesOf(planned("cis", found), found);
    const files = filesOf(planned("cis", found, "all", { sshd_file: "main" }), found);
    const main = (all: Files): Files => all.filter(([path]) => path === "/etc/ssh/sshd_config");
    expect([sshdIdleTimeout(main(drops), 300), sshdKeepalive(main(drops), 3)]).toEqual([false, false]);
    expect([sshdIdleTimeout(main(files), 300), sshdKeepalive(main(files), 3)]).toEqual([true, true]);
    expect(files.filter(([path]) => path === DROP_IN)).toEqual([]);
  });

  test("exempt people are left out, not given a larger value", () => {
    const text = script("stig-ubuntu2204", facts("stig-ubuntu2204"));
    expect(text).toMatch(/'uid='\*\[0-9\]'\(backup\) gid='\*\)\n\s+;;/u);
    expect([...text.matchAll(/TMOUT=(\d+)/gu)].map(([, value]) => value)).toEqual([
      "240",
      "300",
      "540",
      "600",
    ]);
  });

  test("without a profile nothing is exported", () => {
    const plain = host({ classes: PEOPLE });
    const policy = policySchema.parse({ name: "x", defaults: { client_idle_timeout: "10m" } });
    const limits = hostLimits(applyBaseline(policy, null, CONTROLS), INVENTORY_HOST, "2026-11-22");
    const plan = planHost(plain, limits, policy.controls, CONTROLS);
    const text = filesOf(plan, plain).find(([path]) => path === SHELL_SCRIPT)?.[1] ?? "";
    expect(text).toContain("readonly TMOUT=600");
    expect(text).not.toMatch(/^\s*(?:export|typeset)/mu);
    expect(accountsTmout([[SHELL_SCRIPT, text]], "ubuntu", 900)).toBe(false);
  });
});

describe("the scanners' patterns refuse what they are said to refuse", () => {
  const shell = (text: string): Files => [[SHELL_SCRIPT, text]];
  test.each([
    ["one line", "TMOUT=600; readonly TMOUT; export TMOUT\n", false, false],
    ["a line between", "TMOUT=600\n:\nreadonly TMOUT\nexport TMOUT\n", false, false],
    ["declare -irx", "declare -irx TMOUT=600\n", false, false],
    ["a test before it", "[ -z x ] && typeset -xr TMOUT=600\n", false, false],
    ["0", "TMOUT=0\nreadonly TMOUT\nexport TMOUT\n", false, false],
    ["three lines", "TMOUT=600\nreadonly TMOUT\nexport TMOUT\n", false, true],
    ["typeset", "  typeset -xr TMOUT=600\n", true, false],
  ])("%s", (_name, text, redHat, ubuntu) => {
    expect(accountsTmout(shell(text), "red-hat", 600)).toBe(redHat);
    expect(accountsTmout(shell(text), "ubuntu", 600)).toBe(ubuntu);
  });

  test("sshd and logind", () => {
    expect(sshdIdleTimeout([[DROP_IN, "Match all\n  ClientAliveInterval 0\n"]], 600)).toBe(false);
    expect(sshdKeepalive([[DROP_IN, "ClientAliveCountMax 1\nMatch all\n  ClientAliveCountMax 2\n"]], 1)).toBe(
      false,
    );
    expect(logindTimeout([[LOGIND_FILE, "[Login]\nStopIdleSessionSec=600s\n"]], 600)).toBe(false);
  });
});

describe("StopIdleSessionSec", () => {
  const content = (found: Facts) =>
    filesOf(planned("stig-rhel9", found), found).find(([path]) => path === LOGIND_FILE)?.[1];

  test("is written where the key is known, though it does nothing there, and said", () => {
    const inert: Facts = {
      ...facts("stig-rhel9"),
      logind: known({ version: 257, idleStop: "infinity", utmp: "no" }),
    };
    expect(content(inert)).toContain("\nStopIdleSessionSec=600\n");
    const { findings, coverage } = planned("stig-rhel9", inert);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "mechanism-works", control: "logind", outcome: "fail" }),
    );
    expect(coverage.filter(({ control }) => control === "logind")).toEqual([]);
  });

  test("is not written where systemd does not know it", () => {
    const old: Facts = {
      ...facts("stig-rhel9"),
      logind: known({ version: 247, idleStop: "unsupported", utmp: "yes" }),
    };
    expect(content(old)).toBeUndefined();
  });
});

describe("a frozen client of somebody exempt", () => {
  const under = (name: BaselineName | null) => {
    const policy = policySchema.parse({
      name: "x",
      defaults: { client_idle_timeout: "10m", unresponsive_timeout: "3m" },
      exemptions: [{ name: "n", users: ["backup"], justification: "j", owner: "o", expires: "2027-01-31" }],
    });
    const resolved = applyBaseline(policy, name === null ? null : loadBaseline(name), CONTROLS);
    return { resolved, limits: hostLimits(resolved, INVENTORY_HOST, "2026-11-22") };
  };
  const probed = (name: BaselineName | null) => {
    const { resolved, limits } = under(name);
    const account = { user: "backup", groups: [], uid: 34, shell: "/bin/bash", obstacle: "" };
    const sessions = ["idle-shell", "frozen-client"] as const;
    const wishes = { sessions, controls: resolved.controls, known: CONTROLS, login: "root", given: {} };
    return planProbes("web1", [account], limits, wishes, host())
      .probes.filter(({ variant }) => variant !== "network-gone")
      .map((probe) => `${probe.session} ${probe.expect}`);
  };
  const explained = (name: BaselineName | null) => {
    const { resolved, limits } = under(name);
    const explanation = explainPerson(
      resolved,
      { user: "backup", groups: [] },
      INVENTORY_HOST,
      "2026-11-22",
      CONTROL_IDS,
    );
    return explainSessions(explanation, facts("cis"), limits, resolved.controls, CONTROLS).find(
      ({ kind }) => kind === "frozen-client",
    );
  };

  test("is kept without a baseline, and dropped under one that wants ClientAlive for everybody", () => {
    expect(probed(null)).toEqual(["idle-shell kept", "frozen-client kept"]);
    expect(probed("cis")).toEqual(["idle-shell kept", "frozen-client dropped"]);
    expect(explained(null)).toMatchObject({
      endedBy: [],
      uncaught: expect.stringMatching(/^exempt from/u) as string,
    });
    // 9.2 takes twice as long: 22 s, four times and twice.
    expect(explained("cis")?.endedBy).toMatchObject([{ control: "sshd", within: 176 }]);
  });
});

describe("logind.conf itself, where RHEL 8's scanners look", () => {
  const MAIN = "/etc/systemd/logind.conf";
  const SHIPPED = "# shipped\n[Login]\n#NAutoVTs=6\n#StopIdleSessionSec=infinity\n";
  const withMain = (text: string): Facts => {
    const found = facts("stig-rhel8");
    return { ...found, files: found.files.map((file) => (file.path === MAIN ? fileFact(MAIN, text) : file)) };
  };
  const after = (found: Facts, name: BaselineName = "stig-rhel8") =>
    filesOf(planned(name, found), found).find(([path]) => path === MAIN)?.[1] ?? "";

  test.each([
    ["as shipped", SHIPPED],
    ["without the section", "# nothing\n"],
    ["with another section first", "[Other]\nx=1\n\n[Login]\nKillUserProcesses=no\n"],
  ])("%s: the setting is found there, and taken away again", (_name, text) => {
    const written = after(withMain(text));
    expect(logindTimeout([[MAIN, written]], 600)).toBe(true);
    expect(after(withMain(written))).toBe(written);
    expect(after(withMain(written), "stig-rhel9")).toBe(text);
  });

  test("other baselines leave it alone", () => {
    expect(after(withMain(SHIPPED), "stig-rhel9")).toBe(SHIPPED);
  });
});

describe("ComplianceAsCode's remediation", () => {
  const RIVAL = "/etc/ssh/sshd_config.d/00-complianceascode-hardening.conf";
  const said = (own: string) => {
    const base = facts("stig-rhel9");
    const found = host({
      version: version("8.7"),
      classes: PEOPLE,
      dropIns: { [DROP_IN]: own, [RIVAL]: "ClientAliveInterval 600\n" },
    });
    return planned("stig-rhel9", { ...found, os: base.os }).findings.filter(
      ({ subject }) => subject === "00-complianceascode-hardening.conf",
    );
  };

  test("that deleted our lines is a failure", () => {
    expect(said("Match all\n  ClientAliveCountMax 1\n")).toMatchObject([
      {
        outcome: "fail",
        source: RIVAL,
        actual: expect.stringContaining("deleted clientaliveinterval") as string,
      },
    ]);
  });

  test("that has not is said", () => {
    expect(said("Match all\n  ClientAliveInterval 300\n")).toMatchObject([{ outcome: "pass" }]);
  });
});
