/** What `--shared` and `curfew worker` refuse before anything is contacted. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refuseOther } from "../../src/cli/shared/head.ts";
import { runHere } from "./run-here.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-shared-cli-"));
  const write = (name: string, text: string) => writeFile(join(directory, name), text);
  await write("policy.yaml", "name: p\ndefaults: { client_idle_timeout: 15m }\n");
  await write(
    "keyed.yaml",
    "name: p\nroles: { ops: { users: [ann], client_idle_timeout: 5m, probe: { user: ann, identity_file: /k } } }\n",
  );
  await write("inventory.yaml", "all: { hosts: { web1: {} } }\n");
  await write("local.yaml", "all: { hosts: { here: { ansible_connection: local }, web1: {} } }\n");
  await write("ssh_config", "Host web1\n  HostName 192.0.2.1\n");
  await write(
    "zones.yaml",
    "all: { children: { zone_a: { hosts: { web1: } }, zone_b: { hosts: { web1: } } } }\n",
  );
  await write("badzone.yaml", "all: { hosts: { web1: { curfew_zone: 'a b' } } }\n");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const refused = async (command: string, ...given: string[]): Promise<string> => {
  const files = command === "worker" ? [] : ["-p", "policy.yaml", "-i", "inventory.yaml"];
  const argv = [...command.split(" "), ...files, ...given];
  const { exitCode, stderr } = await runHere(argv, { directory, environment: { XDG_STATE_HOME: directory } });
  expect([exitCode, stderr]).toEqual([64, expect.any(String)]);
  expect(stderr).not.toMatch(/\n\s+at /u);
  return stderr;
};
/** Nothing listens there: whatever gets that far says so. */
const STORE = ["--store", "postgres://curfew@127.0.0.1:1/curfew"];

describe.each(["audit", "plan", "verify"])("curfew %s --shared", (command) => {
  test.each([
    [["--shared"], "--shared needs a queue in PostgreSQL"],
    [["--shared", "--store", "sqlite:x"], "--shared needs a queue in PostgreSQL"],
    [["--shared", ...STORE], "the server does not accept connections there"],
    [["--shared", ...STORE, "-K"], "--ask-become-pass excludes --shared: a password does not leave"],
    [["--shared", ...STORE, "--become-pass-file", "policy.yaml"], "--become-pass-file excludes --shared"],
    [["--shared", ...STORE, "--ssh-config", "ssh_config"], "--ssh-config excludes --shared"],
    [["--shared", ...STORE, "--concurrency", "50"], "--concurrency excludes --shared"],
    [["--continue", "x"], "--continue is for runs over many machines: give --shared as well"],
    [["--worker-wait", "5m"], "--worker-wait is for runs over many machines"],
    [["--shared", "--worker-wait", "soon"], "--worker-wait soon: not a duration"],
    [["--shared", ...STORE, "-i", "local.yaml"], '--shared: "here" is this machine itself'],
    [["--shared", ...STORE, "-i", "ssh_config"], "reached through the ssh_config given with -i"],
    [["--shared", ...STORE, "-i", "zones.yaml"], '"web1" is in groups of several zones: "a", "b"'],
    [["--shared", ...STORE, "-i", "badzone.yaml"], 'badzone.yaml:1:38: curfew_zone: "a b" is not a zone'],
  ])("%j is refused", async (given, said) => {
    expect(await refused(command, ...given)).toContain(said);
  });
});

test.each([
  [["--shared"], "--shared needs a queue in PostgreSQL"],
  [["--shared", ...STORE], "the server does not accept connections there"],
  [["--shared", ...STORE, "--concurrency", "5"], "the server does not accept connections there"],
  [["--shared", ...STORE, "-K"], "--ask-become-pass excludes --shared: a password does not leave"],
  [["--shared", ...STORE, "--become-pass-file", "policy.yaml"], "--become-pass-file excludes --shared"],
  [["--shared", ...STORE, "--ssh-config", "ssh_config"], "--ssh-config excludes --shared"],
  [["--shared", ...STORE, "--continue", "x"], "unknown option '--continue'"],
  [["--worker-wait", "5m"], "--worker-wait is for runs over many machines"],
  [STORE, "--store is for runs over many machines"],
  [["--shared", ...STORE, "-i", "local.yaml"], '--shared: "here" is this machine itself'],
  [["--shared", ...STORE, "-i", "zones.yaml"], '"web1" is in groups of several zones: "a", "b"'],
  [["--shared", ...STORE, "--verify", "-p", "keyed.yaml"], "keys stay on this machine"],
])("curfew apply --yes %j is refused, and no run is recorded", async (given, said) => {
  const stderr = await refused("apply --yes", ...given);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain("recorded in");
});

