/** `curfew kube server`: what a cluster's own files end, said with its place; foreign files refused; no secret anywhere. */
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedSchema } from "../fixtures/published-schema.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHere } from "./run-here.ts";

const SECRET = "hunter2-very-secret";
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-kube-server-"));
  const limits =
    "defaults: {client_idle_timeout: 15m}\nkubernetes: {session_idle_timeout: 2h, session_max: 8h}\n";
  await writeFile(join(directory, "p.yaml"), `name: p\n${limits}`);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function curfew(given: readonly string[], input = "") {
  const environment = { HOME: directory, XDG_STATE_HOME: directory };
  return runHere(["kube", "server", ...given], { directory, environment, input });
}

interface Found {
  readonly subject: string;
  readonly outcome: string;
  readonly actual: string;
  readonly source: string;
  readonly rule?: string;
}

const published = publishedSchema("kube");

/** By subject. `policy`: none where it is empty. */
async function judged(text: string, ...others: readonly string[]) {
  await writeFile(join(directory, "f"), text);
  const { stdout, stderr, exitCode } = await curfew(["-q", "-p", "p.yaml", "--json", "f", ...others]);
  expect(stdout + stderr).not.toContain(SECRET);
  published(stdout);
  const { hosts } = JSON.parse(stdout) as { hosts: { findings: Found[] }[] };
  const findings = hosts.flatMap((host) => host.findings);
  return { exitCode, of: (subject: string) => findings.find((each) => each.subject.startsWith(subject)) };
}

function pod(...flags: readonly string[]): string {
  const lines = flags.map((flag) => `    - ${flag}\n`).join("");
  return `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command:\n    - kube-apiserver\n${lines}    env: [{name: X, value: ${SECRET}}]\n`;
}

const EXTEND = "--service-account-extend-token-expiration";
const LARGEST = "--service-account-max-token-expiration";

describe("the API server", () => {
  test.each<[string, string[], string, string, RegExp]>([
    ["tokens in a file", ["--token-auth-file=/t"], "--token-auth-file", "fail", /never end/u],
    ["underscores", ["--token_auth_file=/t"], "--token-auth-file", "fail", /never end/u],
    ["in two words", ["--token-auth-file", "/t"], "--token-auth-file", "fail", /never end/u],
    ["no such file", [], "--token-auth-file", "pass", /not set/u],
    ["passwords", ["--basic-auth-file=/t"], "--basic-auth-file", "fail", /never end/u],
    ["extended by default", [], EXTEND, "fail", /missing, which means true/u],
    ["extended by name", [EXTEND], EXTEND, "fail", /^true: .*a year/u],
    ["not extended", [`${EXTEND}=false`], EXTEND, "pass", /^false$/u],
    ["the last one counts", [`${EXTEND}=false`, `${EXTEND}=true`], EXTEND, "fail", /^true/u],
    ["no largest", [], LARGEST, "fail", /missing/u],
    [
      "a largest that stops it",
      [`${LARGEST}=15m`],
      LARGEST,
      "fail",
      /below 1h kube-apiserver does not start/u,
    ],
    ["a largest of none", [`${LARGEST}=0`], LARGEST, "fail", /without a limit/u],
    ["a largest that is not one", [`${LARGEST}=1 day`], LARGEST, "fail", /not a duration/u],
    ["too large", [`${LARGEST}=2h1s`], LARGEST, "fail", /^2h1s$/u],
    ["small enough", [`${LARGEST}=1h30m0s`], LARGEST, "pass", /^1h30m0s$/u],
    ["deleted tokens", ["--service-account-lookup=false"], "--service-account-lookup", "fail", /deleted/u],
    ["nothing caps", [], "--authentication-config", "fail", /missing: nothing/u],
    [
      "OIDC by flags",
      ["--oidc-issuer-url=https://x"],
      "--authentication-config",
      "fail",
      /its issuer wants/u,
    ],
    ["a file elsewhere", ["--authentication-config=/a"], "--authentication-config", "unknown", /not given/u],
  ])("%s", async (_, flags, subject, outcome, actual) => {
    const { of } = await judged(pod(...flags));
    expect(of(subject)).toMatchObject({ outcome, actual: expect.stringMatching(actual) as string });
  });

  test("a flag has its place and its rule", async () => {
    const { of, exitCode } = await judged(pod("--v=2", "--token-auth-file=/t"));
    expect(of("--token-auth-file")).toMatchObject({ source: "f:8:7", rule: "CIS Kubernetes 1.2.2" });
    expect(exitCode).toBe(2);
  });

  test("a webhook's cache is a delay", async () => {
    const webhook = "--authentication-token-webhook-config-file=/w";
    const cache = "--authentication-token-webhook-cache-ttl";
    expect((await judged(pod(webhook))).of(cache)).toMatchObject({ outcome: "pass" });
    expect((await judged(pod(webhook, `${cache}=9h`))).of(cache)).toMatchObject({ outcome: "fail" });
  });

  test.each([
    ["", "fail", /8760h/u],
    ["    - --cluster-signing-duration=1h\n", "pass", /^1h/u],
  ])("certificates of the controller manager %j", async (line, outcome, actual) => {
    const text = pod().replace(
      "    - kube-apiserver\n",
      `    - /usr/local/bin/kube-controller-manager\n${line}`,
    );
    const { of } = await judged(text);
    expect(of("--cluster-signing-duration")).toMatchObject({
      outcome,
      actual: expect.stringMatching(actual) as string,
    });
  });
});

