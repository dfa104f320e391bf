/** `curfew teleport`: real shapes of Teleport's files in, findings with their places out. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REPORT_FORMAT_NAMES } from "../../src/model/record/audit.ts";
import { publishedSchema } from "../fixtures/published-schema.ts";
import { runHere } from "./run-here.ts";

const published = publishedSchema("teleport");

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-teleport-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function curfew(files: Readonly<Record<string, string | Buffer>>, args: readonly string[], input = "") {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const result = await runHere(["teleport", ...args], {
    directory,
    environment: { HOME: directory, XDG_STATE_HOME: join(directory, "state") },
    input,
  });
  for (const name of Object.keys(files)) await rm(join(directory, name), { force: true });
  return result;
}

const FILE = `version: v3
teleport:
  nodename: auth.example.com
auth_service:
  enabled: yes
  client_idle_timeout: 15m # agreed
  disconnect_expired_cert: yes
`;
const netconfig = (spec: string, origin = "dynamic") => `kind: cluster_networking_config
metadata:
  labels:
    teleport.dev/origin: ${origin}
  name: cluster-networking-config
  revision: 0e6c
spec:
${spec}
version: v2
`;
const role = (name: string, spec: string, version = "v7") =>
  `kind: role\nversion: ${version}\nmetadata: {name: ${name}}\nspec:\n${spec}\n`;
const CAP = `kind: cluster_auth_preference
version: v2
metadata: {name: cluster-auth-preference}
spec:
  disconnect_expired_cert: true
`;
const NET = netconfig('  client_idle_timeout: 15m0s\n  idle_timeout_message: ""\n  proxy_listener_mode: 1');

describe("check: what holds", () => {
  test.each([
    ["a teleport.yaml", { a: FILE }],
    [
      "what tctl get printed",
      { a: [NET, CAP, role("dev", "  options: {client_idle_timeout: 5m0s}")].join("---\n") },
    ],
    ["a single role", { a: role("dev", "  options:\n    client_idle_timeout: 5m") }],
    [
      "a role that says nothing",
      { a: [NET, role("dev", "  options: {client_idle_timeout: 0s}")].join("---\n") },
    ],
    ["a node's teleport.yaml", { a: "ssh_service: {enabled: yes}\nauth_service: {enabled: no}\n" }],
    [
      "JSON as tctl prints it",
      {
        a: JSON.stringify([
          {
            kind: "cluster_networking_config",
            version: "v2",
            metadata: { name: "x" },
            spec: { client_idle_timeout: "15m0s" },
          },
        ]),
      },
    ],
    ...["yeah", '"y"', '"1"', "1", "ON"].map((yes): [string, { a: string }] => [
      `${yes} as Teleport reads it`,
      { a: FILE.replace(/disconnect_expired_cert: .*/u, `disconnect_expired_cert: ${yes}`) },
    ]),
    ["text that is true, in a resource", { a: [NET, CAP.replace(/cert: .*/u, 'cert: "on"')].join("---\n") }],
    [
      "units of the file only",
      { a: "auth_service: {client_idle_timeout: 1d, disconnect_expired_cert: true}\n" },
    ],
    [
      "aliases and merges",
      {
        a: "auth_service: {client_idle_timeout: &t 15m, web_idle_timeout: *t, disconnect_expired_cert: on}\n",
        b: role("dev", "  options: {<<: {client_idle_timeout: 5m}}"),
      },
    ],
  ])("%s", async (_, files) => {
    const { exitCode, stdout, stderr } = await curfew(files, ["check", ...Object.keys(files)]);
    expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

describe("check: what does not", () => {
  test.each(["maybe", "off", '"0"', "nope"])("a service that is %s is not an auth server", async (word) => {
    const files = { a: FILE.replace(/enabled: .*/u, `enabled: ${word}`) };
    const { stdout, exitCode } = await curfew(files, ["check", "a"]);
    expect(exitCode).toBe(2);
    expect(stdout).toContain("auth_service.enabled is off here");
  });

  test("a truth value as a number is refused in a resource", async () => {
    const files = { a: [NET, CAP.replace(/cert: .*/u, "cert: 1")].join("---\n") };
    const { stdout, exitCode } = await curfew(files, ["check", "a"]);
    expect([exitCode, stdout]).toEqual([2, expect.stringContaining('found "1", which is neither')]);
  });

  test.each<[string, string, RegExp]>([
    [
      "the published example",
      CAP.replace("  disc", "  options:\n    client_idle_timeout: 15m\n  disc"),
      /^a:6:5: ✗ .*wanted it as spec\.client_idle_timeout of the cluster_networking_config, found "spec\.options\.client_idle_timeout", where Teleport drops it/mu,
    ],
    [
      "directly under spec of a role",
      role("dev", "  client_idle_timeout: 5m"),
      /^a:5:3: ✗ .*wanted it as spec\.options\.client_idle_timeout, found "spec\.client_idle_timeout"/mu,
    ],
    [
      "the certificate's key of a role under spec",
      role("dev", "  disconnect_expired_cert: true"),
      /^a:5:3: ✗ .*spec\.options\.disconnect_expired_cert/mu,
    ],
    [
      "in the section of a node",
      FILE.replace("auth_service", "proxy_service: {client_idle_timeout: 5m}\nauth_service"),
      /^a:4:17: ✗ .*"proxy_service\.client_idle_timeout", where Teleport knows no such key and refuses to start/mu,
    ],
    ["at the top", `${FILE}client_idle_timeout: 5m\n`, /^a:8:1: ✗ .*found "client_idle_timeout"/mu],
    [
      "misspelt",
      FILE.replace("client_idle_timeout", "client_idle_timout"),
      /^a:6:3: ✗ .*wanted it as auth_service\.client_idle_timeout, found "auth_service\.client_idle_timout"/mu,
    ],
    [
      "in another writing",
      netconfig("  clientIdleTimeout: 15m"),
      /^a:8:3: ✗ .*found "spec\.clientIdleTimeout"/mu,
    ],
    [
      "the file's message in the resource",
      netconfig("  client_idle_timeout: 15m\n  client_idle_timeout_message: bye"),
      /^a:9:3: ✗ .*wanted it as spec\.idle_timeout_message/mu,
    ],
    [
      "the resource's message in the file",
      `${FILE}  idle_timeout_message: bye\n`,
      /^a:8:3: ✗ .*wanted it as auth_service\.client_idle_timeout_message/mu,
    ],
    [
      "no unit",
      FILE.replace("15m", "15"),
      /^a:6:24: ✗ .*wanted "15m" for minutes, "15s" for seconds, found "15" has no unit, so Teleport refuses the file/mu,
    ],
    [
      "a number in a resource",
      netconfig("  client_idle_timeout: 900"),
      /^a:8:24: ✗ .*"900" is a number; Teleport takes text here/mu,
    ],
    ["a bare 0 in a resource", netconfig("  client_idle_timeout: 0"), /^a:8:24: ✗ .*"0" is a number/mu],
    [
      "days in a resource",
      netconfig("  client_idle_timeout: 1d"),
      /^a:8:24: ✗ .*wanted "24h", found "1d" has the unit "d"/mu,
    ],
    [
      "a capital unit",
      FILE.replace("15m", "15M"),
      /^a:6:24: ✗ .*wanted "15m", found "15M" has the unit "M"/mu,
    ],
    [
      "minutes in words",
      FILE.replace("15m", "15 minutes"),
      /^a:6:24: ✗ .*wanted "15m", found "15 minutes"/mu,
    ],
    ["ISO 8601", FILE.replace("15m", "PT15M"), /^a:6:24: ✗ .*wanted "15m", found "PT15M"/mu],
    [
      "a clock",
      netconfig("  client_idle_timeout: 1:30"),
      /^a:8:24: ✗ .*wanted "1h30m", found "1:30" is a number to the base of 60/mu,
    ],
    ["off", netconfig("  client_idle_timeout: off"), /^a:8:24: ✗ .*"off" is a boolean/mu],
    [
      "a misspelt never",
      FILE.replace("15m", "nevr"),
      /^a:6:24: ✗ .*wanted "never", which switches the limit off, found "nevr"/mu,
    ],
    ["a list", FILE.replace("15m", "[15m]"), /^a:6:24: ✗ .*found a list/mu],
    ["nothing", netconfig("  client_idle_timeout:"), /^a:8:\d+: ✗ .*no value/mu],
    ["negative", FILE.replace("15m", "-5m"), /^a:6:24: ✗ .*-5m, which Teleport takes for not set/mu],
    [
      "never in the file",
      FILE.replace("15m", "never"),
      /^a:6:24: ✗ .*wanted an idle timeout for the whole cluster, found never, which switches the limit off/mu,
    ],
    ["0 in the file", FILE.replace("15m", "0"), /^a:6:24: ✗ .*found 0, which switches the limit off/mu],
    [
      "0s of the server",
      netconfig("  client_idle_timeout: 0s"),
      /^a:8:24: ✗ .*found 0s, which switches the limit off/mu,
    ],
    [
      "quoted zero",
      netconfig('  client_idle_timeout: "0"'),
      /^a:8:24: ✗ .*found 0, which switches the limit off/mu,
    ],
    ["not set", netconfig("  keep_alive_count_max: 3"), /^a:1:1: ✗ .*no limit: it is not set/mu],
    [
      "the web UI's instead",
      FILE.replace("client_idle_timeout", "web_idle_timeout"),
      /^a:1:1: ✗ .*web_idle_timeout is for the pages of the web UI only/mu,
    ],
    [
      "expired certificates in the file",
      FILE.replace(": yes\n", ": yes\n").replace("expired_cert: yes", "expired_cert: no"),
      /^a:7:28: ✗ auth_service\.disconnect_expired_cert: wanted true/mu,
    ],
    [
      "expired certificates in the resource",
      CAP.replace("true", "false"),
      /^a:5:28: ✗ spec\.disconnect_expired_cert: wanted true/mu,
    ],
    [
      "expired certificates, not a boolean",
      CAP.replace("true", "ture"),
      /^a:5:28: ✗ .*true or false, did you mean "true"\?, found "ture"/mu,
    ],
    [
      "a listener mode in words",
      netconfig("  client_idle_timeout: 15m\n  proxy_listener_mode: multiplex"),
      /^a:9:24: ✗ .*a number in this resource/mu,
    ],
    [
      "an unknown version",
      role("dev", "  options: {client_idle_timeout: 5m}", "v9"),
      /^a:2:10: ✗ .*"v9", which Teleport refuses/mu,
    ],
    [
      "a role that believes it loosens",
      `${NET}---\n${role("admin", "  options: {client_idle_timeout: 8h}")}`,
      /^a:17:34: ✗ role admin: .*8h, which loosens nothing: 15m0s of cluster_networking_config/mu,
    ],
    [
      "a role that says never",
      `${NET}---\n${role("admin", "  options: {client_idle_timeout: never}")}`,
      /^a:17:34: ✗ role admin: .*never, which loosens nothing/mu,
    ],
    [
      "a machine that is no auth server",
      FILE.replace("enabled: yes", "enabled: no"),
      /^a:6:3: ✗ .*auth_service\.enabled is off here/mu,
    ],
    [
      "a value that the file takes back",
      `${NET}---\n${FILE.replace("client_idle_timeout: 15m", "keep_alive_interval: 1m")}`,
      /^a:8:24: ✗ .*15m0s until the auth server starts again, then no limit: auth_service\.keep_alive_interval \(a:\d+\) makes the file rebuild/mu,
    ],
  ])("%s", async (_, text, found) => {
    const { exitCode, stdout } = await curfew({ a: text }, ["check", "a"]);
    expect(stdout).toMatch(found);
    expect(exitCode).toBe(2);
  });

  test("a zero in the file takes nothing back", async () => {
    const file = FILE.replace("client_idle_timeout: 15m", "client_idle_timeout: never");
    const { exitCode, stdout } = await curfew({ a: file, b: NET }, ["check", "a", "b"]);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
  });

  test("a scoped role is unknown", async () => {
    const { exitCode } = await curfew({ a: "kind: scoped_role\nmetadata: {name: x}\n" }, ["check", "a"]);
    expect(exitCode).toBe(3);
  });
});

const POLICY = `name: production
defaults: {client_idle_timeout: 10m}
roles:
  vendor: {groups: [ext], client_idle_timeout: 5m, teleport: {roles: [contractor]}}
`;

describe("check: against a limit", () => {
  test.each<[string, string, number, RegExp]>([
    [
      "looser than the policy",
      `${NET}---\n${role("contractor", "  options: {client_idle_timeout: 5m}")}`,
      2,
      /wanted at most 10m, found 15m0s/u,
    ],
    [
      "a mapped role that is loose",
      `${NET}---\n${role("contractor", "  options: {client_idle_timeout: 8m}")}`,
      2,
      /role contractor: wanted at most 5m, found 8m of role contractor/u,
    ],
    [
      "a mapped role that sets none",
      `${NET}---\n${role("contractor", "  options: {}")}`,
      2,
      /role contractor: wanted at most 5m, found 15m0s of cluster/u,
    ],
    [
      "a mapped role that was not given",
      netconfig("  client_idle_timeout: 10m"),
      3,
      /role contractor is not among the files/u,
    ],
    [
      "both as wanted",
      `${netconfig("  client_idle_timeout: 10m")}---\n${role("contractor", "  options: {client_idle_timeout: 5m}")}`,
      0,
      /0 fail, 0 unknown/u,
    ],
  ])("%s", async (_, text, code, found) => {
    const { exitCode, stdout } = await curfew({ a: text, "p.yaml": POLICY }, ["check", "-p", "p.yaml", "a"]);
    expect(stdout).toMatch(found);
    expect(exitCode).toBe(code);
  });

  test.each<[string, string, number]>([
    ["a loose role", role("dev", "  options: {client_idle_timeout: 15m}"), 3],
    ["a role that sets none", role("dev", "  options: {}"), 3],
    ["a strict role", role("dev", "  options: {client_idle_timeout: 5m}"), 0],
    ["the preference alone", CAP, 3],
  ])("without the cluster's value: %s", async (_, text, code) => {
    expect(await curfew({ a: text }, ["check", "a", "--limit", "10m"])).toMatchObject({ exitCode: code });
  });

  test("--limit", async () => {
    expect(await curfew({ a: FILE }, ["check", "a", "--limit", "10m"])).toMatchObject({ exitCode: 2 });
    expect(await curfew({ a: FILE }, ["check", "a", "--limit", "15m"])).toMatchObject({ exitCode: 0 });
    const both = await curfew({ a: FILE, "p.yaml": POLICY }, ["check", "a", "-p", "p.yaml", "--limit", "1m"]);
    expect(both).toMatchObject({ exitCode: 64 });
  });
});

test("kinds of session that Teleport does not end are told, and judged where asked for", async () => {
  const told = await curfew({ a: FILE }, ["check", "a"]);
  expect(told.stdout).toMatch(/top, tail -f\) +never/u);
  expect(told.stdout).toMatch(/kubectl requests one by one +never/u);
  const judged = await curfew({ a: FILE }, ["check", "a", "--sessions", "kube-requests"]);
  expect(judged).toMatchObject({ exitCode: 2, stdout: expect.stringMatching(/^a:6:24: ✗ kube-requests/mu) });
  const strict =
    "kind: role\nversion: v7\nmetadata: {name: a}\nspec:\n  options:\n    client_idle_timeout: 5m\n    disconnect_expired_cert: true\n";
  const alone = ["check", "a", "--limit", "15m", "--sessions", "kube-requests,kube-exec"];
  expect(await curfew({ a: strict }, alone)).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(/kube-exec[^]*✗ kube-requests|✗ kube-requests[^]*kube-exec/u),
  });
  const wrong = await curfew({ a: FILE }, ["check", "a", "--sessions", "databse"]);
  expect(wrong).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('did you mean "database"?') });
});

