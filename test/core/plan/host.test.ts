import { describe, expect, test } from "vitest";
import { applied as appliedFacts } from "../../controls/applied-facts.ts";
import { CONTROLS } from "../../../src/controls/index.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts, FileFact } from "../../../src/model/facts/facts.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import {
  DROP_IN,
  exemption,
  fileFact,
  host,
  limits,
  person,
  role,
  version,
} from "../../controls/facts-fixture.ts";

const POLICY = limits(role("default", 900, 180), [role("admin", 600, 60, { groups: ["sudo"] })]);
const BOTH: readonly ControlId[] = ["sshd", "shell-timeout"];
const plan = (facts: Facts, policy = POLICY, selected = BOTH) => planHost(facts, policy, selected, CONTROLS);
const paths = (facts: Facts, policy = POLICY, selected = BOTH) =>
  plan(facts, policy, selected).changes.map(({ action, path }) => `${action} ${path}`);

const applied = (facts: Facts, policy = POLICY, selected = BOTH): Facts =>
  appliedFacts(facts, policy, selected);

test("a first plan: drop-in, script, block; reload once; what sshd must say", () => {
  const facts = host({ classes: [person("nobody"), person("joe", "group:sudo")] });
  expect(paths(facts)).toEqual([
    `create ${DROP_IN}`,
    "create /etc/profile.d/00-curfew.sh",
    "update /etc/bash.bashrc",
  ]);
  const { activations, expectations, description, error } = plan(facts);
  expect(activations).toEqual(["reload-sshd"]);
  expect(expectations.map(({ user, role: name }) => [user, name])).toEqual([
    ["nobody", "default"],
    ["joe", "admin"],
  ]);
  expect(description).toBe("Debian GNU/Linux 12 (bookworm), OpenSSH 10.0, systemd");
  expect(error).toBeUndefined();
});

test.each(["7.4", "8.4", "9.2", "10.6"])(
  "a second plan changes nothing, and taking the controls away leaves nothing: %s",
  (release) => {
    const all: readonly ControlId[] = ["sshd", "shell-timeout", "logind"];
    const before = host({ version: version(release), shells: ["bash", "tcsh"] });
    const after = applied(before, POLICY, all);
    expect(plan(after, POLICY, all)).toMatchObject({ changes: [], activations: [] });
    const gone = applied(after, POLICY, []);
    expect(gone.files).toEqual(before.files);
    expect(gone.sshd.mainFile).toEqual(before.sshd.mainFile);
  },
);

test("activations come once each, in order, and only for files that change", () => {
  const facts = host();
  expect(plan(facts, POLICY, ["logind", "sshd"]).activations).toEqual(["reload-sshd", "restart-logind"]);
  expect(plan(facts, POLICY, ["shell-timeout"]).activations).toEqual([]);
});

test("mode and owner alone are a difference", () => {
  const after = applied(host());
  const [dropIn] = after.sshd.dropIns;
  if (dropIn?.state.state !== "known") throw new Error("no drop-in");
  const loose = { ...dropIn, state: known({ ...dropIn.state.value, mode: "0666", uid: 1000 }) };
  const [change, ...more] = plan({ ...after, sshd: { ...after.sshd, dropIns: [loose] } }).changes;
  expect(more).toEqual([]);
  expect(change).toMatchObject({ action: "update", after: { mode: "0600", uid: 0 } });
});

test("a file of others keeps its mode and owner, and a symbolic link its place", () => {
  const facts = host();
  const link: FileFact = {
    path: "/etc/bash.bashrc",
    realPath: "/usr/share/bash.bashrc",
    state: known({ content: "x\n", mode: "0664", uid: 7, gid: 8 }),
  };
  const files = facts.files.map((file) => (file.path === link.path ? link : file));
  const change = plan({ ...facts, files }).changes.find(({ path }) => path === link.realPath);
  expect(change).toMatchObject({ action: "update", after: { mode: "0664", uid: 7, gid: 8 } });
});