describe("the kubelet", () => {
  const config = (text: string) =>
    `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${text}`;
  const STREAMS = "streamingConnectionIdleTimeout";

  test.each<[string, string, RegExp]>([
    ["", "fail", /missing, which means 4h/u],
    [`${STREAMS}: 5m0s\n`, "pass", /^5m0s$/u],
    [`${STREAMS}: 0s\n`, "fail", /^0s$/u],
    [`${STREAMS}: 0\n`, "fail", /^0$/u],
    [`${STREAMS}: 300\n`, "fail", /not a duration/u],
  ])("%j is judged by the letter, and no value of it ends a stream", async (text, outcome, actual) => {
    const { of, exitCode } = await judged(config(text));
    expect(of(STREAMS)).toMatchObject({
      outcome,
      actual: expect.stringMatching(actual) as string,
      rule: "CIS Kubernetes 4.2.5, STIG V-245541",
    });
    expect(of("open streams")).toMatchObject({ outcome: "unknown" });
    expect(exitCode).toBe(3);
  });

  test("anonymous access, no authorization, a key in the wrong case", async () => {
    const open = "authentication: {anonymous: {enabled: true}}\nauthorization: {mode: AlwaysAllow}\n";
    const { of } = await judged(config(`${open}StreamingConnectionIdleTimeout: 5m\n`));
    expect(of("authentication.anonymous")).toMatchObject({ outcome: "fail", source: "f:3:30" });
    expect(of("authorization.mode")).toMatchObject({ outcome: "fail" });
    expect(of("StreamingConnection")).toMatchObject({ outcome: "fail", source: "f:5:1" });
  });
});