describe("check: what is not Teleport's is refused", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["Terraform", 'resource "teleport_role" "x" {\n  version = "v7"\n}\n', /a:1:1: this is Terraform/u],
    ["a Terraform provider", 'terraform {\n  required_version = "1"\n}\n', /this is Terraform/u],
    [
      "a custom resource",
      "apiVersion: resources.teleport.dev/v1\nkind: TeleportRoleV7\nmetadata: {name: x}\n",
      /a:1:1: this is an object of Kubernetes, of kind "TeleportRoleV7"/u,
    ],
    [
      "a definition of one",
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
      /of kind "CustomResourceDefinition"/u,
    ],
    [
      "a Secret",
      "apiVersion: v1\nkind: Secret\ndata: {password: aHVudGVyMg==}\n",
      /of kind "Secret"; it was not read/u,
    ],
    [
      "a misspelt kind",
      NET.replace("networking", "networking_"),
      /a:1:7: "cluster_networking__config" is not a kind of Teleport, did you mean "cluster_networking_config"\?/u,
    ],
    [
      "a misspelt section",
      "auth_servce: {client_idle_timeout: 15m}\n",
      /a:1:1: .*"auth_servce", did you mean "auth_service"\?/u,
    ],
    [
      "only other kinds",
      "kind: user\nversion: v2\n---\nkind: token\n",
      /nothing about idle sessions is in it, only user, token/u,
    ],
    ["a policy", POLICY, /a:1:1: neither a resource/u],
    [
      "duplicate keys",
      `${FILE}  client_idle_timeout: 5m\n`,
      /a:8:3: duplicate key "client_idle_timeout", first used at line 6/u,
    ],
    [
      "a resource twice",
      `${NET}---\n${NET}`,
      /a:\d+:1: cluster_networking_config is given twice, first at a:1/u,
    ],
    ["a list of words", "- a\n- b\n", /a:1:3: a Teleport file is a mapping/u],
    ["broken YAML", "auth_service: {client_idle_timeout: [\n", /a:\d+:\d+: not valid YAML/u],
    ["empty", "", /a:1:1: the Teleport configuration is empty/u],
    ["binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff]), /a/u],
    ["too large", Buffer.alloc(100 * 1024 * 1024, "a"), /larger than 4096 KiB/u],
    [
      "an alias bomb",
      `auth_service:\n  a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij".replace(/./gu, (name) => `  ${name}: &${name} [${Array.from({ length: 9 }, () => `*${String.fromCharCode(name.charCodeAt(0) - 1)}`).join(",")}]\n`)}`,
      /stand for too much/u,
    ],
    ["an alias in itself", "auth_service: &a {b: *a}\n", /stand for too much/u],
    ["deep nesting", `auth_service: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, /nested too deeply/u],
  ])("%s", async (_, text, why) => {
    const { exitCode, stderr, stdout } = await curfew({ a: text }, ["check", "a"]);
    expect(stderr).toMatch(why);
    expect(stderr).not.toMatch(/^\s+at |hunter|aHVud/mu);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
  });

  test("standard input is read, and refused alike", async () => {
    expect(await curfew({}, ["check", "-"], NET)).toMatchObject({ exitCode: 0 });
    expect(await curfew({}, ["check", "-"], "\u0000\ufffd")).toMatchObject({ exitCode: 64 });
    const syntax = await curfew({}, ["check", "-"], "a: [");
    expect(syntax).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("standard input:1:") });
  });
});

test("every report format takes it, and SARIF has the place in the file", async () => {
  const formats = REPORT_FORMAT_NAMES.filter((name) => name !== "cklb").join(",");
  const args = ["check", "./a.yaml", "--limit", "10m", "--format", formats, "-o", "out", "-q"];
  expect(await curfew({ "a.yaml": FILE }, args)).toMatchObject({ exitCode: 2, stderr: "" });
  const sarif = JSON.parse(await readFile(join(directory, "out/curfew-audit.sarif"), "utf8"));
  expect(sarif.runs[0].results[0]).toMatchObject({
    ruleId: "teleport-limit",
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: "a.yaml" }, region: { startLine: 6, startColumn: 24 } },
      },
    ],
  });
  for (const name of ["html", "json", "csv", "junit.xml", "oscal.json"])
    expect(await readFile(join(directory, `out/curfew-audit.${name}`), "utf8")).toContain("15m");
  const checklist = await curfew({ a: FILE }, ["check", "a", "--format", "cklb", "-o", "out"]);
  expect(checklist).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("cannot write cklb") });
});

test("--json", async () => {
  const { stdout } = await curfew({ a: FILE }, ["check", "a", "--json"]);
  published(stdout);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "curfew/teleport-check/1",
    summary: { files: 1, fail: 0 },
    hosts: [
      {
        host: "a",
        outcome: "pass",
        findings: [{ source: "a:6:24" }, { source: "a:7:28" }, { subject: "ssh" }],
      },
    ],
  });
});

describe("explain", () => {
  const ROLES = [
    NET,
    CAP,
    role("dev", "  options: {client_idle_timeout: 5m}"),
    role("admin", "  options: {client_idle_timeout: 0s}"),
  ].join("---\n");

  test("the strictest wins, and its place is named", async () => {
    const { exitCode, stdout } = await curfew({ a: ROLES }, [
      "explain",
      "alice",
      "--roles",
      "admin,dev",
      "a",
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/ends after: 5m, role dev \(a:\d+\)/u);
    expect(stdout).toMatch(/○ cluster +15m0s/u);
    expect(stdout).toMatch(/- admin +0s, sets none/u);
    expect(stdout).toMatch(/expired certificate: cluster_auth_preference/u);
  });

  test("a role that was not given is unknown", async () => {
    const { exitCode, stdout } = await curfew({ a: ROLES }, ["explain", "alice", "--roles", "devs", "a"]);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 3,
      stdout: expect.stringContaining('did you mean "dev"?'),
    });
  });

  test("what holds once the auth server starts again", async () => {
    const file = FILE.replace("15m", "30m");
    const { stdout } = await curfew({ a: NET, b: file }, ["explain", "alice", "--roles", "x", "a", "b"]);
    expect(stdout).toMatch(/once the auth server starts again: 30m, auth_service \(b:6\)/u);
  });

  test("--json, teleport.yaml of the folder, and bad usage", async () => {
    const files = { "teleport.yaml": FILE };
    const { stdout, stderr } = await curfew(files, ["explain", "alice", "--roles", "x", "--json"]);
    expect(stderr).toContain("using teleport.yaml");
    published(stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      summary: { user: "alice", seconds: 900, outcome: "unknown" },
    });
    expect(await curfew({}, ["explain", "alice", "--roles", "x"])).toMatchObject({ exitCode: 64 });
    expect(await curfew({ a: NET }, ["explain", "alice", "a"])).toMatchObject({ exitCode: 64 });
  });
});

describe("render", () => {
  const render = (text: string, policy = POLICY, name = "n.yaml") =>
    curfew({ [name]: text, "p.yaml": policy }, ["render", "-p", "p.yaml", "--from", name]);
  const CLUSTER = "name: x\ndefaults: {client_idle_timeout: 10m}\n";

  test("--json is as its schema says, also where a role is missing", async () => {
    const given = ["render", "-p", "p.yaml", "--from", "n.yaml", "--json"];
    const { stdout, stderr } = await curfew({ "n.yaml": NET, "p.yaml": POLICY }, given);
    expect(stdout, stderr).toContain("curfew/teleport-render/1");
    published(stdout);
  });

  test.each<[string, string, string, string]>([
    ["a value, its comment kept", "client_idle_timeout: 15m", "client_idle_timeout: 10m", FILE],
    ["a value of tctl", "client_idle_timeout: 15m0s", "client_idle_timeout: 10m", NET],
    ["a quoted value", '"15m"', "10m", FILE.replace("15m", '"15m"')],
    ["a wrong value", "900", "10m", netconfig("  client_idle_timeout: 900")],
    ["never", "never", "10m", netconfig("  client_idle_timeout: never # for now")],
    ["no value", "timeout:", "timeout: 10m", netconfig("  client_idle_timeout:")],
    [
      "a missing key",
      "  keep_alive",
      "  client_idle_timeout: 10m\n  keep_alive",
      netconfig("  keep_alive_count_max: 3"),
    ],
    [
      "an empty flow map",
      "spec: {}",
      "spec: {client_idle_timeout: 10m}",
      "kind: cluster_networking_config\nversion: v2\nspec: {}\n",
    ],
    [
      "a missing spec",
      "kind:",
      "spec:\n  client_idle_timeout: 10m\nkind:",
      "kind: cluster_networking_config\nversion: v2\n",
    ],
    [
      "an empty spec",
      "spec:",
      "spec: {client_idle_timeout: 10m}",
      "kind: cluster_networking_config\nversion: v2\nspec:\n",
    ],
  ])("%s", async (_, from, to, text) => {
    const { exitCode, stdout } = await render(text, CLUSTER);
    expect(`${stdout}\n`).toBe(text.replace(from, to));
    expect(exitCode).toBe(0);
    expect(await curfew({ a: `${stdout}\n` }, ["check", "a", "--limit", "10m", "-v"])).toMatchObject({
      stdout: expect.stringContaining("wanted at most 10m, found 10m"),
    });
  });

  test("of a stream, the documents that change, and mapped roles with their own limit", async () => {
    const text = [
      CAP,
      NET,
      role("contractor", "  # theirs\n  options: {forward_agent: true}"),
      role("dev", "  options: {}"),
    ].join("---\n");
    const { exitCode, stdout, stderr } = await render(text);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `${NET.replace("15m0s", "10m")}---\n${role("contractor", "  # theirs\n  options: {client_idle_timeout: 5m, forward_agent: true}")}`.trimEnd(),
    );
    expect(stderr).toContain("15m0s becomes 10m");
  });

  test("JSON of tctl stays JSON", async () => {
    const resource = {
      kind: "cluster_networking_config",
      version: "v2",
      metadata: { name: "x" },
      spec: { keep_alive_count_max: 3 },
    };
    const { stdout } = await render(JSON.stringify([resource], null, 4), CLUSTER);
    expect(JSON.parse(stdout)).toEqual({
      ...resource,
      spec: { client_idle_timeout: "10m", keep_alive_count_max: 3 },
    });
  });

  test("a stricter value stays, a missing role is said, and so is a resource that teleport.yaml owns", async () => {
    const strict = await render(netconfig("  client_idle_timeout: 1m"), CLUSTER);
    expect(strict).toMatchObject({ exitCode: 0, stdout: "", stderr: expect.stringContaining("stays 1m") });
    const missing = await render(NET);
    expect(missing).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("role contractor is not in --from"),
    });
    const owned = await render(netconfig("  client_idle_timeout: 1h", "config-file"), CLUSTER);
    expect(owned.stderr).toContain("teleport.yaml owns this resource");
  });

  test("bad usage", async () => {
    expect(await render(NET, "name: x\n")).toMatchObject({ exitCode: 64, stdout: "" });
    const typo = await render(NET, POLICY.replace("roles: [", "role: ["));
    expect(typo).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('unknown key "role"') });
    expect(await render("kind: Secret\napiVersion: v1\n")).toMatchObject({ exitCode: 64, stdout: "" });
  });
});

test("curfew explain says what holds through the gateway and past it", async () => {
  await writeFile(join(directory, "p.yaml"), POLICY);
  await writeFile(
    join(directory, "n.yaml"),
    `${NET}---\n${role("contractor", "  options: {client_idle_timeout: 3m}")}`,
  );
  const { stdout, exitCode } = await runHere(
    ["explain", "-p", "p.yaml", "alice", "--groups", "ext", "--teleport", "n.yaml"],
    { directory, environment: { HOME: directory } },
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/Through Teleport[\s\S]*ends after: 3m, role contractor/u);
  expect(stdout).toMatch(
    /Past Teleport, by a direct login: 5m, role vendor of the policy.*does not hold there/u,
  );
});

test("README shows what check prints", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
  const [, screen] = /<!-- screen: curfew teleport check -->\n\n```text\n([\s\S]*?)\n```/u.exec(readme) ?? [];
  const wrong = CAP.replace(
    "  disconnect_expired_cert: true",
    "  options:\n    client_idle_timeout: 15m\n    disconnect_expired_cert: true",
  );
  const { stdout } = await curfew({ "cap.yaml": wrong }, ["check", "-q", "cap.yaml"]);
  expect(stdout).toBe(screen);
});
