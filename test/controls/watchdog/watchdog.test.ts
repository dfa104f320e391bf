import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { watchdog } from "../../../src/controls/watchdog/index.ts";
import { endsAfter } from "../../../src/controls/watchdog/limits.ts";
import { resolvePerson } from "../../../src/core/policy/resolve-person.ts";
import type { Facts, SshService } from "../../../src/model/facts/facts.ts";
import { WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";
import type { HostLimits, RoleLimits } from "../../../src/model/policy/limits.ts";
import { absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import { exemption, host, limits, person, role, version } from "../facts-fixture.ts";

const VENDOR = role("vendor", 300, null, { groups: ["ext"] });
const POLICY = limits(role("default", 900, 180), [VENDOR]);
const { script: main, service, timer, wants, cron } = WATCHDOG_FILES;

function rendered(facts: Facts = host(), policy: HostLimits = POLICY, selected = true) {
  const { files, ...rest } = watchdog.render(facts, policy, selected);
  const contents = Object.fromEntries(files.map(({ path, content }) => [path, content]));
  return {
    ...rest,
    files,
    contents,
    present: files.flatMap((file) => (file.content === null ? [] : [file.path])),
  };
}

function startedBy(changes: Partial<SshService>): Facts {
  const facts = host();
  if (facts.service.state !== "known") throw new Error("no service");
  return { ...facts, service: known({ ...facts.service.value, ...changes }) };
}

describe("what starts it", () => {
  test("a systemd timer, wanted by a drop-in of timers.target", () => {
    const { present, contents, files, coverage } = rendered();
    expect(present).toEqual([main, service, timer, wants]);
    expect(contents[timer]).toMatch(/OnActiveSec=15s\nOnUnitActiveSec=15s\n/u);
    expect(contents[service]).toContain(`ExecStart=/bin/sh ${main}\n`);
    expect(contents[wants]).toMatch(/\[Unit\]\nWants=curfew-watchdog\.timer\n$/u);
    expect(new Set(files.map(({ activation, mode }) => `${activation} ${mode}`))).toEqual(
      new Set(["restart-watchdog 0644"]),
    );
    expect(
      coverage.filter((each) => each.role === "vendor").map(({ kind, within }) => `${kind} ${within}`),
    ).toEqual([
      "idle-shell 322",
      "frozen-client 322",
      "nested-shell 322",
      "escaped-shell 322",
      "foreground-program 322",
      "output-loop 322",
      "tmux 322",
    ]);
  });

  test("cron, where there is no systemd, and it says what that costs", () => {
    const { present, contents, coverage, findings } = rendered(
      startedBy({ manager: "sysv", bootHook: "cron" }),
    );
    expect(present).toEqual([main, cron]);
    expect(contents[cron]).toMatch(/^\* \* \* \* \* root .*\/bin\/sh \/etc\/curfew\/watchdog\.sh/mu);
    expect(coverage.find((each) => each.role === "default")?.within).toBe(900 + 7 + 60);
    expect(findings).toMatchObject([
      { outcome: "pass", actual: expect.stringContaining("every 1m") as string },
    ]);
  });

  test.each<[string, Facts, string]>([
    ["neither", startedBy({ manager: "sysv", bootHook: "none" }), "fail"],
    ["not Linux", { ...host(), kernel: "FreeBSD 14.1 amd64" }, "fail"],
    ["unreadable", { ...host(), service: unreadable("no bus") }, "unknown"],
    ["absent", { ...host(), service: absent() }, "unknown"],
  ])("nothing: %s", (_name, facts, outcome) => {
    const { present, coverage, findings } = rendered(facts);
    expect([present, coverage]).toEqual([[], []]);
    expect(findings).toMatchObject([{ outcome, role: "*", control: "watchdog" }]);
  });
});

test("not selected, or no limits: nothing but the files' absence", () => {
  for (const { present, files, coverage, findings } of [
    rendered(host(), POLICY, false),
    rendered(host(), limits(role("default", null, 60))),
  ]) {
    expect(files.map(({ path }) => path)).toEqual(Object.values(WATCHDOG_FILES));
    expect([present, coverage, findings]).toEqual([[], [], []]);
  }
});

describe("limits", () => {
  test.each([
    [5, 27],
    [20, 27],
    [25, 32],
    [140, 147],
    [900, 907],
  ])("%i s end after %i s", (idle, ends) => {
    expect(endsAfter(idle)).toBe(ends);
  });

  test("less than 20 s is a failed finding, and 20 s", () => {
    const { findings, coverage } = rendered(host(), limits(role("default", 10, null)));
    expect(findings.map(({ outcome }) => outcome)).toEqual(["pass", "fail"]);
    expect(coverage[0]?.within).toBe(27 + 5);
  });

  test("a warning restarts ChannelTimeout, where there is one", () => {
    const policy = limits({ ...role("default", 900, null), warnBefore: 60 });
    const said = (release: string) => rendered(host({ version: version(release) }), policy).findings.length;
    expect([said("8.4"), said("9.2")]).toEqual([1, 2]);
  });

  test("findings are about roles that somebody here is in", () => {
    const policy = limits(role("default", 900, null), [role("ghost", 10, null, { groups: ["gone"] })]);
    expect(rendered(host(), policy).findings).toHaveLength(1);
    expect(rendered(host({ classes: [person("g", "group:gone")] }), policy).findings).toHaveLength(2);
  });
});

describe("the script", () => {
  const text = (policy: HostLimits) => rendered(host(), policy).contents[main] ?? "";

  test.each([
    ["roles and exemptions", limits(role("default", 900, 180), [VENDOR], [exemption(["backup"], ["b c"])])],
    ["everybody alike", limits({ ...role("default", 900, null), warnBefore: 60 })],
    ["roles only", limits(role("default", null, null), [VENDOR])],
    ["tmux ends", { ...POLICY, tmux: "end" as const }],
  ])("is clean POSIX sh: %s", (_name, policy) => {
    expect(spawnSync("sh", ["-n"], { input: text(policy) })).toMatchObject({ status: 0 });
    const checked = spawnSync("shellcheck", ["-s", "sh", "-"], { input: text(policy), encoding: "utf8" });
    expect(checked.stdout ?? "").toBe("");
  });

  test("another policy is another version, the same one is the same", () => {
    const versionOf = (policy: HostLimits) => /^version=(\w{16})$/mu.exec(text(policy))?.[1];
    expect(versionOf(POLICY)).toBeDefined();
    expect(versionOf(POLICY)).toBe(versionOf({ ...POLICY }));
    expect(versionOf(POLICY)).not.toBe(versionOf({ ...POLICY, tmux: "end" }));
  });

  test("gives everybody what the policy resolves to, field by field", () => {
    const limit = fc.option(fc.integer({ min: 20, max: 900 }), { nil: null });
    const names = fc.subarray(["a", "b c", "x.y-z_1", "é", "A", "ab"]);
    const roles = fc.array(
      fc.record({ users: names, groups: names, idle: fc.integer({ min: 20, max: 900 }), warn: limit }),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(
        roles,
        limit,
        names,
        fc.constantFrom("a", "b c", "ab", "é"),
        names,
        (given, base, exempt, user, groups) => {
          const policy = limits(
            role("default", base, null),
            given.map((each, index) => roleOf(`r${index}`, each, base)),
            exempt.length > 0 ? [exemption(exempt, exempt)] : [],
          );
          fc.pre([...policy.roles, policy.defaults].some(({ idle }) => idle !== null));
          const resolved = resolvePerson(policy, { user, groups });
          const free = resolved.exemptions.length > 0 || resolved.idle === null;
          expect(asked(text(policy), user, groups)).toEqual(
            free ? [0, 0] : [endsAfter(resolved.idle ?? 0), resolved.warnBefore ?? 0],
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a role's name is only ever a word", () => {
    const name = "x; touch /tmp/owned; $(id) `id`";
    const policy = limits(role("default", 900, null), [role(name, 60, null, { users: ["a"] })]);
    const said = run(`${withoutMain(text(policy))}\nabout_role 1; printf %s "$role_name"`);
    expect(said).toBe(name);
  });
});

function roleOf(
  name: string,
  given: { users: string[]; groups: string[]; idle: number; warn: number | null },
  base: number | null,
): RoleLimits {
  const idle = base === null ? given.idle : Math.min(base, given.idle);
  const warnBefore = given.warn !== null && given.warn < idle ? given.warn : null;
  return { ...role(name, idle, null, given), warnBefore };
}

/** Asks the script's own functions, with the host's answers in place of /proc and id(1). */
function asked(script: string, user: string, groups: readonly string[]): number[] {
  const listed = ["100(users)", ...groups.map((name, index) => `${index + 1000}(${name})`)].join(",");
  const answer = `uid=1000(${user}) gid=100(users) groups=${listed}`;
  const stubs = `whose() { user='${user}'; }\nid() { printf '%s\\n' '${answer}'; }\nuid=1000 sshd=1 monitor=1`;
  return run(`${withoutMain(script)}\n${stubs}\njudge; echo "$limit $warn"`)
    .split(" ")
    .map(Number);
}

function withoutMain(script: string): string {
  expect(script.endsWith("\nmain\n")).toBe(true);
  return script.slice(0, -"main\n".length);
}

function run(script: string): string {
  const { stdout, stderr } = spawnSync("sh", [], { input: script, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout;
}
