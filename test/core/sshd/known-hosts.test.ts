import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  indexKnownHosts,
  judgeHostKey,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from "../../../src/core/sshd/known-hosts.ts";

const dir = mkdtempSync(join(tmpdir(), "curfew-known-hosts-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** `type base64` of fresh keys. */
const [ED1, ED2, ECDSA, RSA] = (
  [
    ["ed25519", "256"],
    ["ed25519", "256"],
    ["ecdsa", "256"],
    ["rsa", "2048"],
  ] as const
).map(([type, bits], index) => {
  const path = join(dir, `key${index}`);
  spawnSync("ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", "-C", "", "-f", path]);
  return readFileSync(`${path}.pub`, "utf8").trim();
}) as [string, string, string, string];

const blob = (line: string): { type: string; key: string } => {
  const [type = "", key = ""] = line.split(" ");
  return { type, key };
};
const judge = (text: string, name: string, line: string, fallback?: string) =>
  judgeHostKey(indexKnownHosts(parseKnownHosts(text, "kh")), name, blob(line), fallback);

/** The line as `ssh-keygen -H` hashes it. */
function hashed(line: string): string {
  const path = join(dir, "to-hash");
  writeFileSync(path, `${line}\n`);
  spawnSync("ssh-keygen", ["-q", "-H", "-f", path]);
  return readFileSync(path, "utf8").trim();
}

/** The line numbers that OpenSSH's own `ssh-keygen -F` finds. */
function oracle(text: string, name: string): number[] {
  const path = join(dir, "oracle");
  writeFileSync(path, text);
  const { stdout } = spawnSync("ssh-keygen", ["-F", name, "-f", path], { encoding: "utf8" });
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gmu)].map((match) => Number(match[1]));
}

