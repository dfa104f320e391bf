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

/** Of a year, with its key forgotten. */
function certificate(subject: string, ...more: readonly string[]): Buffer {
  const made =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -keyout /dev/null".split(" ");
  return execFileSync("openssl", [...made, ...more, "-subj", subject], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

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

  test.each([
    ["that will end", 600],
    ["that has ended", -10],
  ])("a file with a token %s, or a certificate, may be renewed by a program", async (_, left) => {
    await write("token", jwt({ iat: now - 100, exp: now + left }));
    const { findings, exitCode } = await audited(config("tokenFile: token"));
    expect(findings.find(({ check }) => check === "kube-session")).toMatchObject({
      outcome: "unknown",
      actual: expect.stringContaining("may replace the file") as string,
    });
    expect(exitCode).toBe(3);
  });

  test.each([
    ["a node", "/O=system:nodes/CN=system:node:web1", "not-applicable", /certificate of system:node:web1,/u],
    ["a scheduler", "/CN=system:kube-scheduler", "not-applicable", /of system:kube-scheduler,/u],
    ["a proxy", "/O=system:node-proxier/CN=system:kube-proxy", "not-applicable", /system:kube-proxy/u],
    ["a node without the group of nodes", "/CN=system:node:web1", "fail", /valid for 365 days/u],
    ["two names", "/CN=system:kube-scheduler/CN=dev", "fail", /valid for/u],
    ["a scheduler among people", "/O=kubeadm:cluster-admins/CN=system:kube-scheduler", "fail", /valid for/u],
    ["an administrator", "/O=kubeadm:cluster-admins/CN=kubernetes-admin", "fail", /valid for/u],
    ["a name that is like one", "/CN=system:kube-schedulers", "fail", /valid for/u],
  ])("a certificate of %s", async (_, subject, outcome, actual) => {
    const data = certificate(subject).toString("base64");
    const { findings } = await audited(config(`client-certificate-data: ${data}`));
    // Only a file of root's can be the machine's own.
    const own = process.getuid?.() === 0 || outcome !== "not-applicable";
    const session = findings.find(({ check }) => check === "kube-session");
    expect(session?.outcome).toBe(own ? outcome : "fail");
    expect(session?.actual).toMatch(own ? actual : /valid for/u);
    await mkdir(join(directory, "person/.kube"), { recursive: true });
    await write("person/.kube/config", config(`client-certificate-data: ${data}`));
    const person = await curfew("kube", "audit", "person/.kube/config");
    expect(person.exitCode, "a person's file").toBe(2);
  });

  test("who asks to be taken for one of system:masters is told, at his place", async () => {
    const token = `token: ${jwt({ iat: now, exp: now + 600 })}`;
    const { findings, exitCode } = await audited(
      config(`${token}\nas: x\nas-groups:\n- dev\n- system:masters`),
    );
    const found = findings.find(({ check }) => check === "kube-privilege");
    expect([found?.outcome, found?.source, exitCode]).toEqual(["fail", "config:8:5", 2]);
    expect((await audited(config(`${token}\nas-groups: [system:mastersx]`))).exitCode).toBe(0);
  });

  test("a group that shares a relative name with others is seen", async () => {
    const pem = certificate("/O=people+O=system:masters+CN=x", "-multivalue-rdn");
    const { findings } = await audited(config(`client-certificate-data: ${pem.toString("base64")}`));
    expect(findings.find(({ check }) => check === "kube-privilege")?.outcome).toBe("fail");
  });

  test.each(["XDG_STATE_HOME", "HOME", "NODE_OPTIONS", "LD_PRELOAD", "PATH"])(
    "a gate for which the kubeconfig sets %s is unknown",
    async (name) => {
      const id = "0123456789abcdef";
      const limits = { idle: 60, max: 60, login: null, use: null, callers: [] };
      await mkdir(join(directory, "curfew/kube"), { recursive: true, mode: 0o700 });
      const state = JSON.stringify({ schema: "curfew/kube-gate/1", context: "x", ...limits });
      await write(`curfew/kube/${id}.json`, state);
      const gate = EXEC.replace("aws", "/usr/bin/curfew").concat(
        `  args: [kube, gate, --session, ${id}, --, aws]\n`,
      );
      const env = (key: string) => config(`${gate}  env: [{name: ${key}, value: ${SECRET}}]`);
      expect((await audited(env("AWS_PROFILE"))).exitCode).toBe(0);
      const { findings } = await audited(env(name));
      const session = findings.find(({ check }) => check === "kube-session");
      expect(session).toMatchObject({
        outcome: "unknown",
        actual: expect.stringContaining(name) as string,
      });
    },
  );

  test.each([
    ["an @ in the password", `https://u:${SECRET}@x${SECRET}@host:6443/x`, "https://host:6443/x"],
    ["a slash in the password", `https://u:a/${SECRET}@host`, "https://host"],
    ["a question", `https://host?token=${SECRET}`, "https://host"],
    ["no scheme", `u:${SECRET}@host:6443`, "host:6443"],
  ])("of a server's address no secret is repeated: %s", async (_, server, shown) => {
    await write("config", `kind: Config\nclusters:\n- name: a\n  cluster: {server: "${server}"}\n`);
    const { stdout } = await curfew("kube", "audit", "config", "--json");
    expect(stdout).not.toContain(SECRET);
    expect(stdout).toContain(`"server":"${shown}"`);
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

  test.each([
    [
      "a merge key",
      "users:\n- name: a\n  user:\n    <<: {token: x}\n",
      /:4:5: a merge key \(<<\) in users\[0\]\.user; write the values out/u,
    ],
    [
      "two documents",
      `${config("token: x")}---\n${config("token: y")}`,
      /:7:1: not valid YAML: a second document begins here; give one in a file/u,
    ],
  ])("%s", async (_, text, message) => {
    await write("odd", text);
    const { stderr, exitCode } = await curfew("kube", "audit", "odd");
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(message)]);
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
