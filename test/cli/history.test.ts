/** `curfew history` and `curfew report` as people call them, on a real history. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHistory } from "../../src/store/open-history.ts";
import { auditedHost, auditFinding, auditHeader, auditRun, store } from "../fixtures/audits.ts";
import { runHere } from "./run-here.ts";

const CURFEW = resolve(import.meta.dirname, "../../src/curfew.js");
const ids = [1, 2, 3].map((day) => auditHeader(day).runId);
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-history-cli-"));
  const history = await openHistory({ state: join(directory, "state", "curfew"), now: () => new Date() });
  const good = [auditFinding({ rule: "5.1.7" })];
  const bad = [auditFinding({ outcome: "fail", actual: "ClientAliveInterval 0", rule: "5.1.7" })];
  await store(history, auditRun(1, [auditedHost("web1", good), auditedHost("web2")]));
  await store(history, auditRun(2, [auditedHost("web1", bad), auditedHost("web2")]));
  const writer = await history.begin(auditHeader(3), ["web1", "web2"]);
  await writer.addHost(auditedHost("web1"));
  await history.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function curfew(given: readonly string[], { state = "state" } = {}) {
  return runHere(given, { directory, environment: environment(state) });
}

/** A process of its own, for one that reads a pipe. */
function piping(given: readonly string[], input: string) {
  const env = { PATH: process.env["PATH"], ...environment("second") };
  return execa(process.execPath, [CURFEW, ...given], { cwd: directory, env, extendEnv: false, input });
}

function environment(state: string) {
  return { HOME: directory, XDG_STATE_HOME: join(directory, state) };
}

describe("curfew history", () => {
  test("lists audits, newest last, and says which were broken off", async () => {
    const { stdout, stderr, exitCode } = await curfew(["history"]);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).toBe(
      [
        "audit                            began             policy      hosts     findings",
        `${ids[0]}  2026-10-02 03:00  production  =2 ✗0 ?0  ✗0 ?0 ~0`,
        `${ids[1]}  2026-10-03 03:00  production  =1 ✗1 ?0  ✗1 ?0 ~0`,
        `${ids[2]}  2026-10-04 03:00  production  =1 ✗0 ?0  ✗0 ?0 ~0  ! broken off`,
      ].join("\n"),
    );
  });

  test.each<[string[], string[]]>([
    [["-n", "1"], [ids[2] ?? ""]],
    [["--since", "2026-10-03"], ids.slice(1)],
    [["--policy", "production", "--since", "2026-10-03T12:00:00+02:00"], ids.slice(2)],
    [["--policy", "other"], []],
  ])("list --json %j", async (given, expected) => {
    const { stdout } = await curfew(["history", "list", "--json", ...given]);
    const document = JSON.parse(stdout) as { schema: string; summary: unknown; audits: { runId: string }[] };
    expect(document).toMatchObject({ schema: "curfew/history/1", summary: { audits: expected.length } });
    expect(document.audits.map(({ runId }) => runId)).toEqual(expected);
  });

  test("goes out and in, through a file and a pipe", async () => {
    expect(await curfew(["history", "export", "-o", "all.jsonl"])).toMatchObject({ stdout: "", exitCode: 0 });
    const piped = await curfew(["history", "export"]);
    expect(`${piped.stdout}\n`).toBe(await readFile(join(directory, "all.jsonl"), "utf8"));
    expect(await curfew(["history", "import", "all.jsonl"], { state: "second" })).toMatchObject({
      stdout: "3 new audits",
      exitCode: 0,
    });
    const again = await piping(["history", "import", "-"], piped.stdout);
    expect(again).toMatchObject({ stdout: "0 new audits", exitCode: 0 });
    expect((await curfew(["history"], { state: "second" })).stdout).toBe((await curfew(["history"])).stdout);
    expect(await curfew(["history", "prune", "--keep", "1d"], { state: "second" })).toMatchObject({
      stdout: "2 audits forgotten",
    });
  });

  test.each<[string[], RegExp]>([
    [["import", "nowhere.jsonl"], /^error: cannot read nowhere\.jsonl: ENOENT/u],
    [["import", "bad.jsonl"], /^error: bad\.jsonl: line 1: not JSON\nhint: /u],
    [["export", "-o", "no/such/file"], /^error: cannot write no\/such\/file: there is not a directory /u],
    [["prune"], /^error: required option '--keep <days>' not specified/u],
    [["prune", "--keep", "0d"], /^error: --keep 0d: not a number of days/u],
    [["list", "--since", "yesterday"], /^error: --since yesterday: not a time/u],
  ])("%j is refused", async (given, message) => {
    await writeFile(join(directory, "bad.jsonl"), "{\n");
    const { stdout, stderr, exitCode } = await curfew(["history", ...given]);
    expect([stdout, exitCode]).toEqual(["", 64]);
    expect(stderr).toMatch(message);
  });
});