describe("agrees with ssh-keygen -F", () => {
  const label = fc.constantFrom("web", "web1", "db", "a", "ab", "10.0.0.1", "web.example.com", "::1");
  const name = fc.oneof(
    label,
    fc.tuple(label, fc.constantFrom(22, 2222, 65_535)).map(([host, port]) => knownHostName(host, port)),
  );
  const glob = fc.tuple(fc.constantFrom("", "!"), name, fc.nat(5)).map(([not, text, at]) => {
    const place = Math.min(at, text.length);
    return `${not}${text.slice(0, place)}${at % 2 === 0 ? "*" : "?"}${text.slice(place + (at % 3))}`;
  });
  const names = fc.array(
    fc.oneof(
      name,
      glob,
      name.map((text) => `!${text}`),
    ),
    { minLength: 1, maxLength: 4 },
  );
  const key = fc.constantFrom(ED1, ED2, ECDSA, RSA);
  const marker = fc.constantFrom("", "", "", "@revoked ", "@cert-authority\t");
  const plain = fc
    .tuple(marker, names, key, fc.constantFrom("", " a comment", "\r"))
    .map(([mark, list, line, rest]) => `${mark}${list.join(",")} ${line}${rest}`);
  const known = new Map<string, string>();
  const hashedLine = fc.tuple(name, key).map(([host, line]) => {
    const text = `${host} ${line}`;
    const made = known.get(text) ?? hashed(text);
    known.set(text, made);
    return made;
  });
  const other = fc.constantFrom("", "# web1 is here", "   ", "\t# indented");
  const file = fc.array(fc.oneof(plain, plain, hashedLine, other), { minLength: 1, maxLength: 12 });

  test("on which lines match a name", () => {
    fc.assert(
      fc.property(file, name, (lines, wanted) => {
        const text = `${lines.join("\n")}\n`;
        const index = indexKnownHosts(parseKnownHosts(text, "kh"));
        expect(index.find(wanted).map((line) => line.line)).toEqual(oracle(text, wanted));
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  test("on a name that is asked for a second time", () => {
    const text = `${hashed(`web1 ${ED1}`)}\nweb1 ${ED2}\n`;
    const index = indexKnownHosts(parseKnownHosts(text, "kh"));
    expect([index.find("web1"), index.find("web1")].map((found) => found.length)).toEqual([2, 2]);
  });
});

describe("a presented key", () => {
  test.each([
    ["plain", `web1 ${ED1}`],
    ["in a list", `web0,WEB1,10.0.0.1 ${ED1}`],
    ["by pattern", `web? ${ED1}`],
    ["hashed", hashed(`web1 ${ED1}`)],
    ["on a CRLF line", `web1 ${ED1}\r`],
    ["beside another of its type", `web1 ${ED2}\nweb1 ${ED1}`],
  ])("is known: %s", (_, text) => {
    expect(judge(text, "web1", ED1)).toEqual({ kind: "known" });
  });

  test.each([
    ["nothing recorded", ""],
    ["only another host", `web2 ${ED1}`],
    ["a negation beside the match", `web*,!web1 ${ED1}`],
    ["only an authority", `@cert-authority * ${ED1}`],
    ["an unknown marker", `@trusted web1 ${ED1}`],
    ["a key that is not what its line says", `web1 ssh-rsa ${ED1.split(" ")[1]}`],
    ["a cut-off key", `web1 ${ED1.slice(0, 20)}`],
    ["a commented line", `#web1 ${ED1}`],
    ["a hash with a short salt", `|1|AAAA|${hashed(`web1 ${ED1}`).split("|")[3]}`],
  ])("is unknown: %s", (_, text) => {
    expect(judge(text, "web1", ED1).kind).toBe("unknown");
  });

  test("is changed when one of its type is recorded, and every such line is named", () => {
    const verdict = judge(`# old\nweb1 ${ED2}\nweb1 ${RSA}\n${hashed(`web1 ${ED2}`)}`, "web1", ED1);
    expect(verdict.kind === "changed" && verdict.lines.map((line) => line.line)).toEqual([2, 4]);
  });

  test("is unknown, not changed, when only other types are recorded; they are named", () => {
    const verdict = judge(`web1 ${RSA}\n@cert-authority web* ${ECDSA}`, "web1", ED1);
    expect(verdict).toMatchObject({ kind: "unknown", others: [{ line: 1 }], authorities: [{ line: 2 }] });
  });

  test("is revoked even where another line knows it, and under the name without port", () => {
    expect(judge(`web1 ${ED1}\n@revoked * ${ED1}`, "web1", ED1)).toMatchObject({
      kind: "revoked",
      line: { line: 2 },
    });
    expect(judge(`@revoked web1 ${ED1}\n[web1]:2222 ${ED1}`, "[web1]:2222", ED1, "web1").kind).toBe(
      "revoked",
    );
  });

  test("on another port may be recorded without the port, unless the port has a key of its own", () => {
    expect(judge(`web1 ${ED1}`, "[web1]:2222", ED1, "web1").kind).toBe("known");
    expect(judge(`web1 ${ED1}`, "[web1]:2222", ED2, "web1").kind).toBe("unknown");
    expect(judge(`web1 ${ED1}\n[web1]:2222 ${ED2}`, "[web1]:2222", ED1, "web1").kind).toBe("changed");
  });
});

test("the recorded types of a host are those of its plain keys", () => {
  const text = `web1 ${RSA}\nweb1 ${ED1}\n@revoked web1 ${ECDSA}\nweb2 ${ECDSA}`;
  expect(knownKeyTypes(indexKnownHosts(parseKnownHosts(text, "kh")), "web1")).toEqual([
    "ssh-rsa",
    "ssh-ed25519",
  ]);
});

test("a pattern cannot be made slow", () => {
  const text = `${"*a".repeat(200)}b ${ED1}`;
  const index = indexKnownHosts(parseKnownHosts(text, "kh"));
  const begin = performance.now();
  expect(index.find("a".repeat(5000))).toEqual([]);
  expect(performance.now() - begin).toBeLessThan(1000);
});

test("any text is read without an exception", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(() => parseKnownHosts(text, "kh")).not.toThrow();
    }),
  );
});