describe("tokens of people", () => {
  const file = (rule: string) =>
    `kind: AuthenticationConfiguration\napiVersion: apiserver.config.k8s.io/v1\njwt:\n- issuer: {url: "https://x"}\n  claimValidationRules:\n  - expression: "${rule}"\n`;

  test.each<[string, string]>([
    ["claims.exp - claims.nbf <= 7200", "pass"],
    ["claims.exp-claims.iat<7201", "pass"],
    ["claims.exp - claims.nbf <= 7201", "fail"],
    ["claims.exp - claims.nbf >= 7200", "unknown"],
    ["claims.exp - claims.nbf <= 7200 || true", "unknown"],
    ["claims.hd == 'x'", "fail"],
  ])("%s: %s", async (rule, outcome) => {
    expect((await judged(file(rule))).of("issuer https://x")).toMatchObject({ outcome });
  });

  test("what is rendered passes, and an API server that names the file with it", async () => {
    const rendered = await curfew(["-q", "-p", "p.yaml", "--render-authentication", "--claim", "iat"]);
    expect(rendered.exitCode).toBe(0);
    const rule = /expression: "(.*)"/u.exec(rendered.stdout)?.[1] ?? "";
    expect(rule).toBe("claims.exp - claims.iat <= 7200");
    await writeFile(join(directory, "auth.yaml"), file(rule));
    const { of } = await judged(pod("--authentication-config=/a"), "auth.yaml");
    expect(of("issuer")).toMatchObject({ outcome: "pass" });
    expect(of("--authentication-config")).toMatchObject({ outcome: "pass" });
  });

  test.each([[["f"]], [["--json"]], [["-o", "x"]], [["--claim", "exp"]]])("render with %j", async (more) => {
    const { exitCode } = await curfew(["-q", "-p", "p.yaml", "--render-authentication", ...more]);
    expect(exitCode).toBe(64);
  });

  test("without a limit there is nothing to render", async () => {
    await writeFile(join(directory, "ssh.yaml"), "name: p\ndefaults: {client_idle_timeout: 15m}\n");
    const { exitCode, stderr } = await curfew(["-q", "-p", "ssh.yaml", "--render-authentication"]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("there is no limit to render")]);
  });
});

