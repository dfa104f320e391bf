/** `curfew kube audit`: what kubectl would go on using, said with its place; foreign files refused in words; no secret anywhere. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedSchema } from "../fixtures/published-schema.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHere } from "./run-here.ts";

const SECRET = "hunter2-very-secret";
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-kube-audit-"));
  await write("policy.yaml", "name: p\nkubernetes: {session_idle_timeout: 15m, session_max: 8h}\n");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function write(name: string, text: string | Buffer, mode = 0o600): Promise<void> {
  await writeFile(join(directory, name), text);
  await chmod(join(directory, name), mode);
}

function curfew(...given: readonly string[]) {
  return runHere(given, { directory, environment: { HOME: directory, XDG_STATE_HOME: directory } });
}

function config(user: string): string {
  return `apiVersion: v1\nkind: Config\nusers:\n- name: dev\n  user:\n${user.replace(/^/gmu, "    ")}\n`;
}

function jwt(claims: object): string {
  const part = (data: object | string) =>
    Buffer.from(typeof data === "string" ? data : JSON.stringify(data)).toString("base64url");
  return [part({ alg: "none" }), part(claims), part(SECRET)].join(".");
}

const EXEC =
  "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: aws\n  interactiveMode: Never\n";

interface Found {
  readonly check: string;
  readonly outcome: string;
  readonly actual: string;
  readonly source: string;
  readonly rule?: string;
}

const published = publishedSchema("kube");

async function audited(text: string, ...options: readonly string[]) {
  await write("config", text);
  const { stdout, stderr, exitCode } = await curfew("kube", "audit", "-q", ...options, "config", "--json");
  expect(stdout + stderr).not.toContain(SECRET);
  published(stdout);
  const { hosts } = JSON.parse(stdout) as { hosts: { findings: Found[] }[] };
  return { exitCode, findings: hosts.flatMap(({ findings }) => findings) };
}

const now = Math.floor(Date.now() / 1000);

describe("what a user logs in with", () => {
  test.each<[string, string, string, RegExp, number]>([
    ["an opaque token", `token: ${SECRET}`, "fail", /does not say when it ends/u, 2],
    ["a token without an end", `token: ${jwt({ iat: now })}`, "fail", /never ends/u, 2],
    ["a token for an hour", `token: ${jwt({ iat: now, exp: now + 3600 })}`, "fail", /valid for 1h/u, 2],
    ["a token for ten minutes", `token: ${jwt({ iat: now, exp: now + 600 })}`, "pass", /valid for 10m/u, 0],
    [
      "a token of a day that says it begins late",
      `token: ${jwt({ iat: now + 86_000, exp: now + 86_400 })}`,
      "fail",
      /more, until/u,
      2,
    ],
    ["a token that has ended", `token: ${jwt({ iat: now - 900, exp: now - 300 })}`, "pass", /ended on/u, 0],
    ["a bootstrap token", "token: abcdef.0123456789abcdef", "fail", /bootstrap token/u, 2],
    ["a password", `username: admin\npassword: ${SECRET}`, "fail", /password that never ends/u, 2],
    [
      "an auth-provider",
      `auth-provider: {name: oidc, config: {refresh-token: ${SECRET}}}`,
      "fail",
      /renews/u,
      2,
    ],
    ["a token file that is not there", "tokenFile: missing", "unknown", /no such file/u, 3],
    [
      "a certificate that is none",
      `client-certificate-data: ${Buffer.from(SECRET).toString("base64")}`,
      "unknown",
      /not a certificate/u,
      3,
    ],
    ["an exec plugin", EXEC, "fail", /no gate stands before it/u, 2],
    [
      "v1 without interactiveMode",
      EXEC.replace(/ {2}interactiveMode.*\n/u, ""),
      "pass",
      /kubectl refuses/u,
      0,
    ],
  ])("%s", async (_, user, outcome, actual, code) => {
    const { findings, exitCode } = await audited(config(user));
    const session = findings.find(({ check }) => check === "kube-session");
    expect(session).toMatchObject({ outcome, actual: expect.stringMatching(actual) as string });
    expect(session?.source).toMatch(/^config:6:5$/u);
    expect(exitCode).toBe(code);
  });

  test.each([
    ["token", `token: ${SECRET}`],
    ["tokenFile", "tokenFile: token"],
    ["username", `username: x\npassword: ${SECRET}`],
    ["client-certificate-data", "client-certificate-data: eA=="],
    ["auth-provider", "auth-provider: {name: oidc}"],
  ])("%s beside exec bypasses the plugin", async (key, user) => {
    await write("token", `${SECRET}\n`);
    const { findings } = await audited(config(`${EXEC}${user}`));
    const bypass = findings.find(({ check }) => check === "kube-bypass");
    expect(bypass).toMatchObject({ outcome: "fail", actual: expect.stringContaining(key) as string });
    expect(bypass?.source).toBe("config:10:5");
  });

  test("a certificate: its life, its group, the rules", async () => {
    const subject = "/O=system:masters/CN=kubernetes-admin";
    const made = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "365",
    ];
    execFileSync("openssl", [...made, "-subj", subject, "-keyout", "key.pem", "-out", "cert.pem"], {
      cwd: directory,
      stdio: "ignore",
    });
    await chmod(join(directory, "key.pem"), 0o644);
    const { findings } = await audited(config("client-certificate: cert.pem\nclient-key: key.pem"));
    expect(findings.find(({ check }) => check === "kube-session")).toMatchObject({
      outcome: "fail",
      rule: "CIS Kubernetes 3.1.1",
      actual: expect.stringContaining("valid for 365 days") as string,
    });
    expect(findings.find(({ check }) => check === "kube-privilege")?.rule).toBe("CIS Kubernetes 5.1.7");
    const modes = findings.filter(({ check }) => check === "kube-file");
    expect(modes.map(({ outcome }) => outcome)).toEqual(["pass", "fail"]);
  });

  test("without a policy what has an end passes, and what has none fails", async () => {
    await mkdir(join(directory, "elsewhere"), { recursive: true });
    await write("elsewhere/long", config(`token: ${jwt({ iat: now, exp: now + 3600 })}`));
    await write("elsewhere/ever", config(`token: ${SECRET}`));
    const at = { directory: join(directory, "elsewhere"), environment: { HOME: directory } };
    expect((await runHere(["kube", "audit", "long"], at)).exitCode).toBe(0);
    expect((await runHere(["kube", "audit", "ever"], at)).exitCode).toBe(2);
  });
});

test("clusters without checked TLS, and files that others can read", async () => {
  const clusters =
    'clusters:\n- name: a\n  cluster: {server: "https://u:hunter2-very-secret@a", insecure-skip-tls-verify: yes}\n- name: b\n  cluster:\n    server: http://b\n';
  await audited(clusters);
  await chmod(join(directory, "config"), 0o640);
  const { stdout, exitCode } = await curfew("kube", "audit", "config");
  expect(stdout).toContain("config:3:56");
  expect(stdout).toContain("config:6:5");
  expect(stdout).toContain("mode 0640: others can read or change it");
  expect(exitCode).toBe(2);
});

test("the limits hold for whom the policy names", async () => {
  await write("vendor.yaml", "name: p\nkubernetes: {session_max: 8h, users: [somebody-else]}\n");
  const long = config(`token: ${jwt({ iat: now, exp: now + 86_400 })}`);
  expect((await audited(long, "-p", "vendor.yaml")).exitCode).toBe(0);
  await write("root.yaml", "name: p\nkubernetes: {session_max: 8h, groups: [root]}\n");
  expect((await audited(long, "-p", "root.yaml")).exitCode).toBe(process.getuid?.() === 0 ? 2 : 0);
});

test("every report format has the findings and no secret", async () => {
  await write("config", config(`token: ${SECRET}`));
  const formats = "html,json,csv,junit,sarif,oscal,metrics";
  const { exitCode } = await curfew("kube", "audit", "config", "--format", formats, "-o", "reports");
  expect(exitCode).toBe(2);
  const names = await readdir(join(directory, "reports"));
  expect(names).toHaveLength(8);
  const texts = await Promise.all(names.map((name) => readFile(join(directory, "reports", name), "utf8")));
  expect(texts.filter((text) => text.includes(SECRET))).toEqual([]);
  expect(texts.filter((text) => text.includes("does not say when it ends")).length).toBeGreaterThanOrEqual(5);
  const sarif = texts.find((text) => text.includes("sarif-schema"));
  expect(sarif).toMatch(/"region":\s*\{\s*"startLine":\s*6,\s*"startColumn":\s*5/u);
});

describe("foreign and hostile files are refused with 64, without a word of what is in them", () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij".replace(/./gu, (name) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${String.fromCharCode(name.charCodeAt(0) - 1)}`).join(",")}]\n`)}users: *j\n`;
  test.each<[string, string | Buffer, RegExp]>([
    [
      "a Terraform file",
      'resource "aws_eks_cluster" "x" {\n  name = "hunter2-very-secret"\n}\n',
      /not a kubeconfig|not valid YAML/u,
    ],
    [
      "a Secret",
      `apiVersion: v1\nkind: Secret\nstringData: {password: ${SECRET}}\n`,
      /:2:7: this is of the kind "Secret"/u,
    ],
    [
      "a CRD",
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
      /CustomResourceDefinition/u,
    ],
    ["several documents", `${config(`token: ${SECRET}`)}---\n${config("{}")}`, /not valid YAML/u],
    ["a cut file", `users: [{name: dev, user: {token: ${SECRET}`, /not valid YAML/u],
    [
      "a binary",
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0xff, 0xfe]),
      /not valid UTF-8|not a text file/u,
    ],
    ["an empty file", "", /is empty/u],
    ["an alias bomb", bomb, /stand for too much/u],
    ["too deep", `${"[".repeat(20_000)}${"]".repeat(20_000)}`, /nested too deeply|not a kubeconfig/u],
    [
      "a misspelt key",
      config(`tokn: ${SECRET}`),
      /:6:5: unknown key "tokn" in users\[0\]\.user, .*did you mean "token"/u,
    ],
    ["a key in the wrong place", `users:\n- name: dev\n  token: ${SECRET}\n`, /:3:3: unknown key "token"/u],
    ["a number for a token", config("token: 12345678"), /:6:12: .*expected text/u],
    ["a wrong mode", config(EXEC.replace("Never", SECRET)), /expected Never, IfAvailable, Always/u],
    [
      "two users of one name",
      "users:\n- name: dev\n- name: dev\n",
      /:3:3: a second entry of users is called "dev"/u,
    ],
    ["a list", "- a\n", /not a kubeconfig/u],
    ["words", "just words\n", /not a kubeconfig/u],
  ])("%s", async (_, text, message) => {
    await write("foreign", text);
    const { stdout, stderr, exitCode } = await curfew("kube", "audit", "-q", "foreign");
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
    expect(stdout + stderr).not.toMatch(new RegExp(`${SECRET}|\n    at `, "u"));
  });

  test("a hundred megabytes", async () => {
    await write("huge", "");
    await truncate(join(directory, "huge"), 100 * 1024 ** 2);
    const { stderr, exitCode } = await curfew("kube", "audit", "huge");
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("larger than 4096 KiB")]);
  });

  test.each([[["missing"]], [["."]], [["config", "missing"]]])("%j", async (names) => {
    expect((await curfew("kube", "audit", ...names)).exitCode).toBe(64);
  });

  test("no kubeconfig at all", async () => {
    const { stderr, exitCode } = await curfew("kube", "audit");
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("kubectl would read no kubeconfig")]);
  });
});

test("without a file it reads what kubectl reads", async () => {
  await mkdir(join(directory, ".kube"), { recursive: true });
  await write(".kube/config", config(`token: ${SECRET}`));
  expect((await curfew("kube", "audit")).stdout).toContain("user dev");
  await write("a", config("{}"));
  const environment = { HOME: directory, KUBECONFIG: "a:missing:.kube/config" };
  const both = await runHere(["kube", "audit"], { directory, environment });
  expect(both.stdout).toMatch(/\/a\n[\s\S]*\.kube\/config\n/u);
});

test.each([
  [
    "session_idle_timout: 15m",
    /unknown key "session_idle_timout" in kubernetes, did you mean "session_idle_timeout"/u,
  ],
  ["session_max: 8", /kubernetes.session_max: .*did you mean "8s"/u],
])("a policy with %s is refused", async (line, message) => {
  await write("bad.yaml", `name: p\nkubernetes:\n  ${line}\n`);
  const { stderr, exitCode } = await curfew("kube", "audit", "-p", "bad.yaml", "config");
  expect(exitCode).toBe(64);
  expect(stderr).toMatch(message);
});

test("status --json is as its schema says, for a context without a user too", async () => {
  await write(
    "config",
    "apiVersion: v1\nkind: Config\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\nusers:\n- {name: u, user: {token: x}}\n- {name: v, user: {}}\n",
  );
  const { stdout, stderr } = await curfew("kube", "status", "--kubeconfig", "config", "--json");
  expect(stdout, stderr).toContain("curfew/kube-status/1");
  published(stdout);
});

test.each([
  ["a line separator", "\u2028"],
  ["a paragraph separator", "\u2029"],
  ["a next line", "\u0085"],
  ["a carriage return alone", "\r"],
])("%s, behind which kubectl sees another line, is refused", async (_, end) => {
  await write("lines", config(`as: x # ${end}    token: ${SECRET}`));
  const { stdout, stderr, exitCode } = await curfew("kube", "audit", "-q", "lines");
  expect([exitCode, stdout]).toEqual([64, ""]);
  expect(stderr).toContain("lines:6:13: a character that ends a line for kubectl");
  expect(stderr).not.toContain(SECRET);
});
