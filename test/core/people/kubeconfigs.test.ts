/** What the script makes of homes, run by sh and awk as on a host, against what a YAML library makes of the same files. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { loadKubeconfig } from "../../../src/config/kube/kubeconfig.ts";
import { parseKubeconfigs } from "../../../src/core/people/kubeconfigs.ts";
import { parseSections } from "../../../src/core/answer/sections.ts";
import type { HostKubeconfig, HostKubeconfigs } from "../../../src/model/access/host-kubeconfig.ts";
import type { Kubeconfig } from "../../../src/model/access/kube.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import { remoteScript } from "../../../src/template/remote-script.ts";
import { patient } from "../../patience.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const SECRET = "hunter2-very-secret";
const UID = process.getuid?.() ?? 0;
const root = mkdtempSync(join(tmpdir(), "curfew-kubeconfigs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let homes = 0;
/** A home with these files; `config` is its kubeconfig. */
function home(files: Readonly<Record<string, string | Buffer>>): string {
  const path = join(root, `home-${(homes += 1)}`);
  mkdirSync(join(path, ".kube"), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, ".kube", name)), { recursive: true });
    writeFileSync(join(path, ".kube", name), content, { mode: 0o600 });
  }
  return path;
}

interface Asked {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  /** Other than that of this process: nobody's files are theirs. */
  readonly uid?: number;
}

/** What the host said, as text and as it is understood. */
function ask(paths: readonly string[], { users = [], groups = [], uid = UID || 4242 }: Asked = {}) {
  const script = remoteScript("kubeconfigs", { kube_users: users, kube_groups: groups });
  const input = paths
    .map((path, at) => `home\t${at + 1}\troot\tuser${at + 1}\t${uid}\t/bin/sh\t${path}\n`)
    .join("");
  const said = execFileSync("sh", ["-c", script], {
    input,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    maxBuffer: 1 << 26,
  });
  expect(said).not.toContain(SECRET);
  return { said, found: parsed(`${said}all\t${paths.length}`) };
}

function parsed(body: string): HostKubeconfigs {
  const answer = Buffer.from(`\n@${TOKEN}\tkubeconfigs\n${body}\n\n@${TOKEN}\tend\n`);
  const reading = parseKubeconfigs(parseSections(answer, TOKEN, "web1"));
  if (reading?.state !== "known") throw new Error(JSON.stringify(reading));
  return reading.value;
}

function jwt(claims: object | string): string {
  const part = (data: object | string) =>
    Buffer.from(typeof data === "string" ? data : JSON.stringify(data)).toString("base64url");
  return [part({ alg: "none" }), part(claims), part(SECRET)].join(".");
}

