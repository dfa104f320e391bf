/* oxlint-disable vitest/expect-expect -- expectRefused expects */
/**
 * Bad input of every kind to every command, as people and scripts give it. Each ends with 64 and says in words
 * what is wrong; nothing is contacted (a server that must see nobody) and nothing is written.
 */
import { createServer } from "node:net";
import { chmod, link, mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHere } from "./run-here.ts";

const P = "policy.yaml";
/** What every case gets a copy of. */
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-bad-input-"));
  await mkdir(join(directory, "files"));
  await writeFiles(join(directory, "files"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function writeFiles(folder: string): Promise<void> {
  const files: Record<string, string | Buffer> = {
    [P]: "name: production\ndefaults: {client_idle_timeout: 15m}\nroles:\n  admin: {groups: [sudo]}\n",
    "named.ini": "[web]\nweb1 ansible_host=127.0.0.1 ansible_port=1\n[db]\nweb1\n",
    empty: "",
    blank: " \n\n",
    binary: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0xff, 0xfe]),
    "latin1.yaml": Buffer.from("name: b\u00fccher\n", "latin1"),
    "utf16.yaml": Buffer.from("\ufeffname: x\n", "utf16le"),
    "cut.yaml": "name: x\nroles: {admin: {groups: [",
    "list.yaml": "- a\n- b\n",
    "scalar.yaml": "just words\n",
    "typo.yaml": "name: x\ndefalts: {client_idle_timeout: 15m}\n",
    "types.yaml": "name: 5\ndefaults: {client_idle_timeout: [15]}\nroles: admin\n",
    "duration.yaml": "name: x\ndefaults: {client_idle_timeout: soon}\n",
    "profile.yaml": "name: x\nprofile: stig-ubuntu2240\n",
    "bomb.yaml": `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij".replace(/./gu, (name) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${String.fromCharCode(name.charCodeAt(0) - 1)}`).join(",")}]\n`)}`,
    "deep.yaml": `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    "escape.yaml": '"\\e[2Jx": 1\nname: "\\u202ex"\n',
    "plan.json": '{"schema":"curfew/plan/1"}',
    "other.json": '{"schema":"curfew/audit/1","hosts":[]}',
    "future.json": '{"schema":"curfew/plan/99"}',
    "cut.json": '{"schema":"curfew/plan/1","hosts":[',
    "audits.jsonl": '{"schema":"curfew/history-run/1"}\n',
    "alerts.yaml": "alerts: nobody\n",
    "teleport.yaml": "auth_service: {client_idle_timeout: 15m, disconnect_expired_cert: yes}\n",
    "bad.ini": "[web\nweb1\n",
    "loop.yaml": "all: {children: {a: {children: {b: {children: {a: }}}}}}\n",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await mkdir(join(folder, "folder"));
  await symlink("loop", join(folder, "loop"));
  await writeFile(join(folder, "huge"), "");
  await truncate(join(folder, "huge"), 3 * 1024 ** 3);
  await mkdir(join(folder, "empty-folder"));
  await writeFile(join(folder, "program.sh"), "#!/bin/sh\ntouch started\nexit 1\n");
  await chmod(join(folder, "program.sh"), 0o644);
}

interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  /** Besides the words of the error itself. */
  readonly stdout?: RegExp;
}

/** A server that must see nobody. */
async function lonelyServer(): Promise<{ place: string; visitors: () => number; close: () => void }> {
  let visitors = 0;
  const server = createServer((socket) => {
    visitors += 1;
    socket.destroy();
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { place: `root@127.0.0.1:${port}`, visitors: () => visitors, close: () => void server.close() };
}

/** The same files once more, as `cp --link` makes them. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [here, there] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await mkdir(there);
    else await link(here, there);
  }
}

/** What is the same for all bad input. */
async function expectRefused(
  given: readonly string[],
  reason: string | RegExp,
  { environment = {}, stdout: printed = /^$/u }: Surroundings = {},
): Promise<void> {
  const own = await mkdtemp(join(directory, "case-"));
  const cwd = join(own, "files");
  await linkTree(join(directory, "files"), cwd);
  const server = await lonelyServer();
  const words = given.map((word) => word.replaceAll("PLACE", server.place));
  const { stdout, stderr, exitCode } = await runHere(words, {
    directory: cwd,
    environment: { HOME: own, XDG_STATE_HOME: join(own, "state"), ...environment },
  });
  server.close();
  expect({ exitCode, visitors: server.visitors(), stderr }).toEqual({
    exitCode: 64,
    visitors: 0,
    stderr: expect.stringMatching(reason),
  });
  expect(stdout).toMatch(printed);
  expect(stderr).toMatch(/^error: \S/mu);
  expect(stderr).not.toMatch(/^\s+at |hint: this is a defect|node:internal|\bundefined\b|\[object/mu);
  expect(stderr.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(stderr.length).toBeLessThan(5000);
  // The commands of the history make an empty one where there is none.
  const remembers = ["history", "report"].includes(given[0] ?? "");
  expect((await readdir(own)).filter((name) => !(remembers && name === "state"))).toEqual(["files"]);
  expect((await readdir(cwd)).toSorted()).toEqual((await readdir(join(directory, "files"))).toSorted());
  await rm(own, { recursive: true });
}

const HOSTS = ["-i", "PLACE,"] as const;
/** Every command as it would work, up to the network. */
const WORKING: Readonly<Record<string, readonly string[]>> = {
  init: ["init", "new"],
  wizard: ["wizard", "PLACE", "--yes"],
  plan: ["plan", "-p", P, ...HOSTS],
  sessions: ["sessions", "-p", P, ...HOSTS],
  apply: ["apply", "-p", P, ...HOSTS, "--yes"],
  verify: ["verify", "-p", P, ...HOSTS],
  audit: ["audit", "-p", P, ...HOSTS],
  explain: ["explain", "-p", P, ...HOSTS, "alice@127.0.0.1"],
  revert: ["revert", ...HOSTS, "--yes"],
  "history list": ["history", "list"],
  "history export": ["history", "export"],
  "history import": ["history", "import", "audits.jsonl"],
  "history prune": ["history", "prune", "--keep", "90d"],
  report: ["report"],
  profiles: ["profiles"],
  "schedule show": ["schedule", "show"],
  "schedule remove": ["schedule", "remove", "--name", "none"],
  "schedule run": ["schedule", "run", "--every", "1h", "-p", P, ...HOSTS],
  completion: ["completion", "bash"],
  "teleport check": ["teleport", "check", "teleport.yaml"],
};
const EVERY = Object.entries(WORKING);

describe("every command", () => {
  test.each(EVERY)("%s: an option that does not exist", (_, line) =>
    expectRefused([...line, "--nonsense"], /unknown option '--nonsense'/u),
  );
  test.each(EVERY)("%s: a misspelt option", (_, line) =>
    expectRefused([...line, "--hlep"], /unknown option '--hlep'\n.*did you mean --help/u),
  );
  test.each(EVERY)("%s: an argument too many", (_, line) =>
    expectRefused(
      [...line, "b", "c"],
      /too many arguments|unknown command|exists already|b: there is no such/u,
    ),
  );
});

const POLICY_COMMANDS = ["plan", "sessions", "apply", "verify", "audit", "explain", "schedule run"] as const;
const WITH_POLICY = POLICY_COMMANDS.map((name) => [name, WORKING[name] ?? []] as const);
const BAD_POLICIES: readonly (readonly [string, RegExp])[] = [
  ["none.yaml", /none\.yaml: there is no such policy/u],
  ["folder", /folder: .*directory/u],
  ["loop", /loop: /u],
  ["empty", /empty:1:1: the policy is empty/u],
  ["blank", /blank:1:1: the policy is empty/u],
  ["binary", /binary/u],
  ["huge", /huge: the policy is larger than/u],
  ["latin1.yaml", /latin1\.yaml:1:1: this line is not valid UTF-8/u],
  ["utf16.yaml", /UTF-16/u],
  ["cut.yaml", /cut\.yaml:2:\d+: /u],
  ["list.yaml", /list\.yaml:1:1: /u],
  ["scalar.yaml", /scalar\.yaml:1:1: /u],
  ["typo.yaml", /typo\.yaml:2:1: .*did you mean "defaults"\?/u],
  ["types.yaml", /types\.yaml:3:\d+: /u],
  ["duration.yaml", /duration\.yaml:2:\d+: .*soon/u],
  ["profile.yaml", /profile\.yaml:2:\d+: .*did you mean "stig-ubuntu2204"\?/u],
  ["bomb.yaml", /bomb\.yaml/u],
  ["deep.yaml", /deep\.yaml/u],
  ["escape.yaml", /escape\.yaml:1:1: /u],
  ["/dev/null", /\/dev\/null:1:1: the policy is empty/u],
  ["", /./u],
];

/** One reader reads for all of them: the whole table once, what differs in kind for each. */
const SOME = new Set(["none.yaml", "folder", "typo.yaml", "loop.yaml", "bad.ini", "-"]);

describe.each(WITH_POLICY)("%s: a policy that is none", (name, line) => {
  test.each(BAD_POLICIES.filter(([file]) => name === "plan" || SOME.has(file)))("%s", (file, reason) =>
    expectRefused(
      line.map((word) => (word === P ? file : word)),
      reason,
    ),
  );
});

const WITH_HOSTS = [...POLICY_COMMANDS, "revert"].map((name) => [name, WORKING[name] ?? []] as const);
const BAD_INVENTORIES: readonly (readonly [string, RegExp])[] = [
  ["none.yaml", /none\.yaml/u],
  ["empty", /empty:1:1: the inventory is empty/u],
  ["blank", /the inventory is empty/u],
  ["empty-folder", /no inventory in this directory/u],
  ["binary", /binary/u],
  ["loop", /loop/u],
  ["huge", /larger than/u],
  ["bad.ini", /bad\.ini:1:/u],
  ["cut.yaml", /cut\.yaml/u],
  ["loop.yaml", /loop\.yaml/u],
  ["bomb.yaml", /bomb\.yaml/u],
  ["deep.yaml", /deep\.yaml/u],
  ["escape.yaml", /escape\.yaml/u],
  ["program.sh", /not an executable/u],
  ["-", /standard input/u],
  [",", /no host/u],
  ["web1:99999,", /99999/u],
  ["-oProxyCommand=x,", /-oProxyCommand/u],
  ["", /./u],
];

describe.each(WITH_HOSTS)("%s: an inventory that is none", (name, line) => {
  test.each(BAD_INVENTORIES.filter(([source]) => name === "plan" || SOME.has(source)))(
    "%s",
    (source, reason) =>
      expectRefused(
        line.map((word) => (word === HOSTS[1] ? source : word)),
        reason,
      ),
  );
});

describe.each(WITH_HOSTS.filter(([name]) => ["plan", "revert"].includes(name)))(
  "%s: how and where",
  (_, line) => {
    test.each<[string[], RegExp]>([
      [["-l", "wbe"], /-l: "wbe" matches no host/u],
      [["-l", ""], /-l: the pattern is empty/u],
      [["-l", "all,!all"], /selects no host/u],
      [["-l", "[x"], /-l/u],
      [["--concurrency", "0"], /--concurrency 0: not a whole number/u],
      [["--concurrency", "many"], /--concurrency many: not a whole number/u],
      [["--connect-timeout", "5"], /--connect-timeout 5: not a duration/u],
      [["--become-pass-file", "none"], /none/u],
      [["--become-pass-file", "folder"], /folder/u],
      [["--become-pass-file", "empty"], /empty/u],
      [["--ssh-config", "none"], /none/u],
      [["-K"], /no terminal/u],
      [["--events", "-q"], /cannot be used with/u],
      [["-i", "-", "--become-pass-file", "-"], /cannot both be standard input/u],
    ])("%j", (given, reason) => expectRefused([...line, ...given], reason));
  },
);

describe("surroundings", () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ["history", { XDG_STATE_HOME: "/dev/null" }, /history\.sqlite cannot be opened/u],
    ["plan -i PLACE,", { HOME: "", CURFEW_POLICY: "none.yaml" }, /none\.yaml/u],
    ["plan", { CURFEW_INVENTORY: "none.yaml" }, /none\.yaml/u],
    ["plan -p policy.yaml -i named.ini -l x", { PATH: "", LANG: "C" }, /"x" matches no host/u],
    ["plan -p policy.yaml -i named.ini -l @none.txt", {}, /--limit @none\.txt: there is no such file/u],
    ["plan -p policy.yaml -i named.ini -l web1,@folder", {}, /: this is a directory, not a file/u],
    [
      "plan -p policy.yaml -i named.ini -l @named.ini",
      {},
      /is not a pattern that curfew knows|matches no host/u,
    ],
    ["plan -p policy.yaml -i named.ini --ssh-config folder", {}, /: this is a directory, not a file/u],
    ["check -i named.ini -l @none.txt", {}, /--hosts @none\.txt: there is no such file/u],
    ["plan -l x", { COLUMNS: "0", TERM: "", FORCE_COLOR: "0" }, /not given/u],
  ])("curfew %s with %j", (line, environment, reason) =>
    expectRefused(line.split(" "), reason, { environment }),
  );
});

describe("one by one", () => {
  test.each<[string, RegExp]>([
    ["", /no command given/u],
    ["pln", /unknown command 'pln'\n.*did you mean plan/u],
    ["help pln", /unknown command "pln", did you mean "plan"/u],
    ["help history lst", /unknown command "lst", did you mean "list"/u],
    ["history lst", /unknown command 'lst'|too many arguments/u],
    ["schedule instal", /unknown command 'instal'/u],
    ["schedule", /no command given/u],
    ["plan", /-i, --inventory not given/u],
    ["revert", /-i, --inventory not given/u],
    ["revert -i PLACE,", /no terminal/u],
    ["apply", /-i, --inventory not given/u],
    ["apply -i PLACE,", /no terminal/u],
    // What is wrong with the input comes first, even where there is no terminal either.
    ["apply -i PLACE, --become-pass-file none", /cannot read the sudo password from none/u],
    ["revert -i PLACE, --become-pass-file empty", /holds no password/u],
    ["apply -i PLACE, -K --become-pass-file none", /exclude each other/u],
    ["apply -i PLACE, --max-hurt -1", /--max-hurt -1: not a whole number|argument missing/u],
    ["apply --yes", /-i, --inventory not given/u],
    ["explain", /missing required argument/u],
    ["explain -p policy.yaml", /missing required argument/u],
    [
      "explain -p policy.yaml -i named.ini alice@wbe1",
      /"wbe1" is not a host of the inventory, did you mean "web1"/u,
    ],
    ["explain -p policy.yaml -i named.ini alice@web1 --groups a", /--groups is for a user without a host/u],
    ["explain -p policy.yaml @web1", /is not USER or USER@HOST/u],
    ["verify -p policy.yaml -i named.ini --role admn", /no role "admn" .*did you mean "admin"/u],
    ["verify -p policy.yaml -i named.ini --sessions tmx", /did you mean "tmux"/u],
    ["verify -p policy.yaml -i named.ini --sessions ,", /no session kind/u],
    ["verify -p policy.yaml -i named.ini --scaled 0", /--scaled 0/u],
    ["verify -p policy.yaml -i named.ini -l wbe", /did you mean "web1"|did you mean "web"/u],
    ["apply --yes -p policy.yaml -i named.ini --waves 0", /--waves 0/u],
    ["apply --yes -p policy.yaml -i named.ini --waves 200%", /--waves 200%/u],
    ["apply --yes -p policy.yaml -i named.ini --max-fail -1", /--max-fail/u],
    ["apply --yes -p policy.yaml -i named.ini --confirm-within never", /--confirm-within never/u],
    ["apply --yes -p policy.yaml -i named.ini --scaled 5", /--verify/u],
    ["apply --yes none.json", /none\.json/u],
    ["apply --yes folder", /folder/u],
    ["apply --yes empty", /empty/u],
    ["apply --yes binary", /binary/u],
    ["apply --yes huge", /huge/u],
    ["apply --yes cut.json", /cut\.json/u],
    ["apply --yes plan.json", /plan\.json/u],
    ["apply --yes other.json", /other\.json/u],
    ["apply --yes future.json", /future\.json.*newer|future\.json.*version|future\.json/u],
    ["plan -p policy.yaml -i PLACE, -o none/plan.json", /none/u],
    ["plan -p policy.yaml -i PLACE, -o folder", /folder/u],
    ["audit -p policy.yaml -i PLACE, --format pfd -o out", /no format "pfd"/u],
    ["audit -p policy.yaml -i PLACE, --format html", /say where with -o/u],
    ["audit -p policy.yaml -i PLACE, --format html -o policy.yaml", /policy\.yaml/u],
    ["audit -p policy.yaml -i PLACE, --format html -o /dev/null/x", /\/dev\/null/u],
    ["audit -p policy.yaml -i PLACE, --format cklb -o out", /cklb/u],
    ["check PLACE --format html -o out", /a report needs something to judge by: give --limit or --baseline/u],
    ["check PLACE --scope x", /a report needs something to judge by/u],
    ["check PLACE --limit 15m --format html", /say where with -o/u],
    ["check PLACE --limit 15m --format cklb -o out", /cannot write cklb/u],
    ["check PLACE --limit 15m -o /dev/null/x", /\/dev\/null/u],
    ["audit -p policy.yaml -i PLACE, --scaled 5", /--verify/u],
    ["audit -p policy.yaml -i PLACE, --keep soon", /--keep soon/u],
    ["audit -p policy.yaml -i PLACE, --alerts none.yaml", /none\.yaml/u],
    ["audit -p policy.yaml -i PLACE, --alerts alerts.yaml", /alerts\.yaml:1/u],
    ["audit -p policy.yaml -i PLACE, --alerts policy.yaml --no-history", /--no-history/u],
    ["wizard", /missing required argument/u],
    ["wizard PLACE", /no terminal/u],
    ["wizard a,b --yes", /is not \[user@\]host\[:port\]/u],
    ["wizard -- -oProxyCommand=x --yes", /./u],
    ["wizard PLACE --yes --idle soon", /--idle soon/u],
    ["wizard PLACE --yes --controls nothing", /choose among/u],
    ["wizard PLACE --yes --probe all", /--probe/u],
    ["wizard PLACE --yes --expires tomorrow", /--expires|YYYY-MM-DD/u],
    ["wizard PLACE --yes --baseline stig-ubuntu2240", /did you mean "stig-ubuntu2204"/u],
    ["wizard PLACE --yes --output policy.yaml", /policy\.yaml/u],
    ["history import none", /none/u],
    ["history import folder", /folder/u],
    ["history import binary", /binary/u],
    ["history import audits.jsonl", /audits\.jsonl/u],
    ["history import", /missing required argument/u],
    ["history prune", /--keep/u],
    ["history prune --keep all", /--keep all: not a number of days/u],
    ["history list -n 0", /-n|--number 0/u],
    ["history list --since yesterday", /--since yesterday: not a time/u],
    ["history list --since 2026-13-45", /not a time/u],
    ["history export -o none/x", /none/u],
    ["history export -o folder", /folder/u],
    ["report", /no finished audit|no audit/u],
    ["report --run x", /no audit|no finished audit/u],
    ["report --by colour", /--by/u],
    ["report --host [", /./u],
    ["report --format html", /say where with -o/u],
    ["profiles stig-rhel99", /did you mean "stig-rhel9"/u],
    ["init policy.yaml", /policy\.yaml/u],
    ["init /proc/x", /\/proc\/x/u],
    ["completion tcsh", /tcsh/u],
    ["completion", /missing required argument/u],
    ["schedule remove --name none", /none/u],
    ["schedule run --every never -p policy.yaml -i PLACE,", /--every never/u],
    ["schedule install", /./u],
    ["schedule install --every 1h", /-i, --inventory|-p, --policy/u],
    ["schedule install --every 1h --name ../x -p policy.yaml -i PLACE,", /name/u],
    ["schedule install --every 1h -p none.yaml -i PLACE,", /none\.yaml/u],
  ])("curfew %s", (line, reason) => expectRefused(line.split(" ").filter(Boolean), reason));

  test("with --json there is a document as well", () =>
    expectRefused(["plan", "--json"], /not given/u, { stdout: /^\{"schema":"curfew\/error\/1"/u }));
});