test("import makes no history where its source is not there", async () => {
  const { exitCode, stderr } = await curfew(["history", "import", "sqlite:none-here"], { state: "third" });
  expect([exitCode, stderr]).toEqual([
    64,
    expect.stringMatching(/^error: there is no history .*none-here.* yet/u),
  ]);
  expect((await readdir(directory)).filter((name) => name === "none-here")).toEqual([]);
});

describe("curfew report", () => {
  test("shows the newest finished audit, what changed and the trend", async () => {
    const { stdout, stderr, exitCode } = await curfew(["report"]);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).toContain(ids[1]);
    expect(stdout).toContain("Since 2026-10-02 03:00 UTC\n  ✗ newly failing: 1 finding");
    expect(stdout).toContain("hosts failing     ▁█  0 → 1  highest 1");
    expect(stdout.split("\n").at(-1)).toBe("Audit: ✗ out of compliance: of 2 hosts, 1 fail");
  });

  test.each<[string[], number, string]>([
    [["--exit-code"], 2, "1 fail"],
    [["--run", "20261002", "--exit-code"], 0, "= in compliance"],
    [["--run", ids[2] ?? "", "--exit-code"], 3, "broken off after 1 of 2 hosts"],
    [["--run", "20261002", "--against", ids[1] ?? ""], 0, "= recovered: 1 finding"],
    [["--by", "rule"], 0, "✗ 5.1.7"],
    [["--host", "web2", "--exit-code"], 0, "= in compliance"],
  ])("%j ends with %d", async (given, code, words) => {
    const { stdout, exitCode } = await curfew(["report", ...given]);
    expect(stdout).toContain(words);
    expect(exitCode).toBe(code);
  });

  test("as JSON is the audit and what the history says beside it", async () => {
    const { stdout } = await curfew(["report", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "curfew/report/1",
      summary: { verdict: "fail", hosts: { hosts: 2, pass: 1, fail: 1 } },
      against: ids[0],
      runId: ids[1],
      trend: [{ runId: ids[0] }, { runId: ids[1] }],
      changes: [{ host: "web1", before: "pass", after: "fail" }],
      hosts: [
        { host: "web1", outcome: "fail" },
        { host: "web2", outcome: "pass" },
      ],
    });
  });

  test("writes files in the formats asked for", async () => {
    const { stdout, exitCode } = await curfew(["report", "--format", "json,csv", "-o", "out"]);
    expect([stdout, exitCode]).toEqual(["", 0]);
    const names = await readdir(join(directory, "out"));
    expect(names.map((name) => name.split(".").at(-1)).toSorted()).toEqual(["SHA256SUMS", "csv", "json"]);
  });

  test.each<[string[], string]>([
    [["--run", "2026"], "several audits begin with"],
    [["--run", "1999"], "there is no audit"],
    [["--host", "db*"], "matches no host"],
    [["--format", "json"], "-o DIRECTORY"],
    [["--policy", "other"], "no finished audit of that policy"],
  ])("%j is refused", async (given, message) => {
    const { stdout, stderr, exitCode } = await curfew(["report", ...given]);
    expect([stdout, exitCode]).toEqual(["", 64]);
    expect(stderr).toContain(message);
  });

  test("without any audit says how to make one", async () => {
    const { stderr, exitCode } = await curfew(["report"], { state: "empty" });
    expect(exitCode).toBe(64);
    expect(stderr).toContain("curfew audit makes one");
    expect((await curfew(["history"], { state: "empty" })).stdout).toBe(
      "no audits yet: curfew audit makes one",
    );
  });
});