test("curfew revert has no --shared, and says what to do", async () => {
  const argv = ["revert", "--yes", "-i", "inventory.yaml", "--shared"];
  const { exitCode, stderr } = await runHere(argv, { directory, environment: { XDG_STATE_HOME: directory } });
  expect([exitCode, stderr]).toEqual([
    64,
    expect.stringContaining("curfew revert works from this machine alone"),
  ]);
  expect(stderr).toContain("hint: run it on a machine in the hosts' network");
});

test("a store without --shared says nothing to plan and verify, and a key for probes stays here", async () => {
  for (const command of ["plan", "verify"]) {
    expect(await refused(command, ...STORE)).toContain("--store is for runs over many machines");
  }
  for (const given of [["verify"], ["audit", "--verify"]]) {
    const said = await refused(given[0] ?? "", ...given.slice(1), "--shared", ...STORE, "-p", "keyed.yaml");
    expect(said).toContain('the role "ops" has a private key for its probes, and keys stay on this machine');
  }
  expect(await refused("plan", "--shared", ...STORE, "-p", "keyed.yaml")).toContain(
    "does not accept connections",
  );
});

test.each([
  [[], "curfew worker needs a queue in PostgreSQL"],
  [["--store", "sqlite:x"], "curfew worker needs a queue in PostgreSQL"],
  [["--store", "postgres://u:secret@127.0.0.1/x"], "--store has a password in it"],
  [[...STORE], "the server does not accept connections there"],
  [[...STORE, "--check"], "the server does not accept connections there"],
  [[...STORE, "--zone", "a b"], "not a zone such as dmz"],
  [[...STORE, "--zone", "../x"], "not a zone such as dmz"],
  [[...STORE, "--zone", ""], "not a zone such as dmz"],
  [[...STORE, "--name", "a\u001bb"], "not a name of 1 to 100 characters"],
  [[...STORE, "--concurrency", "0"], "not a whole number"],
  [[...STORE, "--become-pass-file", "missing"], "cannot read the sudo password"],
  [[...STORE, "extra"], "too many arguments"],
])("curfew worker %j is refused", async (given, said) => {
  expect(await refused("worker", ...given)).toContain(said);
});

test("a schedule takes --shared along, and no --continue", async () => {
  const install = ["--every", "1h", "--name", "x"];
  expect(await refused("schedule install", ...install, "--shared", "--continue", "x")).toContain(
    "--continue is for one run",
  );
  expect(await refused("schedule install", ...install, "--shared", "-K")).toContain(
    "--ask-become-pass excludes --shared",
  );
});

test("a run is not gone on with where its hosts are others than those asked for", () => {
  const work = { kind: "audit", policy: {}, sessions: [], verify: false, connectTimeout: 20 } as const;
  const [policy, inventory] = ["a".repeat(64), "b".repeat(64)];
  const head = { policy, inventory, limit: "", hosts: ["web1", "web2"] };
  const source = { sources: [], digest: inventory, limit: "" };
  const hosts = ["web1", "web2"].map((name) => ({ name }));
  const asked = { chosen: { hosts, source }, loaded: { source: { digest: policy } }, work } as never;
  expect(() => refuseOther("run", { work, head }, asked)).not.toThrow();
  for (const other of [["web1"], ["web2", "web1"], ["web1", "web1"]])
    expect(() => refuseOther("run", { work, head: { ...head, hosts: other } }, asked)).toThrow(
      "these differ: the hosts",
    );
});