function certificate(subject: string): string {
  const key = join(root, "key");
  const pem = execFileSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${key} -days 30 -subj ${subject}`.split(
      " ",
    ),
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  return Buffer.from(pem).toString("base64");
}

const MASTERS = certificate("/O=system:masters/CN=admin");
const PEOPLE = certificate("/O=people/O=system:mastersx/CN=dev");

/** As kubectl writes them. */
const WHOLE = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${SECRET}
    server: https://someone:${SECRET}@k8s.example:6443/${SECRET}?x=${SECRET}
  name: kind
- cluster:
    insecure-skip-tls-verify: true
    server: http://plain.example
  name: plain
contexts:
- context:
    cluster: kind
    namespace: ${SECRET}
    user: admin
  name: kind
- context:
    cluster: plain
    user: "two words"
  name: other
current-context: kind
kind: Config
preferences: {}
users:
- name: admin
  user:
    client-certificate-data: ${MASTERS}
    client-key-data: ${SECRET}
- name: 'two words'
  user:
    token: ${jwt({ iat: 1_700_000_000, sub: SECRET, n: { exp: 5 }, exp: 1_900_000_000 })}
- name: gated
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - kube
      - gate
      - --session
      - 0123456789abcdef
      - --
      - aws
      - ${SECRET}
      command: /usr/local/bin/curfew
      env:
      - name: TOKEN
        value: "${SECRET}"
      - name: |
          users:
          - name: ${SECRET}
        value: none
      installHint: Install it by
        https://example.com/${SECRET}
      interactiveMode: IfAvailable
      provideClusterInfo: false
- name: other plugin
  user:
    exec: # why
      apiVersion: client.authentication.k8s.io/v1beta1
      command: aws
      args: ["--password", "${SECRET}", 'it''s, [x]']
    as: ${SECRET}
- name: files
  user:
    tokenFile: token
- name: certificate
  user:
    client-certificate: sub/crt.pem
    client-key: sub/key.pem
- name: old
  user:
    username: ${SECRET}
    password: ${SECRET}
- name: provider
  user:
    auth-provider:
      name: oidc
      config:
        refresh-token: ${SECRET}
- name: nothing
  user: {}
`;
const FILES = {
  token: `${jwt({ exp: 1_900_000_000, nbf: 1_800_000_000 })}\n`,
  "sub/crt.pem": Buffer.from(PEOPLE, "base64"),
  "sub/key.pem": SECRET,
};

/** What both readers must say alike. */
function essence({ file, currentContext, users, clusters, contexts }: Kubeconfig) {
  return {
    file,
    currentContext,
    contexts: contexts.map(({ name, cluster, user }) => ({ name, cluster, user })),
    clusters: clusters.map(({ name, insecureAt, plainAt }) => ({ name, insecureAt, plainAt })),
    users: users.map((user) => ({
      name: user.name,
      mastersAt: user.mastersAt,
      contexts: user.contexts,
      credentials: user.credentials.map(({ kind, key, at, life, groups, machine, file: beside, exec }) => ({
        kind,
        key,
        at,
        life,
        beside: beside?.mode === null ? undefined : beside,
        machine,
        masters: groups?.includes("system:masters") ?? false,
        exec: exec && {
          command: exec.command.replace(/^.*\//u, ""),
          apiVersion: exec.apiVersion,
          interactiveMode: exec.interactiveMode,
          gate: exec.gate,
        },
      })),
    })),
  };
}

async function alike(file: HostKubeconfig): Promise<void> {
  expect(file.doubt).toBeUndefined();
  const { kubeconfig } = await loadKubeconfig(file.kubeconfig.file.path);
  expect(essence(file.kubeconfig)).toEqual(essence(kubeconfig));
}

describe("a kubeconfig as kubectl writes it", () => {
  test("is read as a YAML library reads it, and none of its secrets is said", async () => {
    const { found } = ask([home({ config: WHOLE, ...FILES })]);
    expect(found).toMatchObject({ unread: [], apart: 0, accounts: 1, cut: undefined });
    const [file] = found.files;
    if (file === undefined) throw new Error("nothing was read");
    await alike(file);
    expect(file.kubeconfig.clusters[0]?.server).toBe("https://k8s.example:6443");
    expect(file.kubeconfig.users).toHaveLength(9);
    expect(file.odd).toEqual([]);
  });

  test.each<[string, (text: string) => string]>([
    ["with Windows ends of lines", (text) => text.replaceAll("\n", "\r\n")],
    ["behind a document's begin and comments", (text) => `# a comment\n---\n\n${text}`],
    [
      "with its lists indented",
      (text) =>
        text.replaceAll(
          /^(clusters|contexts|users):\n((?:[- ].*\n)+)/gmu,
          (_, key, body) => `${key}:\n${body.replaceAll(/^/gmu, "    ").trimEnd()}\n`,
        ),
    ],
    [
      "with comments everywhere",
      (text) => text.replaceAll(/^( *)(name|user|token|kind):/gmu, "$1# x: y\n$1$2:"),
    ],
    ["with blank lines and blanks at ends of lines", (text) => text.replaceAll("\n", "  \n\n")],
    [
      "with blanks behind its dashes",
      (text) =>
        text.replaceAll(/^- name: .*\n {2}user:\n(?: {4}.*\n)+/gmu, (entry) =>
          entry.replaceAll(/^ {2}/gmu, "    ").replace("- ", "-   "),
        ),
    ],
  ])("%s", async (_, change) => {
    const { found } = ask([home({ config: change(WHOLE), ...FILES })]);
    const [file] = found.files;
    if (file === undefined) throw new Error("nothing was read");
    expect(file.doubt).toBeUndefined();
    await alike(file);
  });

  test(
    "changed at random is read alike, or it is said that it cannot be told",
    async () => {
      const pieces = WHOLE.replace(/client-certificate-data: .*/u, `token: ${SECRET}`).split("\n");
      const edit = fc.record({
        at: fc.nat(pieces.length - 1),
        how: fc.constantFrom(
          "drop",
          "twice",
          "indent",
          "outdent",
          "flow",
          "quote",
          "anchor",
          "null",
          "empty",
          "comment",
          "block",
          "dash",
          "swap",
          "next",
        ),
      });
      const samples = fc.sample(fc.array(edit, { minLength: 1, maxLength: 3 }), { numRuns: 150, seed: 14 });
      const paths = samples.map((edits) => home({ config: changed(pieces, edits) }));
      const { found } = ask(paths);
      expect(found.files.length + found.unread.length).toBe(samples.length);
      const doubts = found.files.filter(({ doubt }) => doubt !== undefined);
      // Most changes are small.
      expect(doubts.length).toBeLessThan(samples.length * 0.9);
      let compared = 0;
      for (const file of found.files) {
        const local = await loadKubeconfig(file.kubeconfig.file.path).catch(() => undefined);
        // Whether a gate stands there may be left open, too.
        if (file.doubt !== undefined || local === undefined || "odd" in file.gates) continue;
        compared += 1;
        expect(essence(file.kubeconfig), readFileSync(file.kubeconfig.file.path, "utf8")).toEqual(
          essence(local.kubeconfig),
        );
      }
      expect(compared).toBeGreaterThan(30);
    },
    patient(30_000),
  );
});

interface Edit {
  readonly at: number;
  readonly how: string;
}

function changed(pieces: readonly string[], edits: readonly Edit[]): string {
  const text = [...pieces];
  for (const { at, how } of edits) {
    const line = text[at] ?? "";
    const value = /^(\s*(?:- )?[\w-]+: )(.+)$/u.exec(line);
    const [, head = "", tail = ""] = value ?? [];
    if (how === "drop") text[at] = "";
    else if (how === "twice") text[at] = `${line}\n${line}`;
    else if (how === "indent") text[at] = ` ${line}`;
    else if (how === "outdent") text[at] = line.replace(/^ /u, "");
    else if (how === "comment") text[at] = `${line} # ${line}`;
    else if (how === "dash") text[at] = line.replace(/^( *)(\S)/u, "$1- $2");
    else if (how === "swap") [text[at], text[at + 1]] = [text[at + 1] ?? "", line];
    else if (value === null) continue;
    else if (how === "flow") text[at] = `${head}{a: ${tail}}`;
    else if (how === "quote") text[at] = `${head}"${tail}"`;
    else if (how === "anchor") text[at] = `${head}&a ${tail}`;
    else if (how === "null") text[at] = `${head}null`;
    else if (how === "empty") text[at] = head.trimEnd();
    else if (how === "block") text[at] = `${head}|\n          ${tail}`;
    else text[at] = `${head.trimEnd()}\n          ${tail}`;
  }
  return text.join("\n");
}

describe("what only a YAML library can tell is a doubt, and never a guess", () => {
  const user = (body: string): string => `users:\n- name: dev\n  user:\n${body.replaceAll(/^/gmu, "    ")}\n`;
  test.each<[string, string, number]>([
    ["flow style", `users: [{name: dev, user: {token: ${SECRET}}}]\n`, 1],
    ["JSON", `{"kind": "Config", "users": [{"name": "dev", "user": {"token": "${SECRET}"}}]}\n`, 1],
    ["an alias", user("as: &a x\ntoken: *a"), 4],
    ["an alias alone", user("token: *a"), 4],
    ["a merge", `${user("<<: *a")}`, 4],
    ["a tag", user(`token: !!str ${SECRET}`), 4],
    ["a block scalar", user(`token: |\n  ${SECRET}`), 4],
    ["a value on its next line", user(`token:\n  ${SECRET}`), 5],
    ["a value on two lines", user(`token: ${SECRET}\n  ${SECRET}`), 5],
    ["a quoted key", user(`"token": ${SECRET}`), 4],
    ["a key with a blank behind it", user(`token : ${SECRET}`), 4],
    ["a key with a question mark", user(`? token\n: ${SECRET}`), 4],
    ["escapes", user(`token: "${SECRET}\\n"`), 4],
    ["quotes over two lines", user(`as: "${SECRET}\n  ${SECRET}"`), 4],
    ["a second document", `${user(`token: ${SECRET}`)}---\nusers: []\n`, 5],
    ["a document that ends", `users: []\n...\n`, 2],
    ["a tab", user(`exec:\n\tcommand: x`), 5],
    ["a key twice", `users: []\nusers: []\n`, 2],
    ["another's kind", `apiVersion: v1\nkind: Secret\ndata:\n  password: ${SECRET}\n`, 2],
    ["an end of line that only kubectl knows", `${user("as: x # \u2028    token: y")}`, 4],
    ["another one", `${user("as: x # \u0085    token: y")}`, 4],
    ["and the oldest one", `${user("as: x # \r    token: y")}`, 4],
    ["a plugin without a command", user("exec:\n  apiVersion: v1"), 4],
    ["binary", `\u0000\u0001${SECRET}`, 1],
    ["a shell script", `#!/bin/sh\nexport TOKEN=${SECRET}\n`, 2],
    ["users that are no list", `users:\n  dev:\n    token: ${SECRET}\n`, 2],
  ])("%s", (_, text, line) => {
    const [file] = ask([home({ config: text })]).found.files;
    expect(file?.doubt).toMatchObject({ line, reason: expect.any(String) });
    expect(file?.kubeconfig.users).toEqual([]);
  });

  test("a key that kubectl does not know is said, and the rest is read", async () => {
    const text = user(`tokn: ${SECRET}\ntoken: ${SECRET}`);
    const [file] = ask([home({ config: text })]).found.files;
    expect(file).toMatchObject({ odd: [4], kubeconfig: { users: [{ credentials: [{ kind: "token" }] }] } });
  });

  test("an empty file has nothing in it, and is read", () => {
    const { found } = ask([home({ config: "" }), home({ config: "# nothing\n" })]);
    expect(found.files.map(({ doubt, kubeconfig }) => [doubt, kubeconfig.users])).toEqual([
      [undefined, []],
      [undefined, []],
    ]);
  });
});

describe("what tokens say of themselves", () => {
  test.each<[string, string, string, string | null]>([
    ["an end", jwt({ exp: 1_900_000_000 }), "token", "2030-03-17T17:46:40.000Z"],
    ["an end only deeper in it", jwt({ a: [{ exp: 1_900_000_000 }], b: { exp: 1 } }), "token", null],
    ["an end in words", jwt({ exp: "1900000000" }), "token", null],
    ["two ends", jwt('{"exp":1900000000,"exp":1900000001}'), "token", "2030-03-17T17:46:41.000Z"],
    ["an end, then none", jwt('{"exp":1900000000,"exp":null}'), "token", null],
    ["a key in escapes", jwt('{"\\u0065xp":1900000000}'), "token", null],
    ["an end in a text", jwt({ a: '","exp":1900000000,"b":"' }), "token", null],
    ["no object", jwt("[1]"), "token", null],
    ["a broken object", jwt('{"exp":1900000000'), "token", null],
    ["an end beyond all times", jwt({ exp: 1e15 }), "token", null],
    ["an end before all times", jwt({ exp: -5 }), "token", null],
    ["umlauts", jwt({ sub: "ä€😀", exp: 1_900_000_000 }), "token", "2030-03-17T17:46:40.000Z"],
    ["four parts", `${jwt({ exp: 1_900_000_000 })}.x`, "token", null],
    ["nothing", SECRET, "token", null],
    ["that it is for bootstrapping", "abcdef.0123456789abcdef", "bootstrap-token", null],
  ])("%s", (_, token, kind, until) => {
    const text = `users:\n- name: dev\n  user:\n    token: ${token}\n`;
    const [file] = ask([home({ config: text })]).found.files;
    expect(file?.kubeconfig.users[0]?.credentials).toMatchObject([{ kind, life: { until } }]);
  });
});

describe("other files of ~/.kube", () => {
  const CONFIG = `kind: Config\nusers:\n- name: dev\n  user:\n    token: ${SECRET}\n`;
  test("that are kubeconfigs are read as config is, and nothing else is", () => {
    const path = home({
      "prod.yaml": CONFIG,
      "cache/discovery/x": CONFIG,
      kubectx: "prod\n",
      kuberc: "kind: Preference\n",
    });
    execFileSync("sh", ["-c", `mkfifo "$0"`, join(path, ".kube", "pipe")]);
    const { found } = ask([path]);
    expect(found.files.map(({ kubeconfig }) => kubeconfig.file.path)).toEqual([
      join(path, ".kube/prod.yaml"),
    ]);
    expect(found.files[0]?.kubeconfig.users).toMatchObject([{ credentials: [{ kind: "token" }] }]);
    expect(found.unread).toEqual([]);
  });
  test("are somebody's whom the policy does not name", () => {
    const { found } = ask([home({ "prod.yaml": CONFIG })], { users: ["somebody-else"] });
    expect([found.files, found.apart]).toEqual([[], 1]);
  });
  test("of more than 2 MiB the rest is not read, and other homes are", () => {
    const junk = Array.from({ length: 30 }, (_, at) => [`junk${at}`, "x\n".repeat(400_000)]);
    const { found } = ask([home(Object.fromEntries(junk)), home({ config: CONFIG, "z.yaml": CONFIG })]);
    expect(found.files.map(({ owner }) => owner)).toEqual(["user2", "user2"]);
    expect(found.unread).toMatchObject([{ owner: "user1", reason: expect.stringContaining("2 MiB") }]);
  });
  test("more than 50 are not read, which is said", () => {
    const many = Object.fromEntries(Array.from({ length: 52 }, (_, at) => [`c${at}`, CONFIG]));
    const { found } = ask([home(many)]);
    expect(found.files).toHaveLength(50);
    expect(found.unread.map(({ reason }) => reason)).toEqual([expect.stringContaining("more than 50 files")]);
  });
});

describe("certificates of the cluster's own parts", () => {
  test.each([
    ["/O=system:nodes/CN=system:node:web1.example", "system:node:web1.example", false],
    ["/CN=system:kube-scheduler", "system:kube-scheduler", false],
    ["/CN=system:node:web1", undefined, false],
    ["/CN=system:anything", undefined, false],
    ["/O=people/CN=system:kube-scheduler", undefined, false],
    ["/O=system:masters/CN=system:kube-scheduler", undefined, true],
    ["/CN=system:kube-scheduler/CN=dev", undefined, false],
  ])("%s", async (subject, machine, masters) => {
    const text = `users:\n- name: dev\n  user:\n    client-certificate-data: ${certificate(subject)}\n`;
    const [file] = ask([home({ config: text })]).found.files;
    const [said] = file?.kubeconfig.users[0]?.credentials ?? [];
    expect([said?.machine, said?.groups]).toEqual([machine, masters ? ["system:masters"] : []]);
    if (file !== undefined) await alike(file);
  });
  test("several names in one relative name", () => {
    const data = certificate("/O=people+O=system:masters+CN=system:kube-scheduler -multivalue-rdn");
    const text = `users:\n- name: dev\n  user:\n    client-certificate-data: ${data}\n`;
    const [file] = ask([home({ config: text })]).found.files;
    expect(file?.kubeconfig.users[0]?.credentials[0]).toMatchObject({ groups: ["system:masters"] });
    expect(file?.kubeconfig.users[0]?.credentials[0]?.machine).toBeUndefined();
  });
});

test.each([
  ["as-groups:\n    - dev\n    - system:masters", true],
  ['as-groups: ["system:masters"]', true],
  ['as-groups:\n    - "system\\u003amasters"', true],
  ["as-groups: [dev]\n    as-uid: system:masters", false],
])("who asks to be taken for one of system:masters is told: %j", async (lines, told) => {
  const text = `users:\n- name: dev\n  user:\n    token: x\n    ${lines}\n`;
  const [file] = ask([home({ config: text })]).found.files;
  expect(file?.doubt).toBeUndefined();
  const [user] = file?.kubeconfig.users ?? [];
  expect(user?.mastersAt?.line).toBe(told ? 5 : undefined);
  if (file !== undefined) await alike(file);
});

describe("hostile homes", () => {
  const CONFIG = `kind: Config\nusers:\n- name: dev\n  user:\n    token: ${SECRET}\n`;
  /** A home whose .kube/config is what `make` puts there. */
  function odd(make: (path: string, kube: string) => void): string {
    const path = home({});
    make(join(path, ".kube", "config"), join(path, ".kube"));
    return path;
  }
  const victim = home({ config: CONFIG });
  test.each<[string, string, RegExp | null]>([
    [
      "100 MB",
      odd((path) => (writeFileSync(path, ""), truncateSync(path, 100 * 1024 * 1024))),
      /larger than 1 MiB/u,
    ],
    ["a FIFO", odd((path) => execFileSync("sh", ["-c", `mkfifo "$0"`, path])), /not a regular file/u],
    ["a link to /dev/zero", odd((path) => symlinkSync("/dev/zero", path)), /link out of the home/u],
    [
      "a link to somebody else's",
      odd((path) => symlinkSync(join(victim, ".kube", "config"), path)),
      /link out of the home/u,
    ],
    [
      "its folder a link to somebody else's",
      odd((_, kube) => (rmSync(kube, { recursive: true }), symlinkSync(join(victim, ".kube"), kube))),
      /link out of the home/u,
    ],
    ["a link to nothing", odd((path) => symlinkSync("nothing", path)), /no such file/u],
    ["a folder", odd((path) => mkdirSync(path)), /not a regular file/u],
    ["a loop", odd((path) => symlinkSync("config", path)), /no such file/u],
    ["no .kube", odd((_, kube) => rmSync(kube, { recursive: true })), null],
    [
      "a file .kube",
      odd((_, kube) => (rmSync(kube, { recursive: true }), writeFileSync(kube, SECRET))),
      null,
    ],
  ])("%s costs nothing and is said", (_, path, reason) => {
    const began = performance.now();
    const { found } = ask([path]);
    expect(performance.now() - began).toBeLessThan(patient(5000));
    expect(found.files).toEqual([]);
    expect(found.unread).toHaveLength(reason === null ? 0 : 1);
    expect(found.unread[0]?.reason ?? "").toMatch(reason ?? /^$/u);
  });

  test("a link within the home is followed", async () => {
    const path = home({ real: CONFIG });
    symlinkSync("real", join(path, ".kube", "config"));
    const [file] = ask([path]).found.files;
    expect(file?.kubeconfig.users).toMatchObject([{ credentials: [{ kind: "token" }] }]);
  });

  test("somebody else's file is not read, by a hard link either", () => {
    const path = home({});
    linkSync(join(victim, ".kube", "config"), join(path, ".kube", "config"));
    const { found } = ask([path], { uid: 4243 });
    // What root owns, only root can have put there.
    const said = found.unread.map(({ reason }) => reason);
    expect(UID === 0 ? said : said.join()).toEqual(
      UID === 0 ? [] : "it belongs to another account; it was not read",
    );
  });

  test("files that it names lead out of the home neither, and a name that leads nowhere is not repeated", () => {
    const outside = join(root, "outside");
    writeFileSync(outside, jwt({ exp: 1_900_000_000 }));
    const user = (name: string, body: string) => `- name: ${name}\n  user:\n    ${body}\n`;
    const text = `users:\n${[
      user("a", `tokenFile: ${outside}`),
      user("b", "tokenFile: ../../outside"),
      user("c", "tokenFile: /dev/zero"),
      user("d", `tokenFile: ${SECRET}`),
      user("e", "tokenFile: pipe"),
      user("f", "tokenFile: link"),
      user("g", `client-certificate: ${outside}`),
    ].join("")}`;
    const path = home({ config: text });
    execFileSync("sh", ["-c", `mkfifo "$0"`, join(path, ".kube", "pipe")]);
    symlinkSync(outside, join(path, ".kube", "link"));
    const [file] = ask([path]).found.files;
    const reasons = file?.kubeconfig.users.map(({ credentials: [one] }) => [
      one?.life,
      one?.reason,
      one?.file,
    ]);
    const beyond = "what it names lies where its owner leads root out of his home; it was not read";
    expect(reasons).toEqual([
      [null, beyond, undefined],
      [null, beyond, undefined],
      [null, beyond, undefined],
      [null, "there is no such file that root can see", undefined],
      [null, "what it names is not a regular file", undefined],
      [null, beyond, undefined],
      [null, beyond, undefined],
    ]);
  });

  test("more than is looked at is a doubt", () => {
    const users = Array.from(
      { length: 60 },
      (_, at) => `- name: u${at}\n  user:\n    tokenFile: token\n`,
    ).join("");
    const [file] = ask([home({ config: `users:\n${users}`, token: SECRET })]).found.files;
    expect(file?.doubt?.reason).toContain("beyond the 40");
  });

  test("more than 16 MiB together is not read", () => {
    const big = `# ${"x".repeat(1024 * 1024 - 10)}\n`;
    const one = home({ config: big });
    const paths = Array.from({ length: 20 }, () => home({}));
    for (const path of paths) copyFileSync(join(one, ".kube", "config"), join(path, ".kube", "config"));
    const { found } = ask(paths);
    expect(found.unread.map(({ reason }) => reason)).toContain(
      "the kubeconfigs of this host are larger than 16 MiB together; it was not read",
    );
  });
});

describe("a gate's limits", () => {
  const text = (session: string) =>
    `users:\n- name: dev\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      command: curfew\n      args: [kube, gate, --session, ${session}, --, aws]\n`;
  const state = {
    schema: "curfew/kube-gate/1",
    context: 'a","idle":1,"max":2,"login":',
    idle: 900,
    max: null,
    login: null,
    use: null,
    callers: [],
  };
  function gated(content: string, mode = 0o600): HostKubeconfig | undefined {
    const id = "0123456789abcdef";
    const path = home({ config: text(id) });
    const folder = join(path, ".local/state/curfew/kube");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${id}.json`), content);
    chmodSync(join(folder, `${id}.json`), mode);
    return ask([path], { uid: UID }).found.files[0];
  }
  test.each<[string, string, number, object | null]>([
    ["are those of its state", JSON.stringify(state), 0o600, { idle: 900, max: null }],
    ["are unknown where others can write it", JSON.stringify(state), 0o620, null],
    ["are unknown where it is anything else", `{"idle":900,"max":null}`, 0o600, null],
  ])("%s", (_, content, mode, limits) => {
    expect(gated(content, mode)?.gates).toEqual({ "0123456789abcdef": limits });
  });
  test.each([
    ["another session is named behind it", text("0123456789abcdef, --session, 0123456789abcde0")],
    [
      "its state is elsewhere",
      `${text("0123456789abcdef")}      env:\n      - name: XDG_STATE_HOME\n        value: /x\n`,
    ],
    ["its home is elsewhere", `${text("0123456789abcdef")}      env: [{name: HOME, value: /x}]\n`],
    ["a name is escaped", `${text("0123456789abcdef")}      env:\n      - {name: "H\\x4fME", value: /x}\n`],
    [
      "it loads other code",
      `${text("0123456789abcdef")}      env:\n      - name: "NODE_OPTIONS"\n        value: --require=/x\n`,
    ],
  ])("are unknown where %s", (_, content) => {
    const [file] = ask([home({ config: content })]).found.files;
    expect(file?.doubt).toBeUndefined();
    expect(file?.gates).toEqual({ odd: null });
  });
  test("do not depend on other variables", () => {
    const other = "      env:\n      - name: AWS_PROFILE\n        value: home\n";
    const [file] = ask([home({ config: text("0123456789abcdef") + other })]).found.files;
    expect(Object.keys(file?.gates ?? {})).toEqual(["0123456789abcdef"]);
  });
  test("are unknown where its arguments are", async () => {
    const [file] = ask([home({ config: text('"\\u0030"') })]).found.files;
    expect(file?.kubeconfig.users[0]?.credentials[0]?.exec?.gate).toBe("odd");
    expect(file?.gates).toEqual({ odd: null });
  });
});

describe("for whom", () => {
  test("others than the policy names are counted and not read", () => {
    const path = home({ config: WHOLE, ...FILES });
    const named = ask([path, path], { users: ["user1"] }).found;
    expect([named.files.map(({ owner, meant }) => [owner, meant]), named.apart]).toEqual([
      [["user1", true]],
      1,
    ]);
    const group = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();
    // There is no account user1 on this machine: nobody can say what groups it has.
    const members = ask([path], { groups: [group] }).found;
    expect(members.files.map(({ meant }) => meant)).toEqual([null]);
  });
});

describe("an answer that the script cannot have written", () => {
  test.each([
    "what\tis this",
    "file\talice\tyes\t/home/alice/.kube/config\t99\t0",
    "file\talice\tmaybe\t/home/alice/.kube/config\t600\t0",
    "unread\talice\t/x\tnonsense",
  ])("%s is refused", (line) => {
    expect(() => parsed(line)).toThrow(CurfewError);
  });
  test("one that was cut short is said", () => {
    const head = "file\talice\tyes\t/home/alice/.kube/config\t600\t0\nkey\tusers.0.name\t1\t1\tx\n";
    expect(parsed(head)).toMatchObject({
      files: [{ doubt: { reason: "the file could not be read to its end" }, kubeconfig: { users: [] } }],
      cut: expect.stringContaining("in time"),
    });
  });
});