describe("who may do what", () => {
  const role = (rules: string) => `{"kind":"ClusterRole","metadata":{"name":"r"},"rules":${rules}}`;
  const bind = (kind: string, name: string, to = "r") =>
    `{"kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"${to}"},"subjects":[{"kind":"${kind}","name":"${name}"}]}`;
  const list = (...items: readonly string[]) =>
    `{"kind":"List","apiVersion":"v1","items":[\n${items.join(",\n")}\n]}`;
  const rule = (verb: string, resource: string, group = "") =>
    `[{"verbs":["${verb}"],"apiGroups":["${group}"],"resources":["${resource}"]}]`;

  test.each<[string, string, RegExp]>([
    [rule("get", "secrets"), "fail", /read secrets/u],
    [rule("create", "serviceaccounts/token"), "fail", /serviceaccounts\/token/u],
    [rule("create", "*/token"), "fail", /serviceaccounts\/token/u],
    [rule("impersonate", "users"), "fail", /impersonate users/u],
    [rule("update", "certificatesigningrequests/approval", "certificates.k8s.io"), "fail", /approve/u],
    ['[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]', "fail", /everything/u],
    [rule("bind", "clusterroles", "rbac.authorization.k8s.io"), "fail", /^bind cluster roles: gets another/u],
    [rule("escalate", "roles", "rbac.authorization.k8s.io"), "fail", /^escalate roles: gets another/u],
    [rule("create", "pods"), "unknown", /^create pods: what runs goes on .* has a service account's$/u],
    [rule("get", "nodes/proxy"), "unknown", /^nodes\/proxy: streams stay open/u],
    [rule("patch", "pods/ephemeralcontainers"), "unknown", /^ephemeral containers: what runs goes on/u],
    [rule("create", "pods/exec"), "unknown", /^exec: streams stay open/u],
    [rule("create", "pods/portforward"), "unknown", /^port-forward/u],
  ])("%s", async (rules, outcome, actual) => {
    const { of } = await judged(list(role(rules), bind("Group", "ops")));
    expect(of("Group ops")).toMatchObject({
      outcome,
      source: "f:3:1",
      actual: expect.stringMatching(actual) as string,
    });
  });

  test.each([
    ["another right", rule("get", "pods"), "Group", "ops"],
    ["another group of the same name", rule("get", "secrets", "example.com"), "Group", "ops"],
    ["a system group", rule("get", "secrets"), "Group", "system:masters"],
    ["a service account", rule("get", "secrets"), "ServiceAccount", "default"],
  ])("not judged: %s", async (_, rules, kind, name) => {
    const { of, exitCode } = await judged(list(role(rules), bind(kind, name)));
    expect(of("rights")).toMatchObject({ outcome: "pass" });
    expect(exitCode).toBe(0);
  });

  test("everybody, and a role that is not there", async () => {
    const exec = rule("create", "pods/exec");
    const everybody = await judged(list(role(exec), bind("Group", "system:authenticated")));
    expect(everybody.of("Group system:authenticated")).toMatchObject({ outcome: "fail" });
    const admin = await judged(list(bind("Group", "system:authenticated", "cluster-admin")));
    expect(admin.of("Group system:authenticated")).toMatchObject({
      outcome: "fail",
      rule: "CIS Kubernetes 5.1.1",
    });
    const gone = await judged(list(bind("User", "alice", "gone")));
    expect([gone.of("User alice")?.outcome, gone.exitCode]).toEqual(["unknown", 3]);
  });

  test("from standard input, and in every report format", async () => {
    const text = list(role(rule("get", "secrets")), bind("Group", "ops"));
    const formats = "html,json,csv,junit,sarif,oscal,metrics";
    const { exitCode, stdout } = await curfew(
      ["-q", "-p", "p.yaml", "-", "--format", formats, "-o", "r"],
      text,
    );
    expect([exitCode, stdout]).toEqual([2, expect.stringContaining("standard input:3:1")]);
    expect(await readdir(join(directory, "r"))).toHaveLength(8);
  });
});

describe("foreign and hostile files are refused with 64, without a word of what is in them", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["a Secret", `kind: Secret\nstringData: {password: ${SECRET}}\n`, /:1:7: this is of the kind "Secret"/u],
    ["another pod", "kind: Pod\nspec: {containers: [{command: [nginx]}]}\n", /:1:7: this pod runs neither/u],
    ["a Terraform file", `resource "x" "y" {\n  a = "${SECRET}"\n}\n`, /f:1:\d+: /u],
    ["a cut file", `{"kind":"List","items":[{"a":"${SECRET}`, /not valid YAML/u],
    [
      "a list of something",
      `{"kind":"List","items":[{"kind":"Secret","data":"${SECRET}"}]}`,
      /f:1:\d+: .*Secret/u,
    ],
    ["a list without items", '{"kind":"List"}', /no list of items/u],
    ["a list", "- a\n", /not an object of Kubernetes/u],
    ["a role that is none", '{"kind":"ClusterRole","metadata":{"name":"r"},"rules":5}', /look at rules/u],
    ["a binding to nothing", '{"kind":"RoleBinding","metadata":{"name":"r"}}', /look at roleRef/u],
    ["an issuer that is none", "kind: AuthenticationConfiguration\njwt: [x]\n", /f:2:7: jwt\[0\]: expected/u],
    ["a binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 0, 0xff, 0xfe]), /not valid UTF-8/u],
    ["nothing", "", /is empty/u],
    ["a comment", "# x\n", /no object|not an object/u],
    ["too deep", "[".repeat(20_000), /nested too deeply|not valid YAML/u],
  ])("%s", async (_, text, message) => {
    await writeFile(join(directory, "f"), text);
    const { stdout, stderr, exitCode } = await curfew(["-q", "-p", "p.yaml", "f"]);
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(message)]);
    expect(stdout + stderr).not.toMatch(new RegExp(`${SECRET}|\n    at `, "u"));
  });

  test("a hundred megabytes", async () => {
    await writeFile(join(directory, "huge"), "");
    await truncate(join(directory, "huge"), 100 * 1024 ** 2);
    const { stderr, exitCode } = await curfew(["huge"]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("larger than 16384 KiB")]);
  });

  test.each([[[]], [["missing"]], [["."]]])("%j", async (names) => {
    expect((await curfew(["-q", "-p", "p.yaml", ...names])).exitCode).toBe(64);
  });
});