describe("no changes at all, and an error", () => {
  const facts = host();
  const other: Facts = { ...facts, server: { product: "other", text: "SSH-2.0-dropbear_2022.83" } };
  const unread = facts.files.map((file) =>
    file.path === "/etc/profile.d/00-curfew.sh" ? { ...file, state: unreadable<never>("EIO") } : file,
  );
  const linked: FileFact = { ...fileFact(DROP_IN, "Match all\n"), realPath: "/srv/x" };
  const damaged = host({ main: "Include /etc/ssh/sshd_config.d/*.conf\n# BEGIN curfew sshd-match\n" });

  test.each<[string, Facts, HostLimits, string, RegExp]>([
    ["dropbear", other, POLICY, "unsupported", /dropbear/u],
    ["a file nobody could read", { ...facts, files: unread }, POLICY, "remote", /EIO/u],
    ["a damaged block", damaged, POLICY, "invalid-config", /sshd_config:2/u],
    [
      "a drop-in that should go and is a link",
      { ...facts, sshd: { ...facts.sshd, dropIns: [linked] } },
      limits(role("default", null, null)),
      "invalid-config",
      /symbolic link/u,
    ],
  ])("for %s", (_name, given, policy, code, message) => {
    const result = plan(given, policy);
    expect(result).toMatchObject({
      changes: [],
      activations: [],
      expectations: [],
      coverage: [],
      error: { code },
    });
    expect(result.error?.message).toMatch(message);
  });
});

describe("what nothing ends", () => {
  const uncaught = (facts: Facts, policy = POLICY, selected = BOTH) =>
    plan(facts, policy, selected)
      .uncaught.filter((each) => each.role === "default")
      .map(({ kind }) => kind);

  test.each<[string, readonly ControlId[], readonly string[]]>([
    ["7.4", BOTH, ["output-loop"]],
    [
      "8.4",
      BOTH,
      [
        "nested-shell",
        "escaped-shell",
        "foreground-program",
        "output-loop",
        "tmux",
        "idle-command",
        "idle-sftp",
        "unused-connection",
        "idle-forward",
      ],
    ],
    [
      "8.4",
      ["sshd"],
      [
        "idle-shell",
        "nested-shell",
        "escaped-shell",
        "foreground-program",
        "output-loop",
        "tmux",
        "idle-command",
        "idle-sftp",
        "unused-connection",
        "idle-forward",
      ],
    ],
    ["10.0", BOTH, ["nested-shell", "output-loop", "tmux", "idle-forward"]],
    ["10.6", ["sshd", "logind"], ["idle-forward"]],
    [
      "10.6",
      ["shell-timeout"],
      [
        "frozen-client",
        "nested-shell",
        "escaped-shell",
        "foreground-program",
        "output-loop",
        "tmux",
        "idle-command",
        "idle-sftp",
        "unused-connection",
        "idle-forward",
      ],
    ],
  ])("on %s with %j", (release, selected, expected) => {
    expect(uncaught(host({ version: version(release) }), POLICY, selected)).toEqual(expected);
  });

  test("a role without a limit misses nothing", () => {
    expect(uncaught(host(), limits(role("default", null, null)))).toEqual([]);
    expect(uncaught(host(), limits(role("default", null, 60)), [])).toEqual(["frozen-client"]);
  });
});

describe("findings that no mechanism owns", () => {
  const said = (facts: Facts, policy: HostLimits) =>
    plan(facts, policy)
      .findings.filter(({ source }) => !source.includes("sshd_config"))
      .map((each) => `${each.outcome} ${each.control} ${each.role} ${each.actual}`);

  test("exemptions, held and expired, empty roles, warnings nobody can give", () => {
    const held = exemption(["backup"], [], ["shell-timeout", "logind"]);
    const policy: HostLimits = {
      ...limits(
        { ...role("default", 900, 180), warnBefore: 60 },
        [role("ghost", 60, 60, { groups: ["gone"] })],
        [held],
      ),
      expired: [{ ...held.exemption, expires: "2026-01-31" }],
    };
    expect(said(host({ classes: [person("backup", "user:backup")] }), policy)).toEqual([
      "fail host * expired on 2026-01-31 and has no effect any more; owner ops@example.com",
      "waived shell-timeout * backup exempt until 2027-01-31",
      expect.stringMatching(/^pass host ghost no account here with a login shell/u),
      expect.stringMatching(/^fail host default .*without one/u),
    ]);
  });

  test("a name that the host does not know is said, as it may be misspelt", () => {
    const facts = host();
    const given = { ...facts, sshd: { ...facts.sshd, missingSelectors: ["group:sudo"] } };
    expect(said(given, POLICY)).toContainEqual(
      "pass host admin there is no such account or group here: group sudo",
    );
  });

  test("members nobody could read are unknown, not nobody", () => {
    const facts = host();
    const blind = { ...facts, sshd: { ...facts.sshd, classes: unreadable<never>("no getent") } };
    expect(said(blind, POLICY)).toContainEqual("unknown host * no getent");
  });
});
