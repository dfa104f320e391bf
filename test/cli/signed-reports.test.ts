/** Reports that whoever gets them can check: the digests by the real sha256sum, the signature by the real ssh-keygen. */
import { hash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { splitWords } from "../../src/config/forms/shell-words.ts";
import { openHistory } from "../../src/store/open-history.ts";
import { writeReports, writeSums } from "../../src/store/file/report-files.ts";
import { auditArguments, type ScheduledOptions } from "../../src/cli/schedule/audit.ts";
import { auditedHost, auditHeader, auditRun, store } from "../fixtures/audits.ts";
import { runHere } from "./run-here.ts";

let directory: string;
let key: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-signed-"));
  const state = join(directory, "state/curfew");
  const history = await openHistory({ state, now: () => new Date() });
  const evidence = [
    { path: "evidence/web1/log.txt", sha256: hash("sha256", "kept\n"), bytes: 5, title: "t" },
    { path: "evidence/web1/gone.txt", sha256: hash("sha256", "x"), bytes: 1, title: "t" },
  ];
  await store(history, auditRun(1, [{ ...auditedHost("web1"), evidence }, auditedHost("web2")]));
  await history.close();
  const kept = join(state, "runs", auditHeader(1).runId, "evidence/web1");
  await mkdir(kept, { recursive: true });
  await writeFile(join(kept, "log.txt"), "kept\n");
  key = join(directory, "a key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));
beforeEach(() => rm(join(directory, "out"), { recursive: true, force: true }));

const report = (...given: readonly string[]) =>
  runHere(["report", "--format", "json,csv", "-o", "out", ...given], {
    directory,
    environment: { HOME: directory, XDG_STATE_HOME: join(directory, "state") },
  });
const out = (name: string): string => join(directory, "out", name);
const check = (cwd = join(directory, "out")) =>
  execa("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd, reject: false });

describe("SHA256SUMS", () => {
  test("names every report and the evidence that was taken along, and sha256sum agrees", async () => {
    expect(await report()).toMatchObject({ exitCode: 0 });
    const { stdout, exitCode } = await check();
    expect([stdout, exitCode]).toEqual([
      "curfew-audit.csv: OK\ncurfew-audit.json: OK\nevidence/web1/log.txt: OK",
      0,
    ]);
    expect((await stat(out("SHA256SUMS"))).mode & 0o777).toBe(0o640 & ~process.umask());
    await writeFile(out("curfew-audit.csv"), "forged");
    expect(await check()).toMatchObject({ exitCode: 1 });
  });

  test("names that would break their line are escaped as sha256sum reads them", async () => {
    const place = join(directory, "odd");
    const names = ["a\nb", "c\\d", "e f", "g\\nh", "ä"];
    const sums = new Map<string, string>();
    const files = names.map((name) => ({ name, chunks: [name] }));
    await writeReports(place, files, sums);
    await writeSums(place, sums);
    expect(await check(place)).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("a link in its place is replaced, not followed", async () => {
    await mkdir(join(directory, "out"));
    await writeFile(join(directory, "theirs"), "mine");
    for (const name of ["SHA256SUMS", "SHA256SUMS.sig"]) await symlink("../theirs", out(name));
    expect(await report("--sign-with", "cat")).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(directory, "theirs"), "utf8")).toBe("mine");
    await expect(readlink(out("SHA256SUMS"))).rejects.toThrow("EINVAL");
    await expect(readlink(out("SHA256SUMS.sig"))).rejects.toThrow("EINVAL");
  });

  test("a directory in its place is an error that names it", async () => {
    await mkdir(out("SHA256SUMS"), { recursive: true });
    const { stderr, exitCode } = await report();
    expect([stderr, exitCode]).toEqual([
      "error: cannot write out/SHA256SUMS: there is a directory of that name\nhint: give another directory with -o",
      64,
    ]);
  });
});

describe("--sign-with", () => {
  test("ssh-keygen signs, and the signature is good until the list changes", async () => {
    const { stderr, exitCode } = await report("--sign-with", `ssh-keygen -Y sign -n curfew -f '${key}'`);
    expect([stderr, exitCode]).toEqual([
      "wrote 2 files in out, signed, without 1 file of evidence, not on this machine as they were",
      0,
    ]);
    await writeFile(join(directory, "signers"), `ops ${await readFile(`${key}.pub`, "utf8")}`);
    const verify = async (input: string) =>
      execa(
        "ssh-keygen",
        ["-Y", "verify", "-f", "signers", "-I", "ops", "-n", "curfew", "-s", "out/SHA256SUMS.sig"],
        { cwd: directory, input, reject: false },
      );
    const sums = await readFile(out("SHA256SUMS"), "utf8");
    expect(await verify(sums)).toMatchObject({ exitCode: 0 });
    expect((await verify(sums.replace(/^./u, "x"))).exitCode).not.toBe(0);
  });

  test("no shell is between, and a signature may be any bytes", async () => {
    const program = `process.stdout.write(Buffer.from([0, 255, 10])); process.stdout.write(process.argv[1])`;
    const words = `"${process.execPath}" -e '${program}' '$HOME;#x'`;
    expect(await report("--sign-with", words)).toMatchObject({ exitCode: 0 });
    expect(await readFile(out("SHA256SUMS.sig"))).toEqual(Buffer.from("\u0000\u00ff\n$HOME;#x", "latin1"));
  });

  test.each([
    [
      "fails",
      "sh -c 'echo no secret key >&2; exit 7'",
      /^error: SHA256SUMS is not signed: sh: status 7: no secret key\nhint: /u,
    ],
    ["writes nothing", "true", /^error: SHA256SUMS is not signed: true: it wrote no signature /u],
    ["is killed", "sh -c 'kill -9 $$'", /^error: SHA256SUMS is not signed: sh: ended by SIGKILL/u],
  ])(
    "a command that %s: exit code 3, the reports are there, and no old signature is",
    async (_, words, said) => {
      await report("--sign-with", "cat");
      const { stderr, exitCode } = await report("--sign-with", words);
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(said);
      expect(await check()).toMatchObject({ exitCode: 0 });
      await expect(stat(out("SHA256SUMS.sig"))).rejects.toThrow("ENOENT");
    },
  );

  test.each([
    [
      ["--sign-with", "no-such-program -x"],
      /^error: there is not a program no-such-program that can be run\nhint: /u,
    ],
    [["--sign-with", "./theirs"], /^error: there is not a program \.\/theirs that can be run/u],
    [["--sign-with", "gpg 'x"], /^error: --sign-with gpg 'x: no closing single quote/u],
    [["--sign-with", " "], /^error: --sign-with .*it names no program/u],
  ])("%j is refused before anything is written", async (given, said) => {
    const { stderr, exitCode } = await report(...given);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(said);
    await expect(stat(join(directory, "out"))).rejects.toThrow("ENOENT");
  });

  test("without a directory there is nothing to sign", async () => {
    const { stderr, exitCode } = await runHere(["report", "--sign-with", "cat"], {
      directory,
      environment: { HOME: directory, XDG_STATE_HOME: join(directory, "state") },
    });
    expect([stderr, exitCode]).toEqual([
      "error: --sign-with signs files: say where they go with -o DIRECTORY",
      64,
    ]);
  });

  test("a schedule hands it on word for word", () => {
    const signWith = ["/usr/bin/gpg", "it's", '"a b"', "#", "$x\\"];
    const options = {
      sessions: [],
      connectTimeout: 20,
      concurrency: 1,
      signWith,
    } as unknown as ScheduledOptions;
    const given = auditArguments(options);
    const text = given[given.indexOf("--sign-with") + 1] ?? "";
    const split = splitWords(text, false);
    expect(typeof split === "string" ? split : split.map((word) => word.text)).toEqual(signWith);
  });
});
