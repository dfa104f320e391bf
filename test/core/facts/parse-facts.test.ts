import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseFacts, type FactsRun } from "../../../src/core/facts/parse-facts.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import { SELECTORS } from "../../flow/facts-host.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const RELEASES = ["bullseye", "bookworm", "trixie", "sid"] as const;

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/facts/${name}`, import.meta.url));
const runOf = (release: string): FactsRun => ({
  host: "web1",
  token: TOKEN,
  serverIdent: fixture(`${release}.ident`).toString().trim(),
  selectors: SELECTORS,
  takenAt: "2026-11-22T00:00:00.000Z",
});
const bookworm = fixture("bookworm.out");
const parse = (output: Buffer | string): Facts => parseFacts(Buffer.from(output), runOf("bookworm"));
/** The answer with something else in place of a text that must be there. */
const edited = (from: string | RegExp, to: string): Buffer => {
  const before = bookworm.toString("latin1");
  const after = before.replace(from, () => to);
  expect(after).not.toBe(before);
  return Buffer.from(after, "latin1");
};

describe("answers of real hosts", () => {
  test.each(RELEASES)("%s", async (release) => {
    const facts = parseFacts(fixture(`${release}.out`), runOf(release));
    await expect(`${JSON.stringify(brief(facts), null, 2)}\n`).toMatchFileSnapshot(
      `../../fixtures/facts/${release}.json`,
    );
  });

  test("the digest leaves out what changes by itself, and nothing else", () => {
    const { digest } = parse(bookworm);
    expect(parse(edited(/(?<=\tlistener\t|MainPID=)32\b/gu, "1")).digest).toBe(digest);
    expect(parse(edited("00000000-0000-4000", "11111111-0000-4000")).digest).toBe(digest);
    expect(parse(edited("admin@example", "other@example")).digest).toBe(digest);
    expect(parse(edited("clientaliveinterval 30", "clientaliveinterval 31")).digest).not.toBe(digest);
    expect(parse(edited("TMOUT=60", "TMOUT=62")).digest).not.toBe(digest);
    expect(parseFacts(bookworm, { ...runOf("bookworm"), takenAt: "later" }).digest).toBe(digest);
  });

  test("what a system is made from is known where os-release says it", () => {
    const line = 'HOME_URL="https://www.debian.org/"';
    // Sections have a length.
    const derived = parse(edited(line, `${'ID_LIKE="ubuntu debian'.padEnd(line.length - 1)}"`));
    expect(derived.os).toMatchObject({ state: "known", value: { like: ["ubuntu", "debian"] } });
    expect(parse(bookworm).os).not.toHaveProperty("value.like");
  });

  test("a banner that is not OpenSSH's is believed before any file", () => {
    const facts = parseFacts(bookworm, {
      ...runOf("bookworm"),
      serverIdent: "SSH-2.0-dropbear_2022.83\u001b[2J",
    });
    expect(facts.server).toEqual({ product: "other", text: "SSH-2.0-dropbear_2022.83\\u{1b}[2J" });
  });
});

describe("a change that is pending", () => {
  const record = /\tarmed\t0123abcd\tarmed\n1\n\d+\n.*\n/u;
  const pending = (state: string, ...body: string[]): unknown =>
    parse(edited(record, `\tarmed\t0123abcd\t${state}\n${body.join("\n")}\n`)).curfew.pending;

  test.each([
    ["its time runs, by the clock that nobody sets", ["1000 60 500", "9999", "520.25 900.00"], 40],
    ["its time is over", ["1000 60 500", "1010", "600.10 900.00"], -40],
    ["the machine was booted again within its time", ["1000 60 500", "1030", "20.50 3.00"], -1],
    ["the machine was booted again long ago", ["1000 60 500", "5000", "20.50 3.00"], -3940],
    ["there is one clock only", ["1000 60", "1030"], 30],
    ["there is one clock now", ["1000 60 500", "1030"], 30],
    ["nothing was recorded", ["1030", "20.50 3.00"], null],
    ["what was recorded is no number", ["x 60 $(reboot)", "1030", "20.50 3.00"], null],
  ])("%s", (_what, body, dueIn) => {
    expect(pending("armed", ...body)).toEqual({ state: "armed", dueIn });
    expect(pending("reverting", ...body)).toEqual({ state: "reverting", dueIn });
  });
});

describe("hostile answers", () => {
  test("text in a file cannot begin a section", () => {
    const forged = `\n@${"f".repeat(32)}\tsshd\t/tmp/evil\n@x\tmachine\t1\t\t\n\n@\tend\n`;
    // Same length in place of other text, so that the file's size still agrees.
    const facts = parse(edited(/\n# This is the sshd[\s\S]{120}/u, forged.padEnd(139, "#").slice(0, 139)));
    expect(facts.sshd.path).toEqual({ state: "known", value: "/usr/sbin/sshd" });
    expect(facts.sshd.mainFile.state).toMatchObject({ state: "known" });
    expect(JSON.stringify(facts.sshd.mainFile)).toContain("/tmp/evil");
  });

  test("noise before the first section is not read", () => {
    expect(parse(Buffer.concat([Buffer.from("Welcome!\n@end\n"), bookworm]))).toEqual(parse(bookworm));
  });

  test("control characters of a host never reach one-line fields", () => {
    const facts = parse(edited('NAME="Debian GNU/Linux 12', 'NAME="\u001b]0;owned\u0007'.padEnd(25, "x")));
    expect(facts.os).toMatchObject({
      value: { name: expect.stringMatching(/^\\u\{1b\}\]0;owned\\u\{7\}/u) },
    });
  });

  test.each([
    ["cut short", () => bookworm.subarray(0, bookworm.length - 60)],
    ["another run's token", () => edited(/@0123/gu as never, "@0124")],
    ["empty", () => Buffer.alloc(0)],
    [
      "a section twice",
      () => Buffer.concat([bookworm, Buffer.from(`\n@${TOKEN}\tsshd\t/tmp/evil\n\n@${TOKEN}\tend\n`)]),
    ],
    ["a section of another kind of answer", () => edited("\tpeople\n", "\tpeople\nroot is fine\n")],
    ["a selector nobody asked about", () => edited(/class\t3\t/u, "class\t99\t")],
    ["a file without a state", () => edited("\tabsent\n", "\n")],
    ["a file in an unknown state", () => edited("\tabsent\n", "\tfine\n")],
    ["attributes that are not", () => edited(/-rw-r--r-- +\d+ 0 0/u, "-rw-r--r-- 1 0 x")],
    [
      "an include without a line",
      () => edited(/(\tinclude\t[^\t]*\t)\d+/u, "\tinclude\t/etc/ssh/sshd_config\tx"),
    ],
    [
      "a name with control characters",
      () => edited("\ttimeouts\n", `\ttimeouts\n\n@${TOKEN}\tunprintable\n`),
    ],
    ["too many files", () => edited("\ttimeouts\n", `\ttimeouts\n\n@${TOKEN}\ttoo-many-files\n`)],
  ])("%s: an error that names the host", (_, output) => {
    expect(() => parse(output())).toThrow(expect.objectContaining({ code: "remote", host: "web1" }));
  });

  test("not root: an error of escalation", () => {
    expect(() => parse(edited("\tmachine\t0", "\tmachine\t1000"))).toThrow(
      expect.objectContaining({ code: "escalation" }),
    );
  });

  test("a record of curfew that cannot be read is no empty record", () => {
    expect(() => parse(edited("abc admin@example", "\u00ff\u00fe\u00ff admin@example"))).toThrow(CurfewError);
  });

  test.each([
    [
      "classes",
      /class\t[\s\S]*?\n\n/u,
      "failed\tgetent passwd ended with status 124 (no answer in time)\n\n",
    ],
    [
      "effective",
      /\teffective\t-\t0\n[\s\S]*?\n\n/u,
      "\teffective\t-\t255\nMissing privilege separation directory: /run/sshd\n\n",
    ],
  ] as const)("%s that could not be read are unreadable, with the reason", (name, from, to) => {
    expect(parse(edited(from, to)).sshd[name]).toMatchObject({
      state: "unreadable",
      reason: expect.stringMatching(/no answer in time|Missing privilege separation directory/u),
    });
  });

  test("a file that grew while it was read is unreadable, not half known", () => {
    const facts = parse(edited("# /etc/profile: system-wide", "# /etc/profile: system-wide, and more"));
    const profile = facts.files.find(({ path }) => path === "/etc/profile");
    expect(profile).toMatchObject({ state: { state: "unreadable" } });
  });

  test("random bytes, and a real answer with random damage, give facts or a CurfewError", () => {
    const damage = fc.array(
      fc.tuple(fc.nat(bookworm.length - 1), fc.uint8Array({ minLength: 1, maxLength: 30 })),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    const outputs = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(fc.tuple(fc.constantFrom(...SECTION_NAMES), fc.string()))
        .map((parts) =>
          Buffer.from(
            [...parts, ["end", ""]].map(([name, body]) => `\n@${TOKEN}\t${name}\t${body}`).join(""),
          ),
        ),
      damage.map((patches) => {
        const copy = Buffer.from(bookworm);
        for (const [at, bytes] of patches) copy.set(bytes.subarray(0, copy.length - at), at);
        return copy;
      }),
    );
    let refused = 0;
    const attempt = (output: Buffer): unknown => {
      try {
        return parse(output).digest;
      } catch (error) {
        refused += 1;
        return error;
      }
    };
    fc.assert(
      fc.property(outputs, (output) => {
        const result = attempt(output);
        return typeof result === "string" || result instanceof CurfewError;
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

const SECTION_NAMES = [
  "machine",
  "file\tmain",
  "people",
  "effective\t-",
  "units",
  "listener",
  "attributes",
  "shells",
];

/** Facts without repeating what is long and known: contents by length, equal answers of sshd once. */
function brief(facts: Facts): unknown {
  const base = JSON.stringify(facts.sshd.effective);
  return JSON.parse(JSON.stringify(facts), (key, value: unknown) => {
    if (key === "digest") return undefined;
    if (key === "content" && typeof value === "string") return `${value.length} characters`;
    if (key === "classes")
      return JSON.parse(JSON.stringify(value).replaceAll(base, '"as without -C"')) as unknown;
    return value;
  });
}
