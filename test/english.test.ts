/** What a user reads is plain: phrases that came back most often and have to be read twice. See CONTRIBUTING.md. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** With what to say instead. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\bnobody\b/iu, "not, none, no account, unknown"],
  [/\ball the same\b/iu, "so …, still, nevertheless"],
  [/\bfrom (?:OpenSSH )?\d[\d.]* on\b/u, "in OpenSSH 9.2 and newer"],
  [/\bas asked about\b/u, "for what was asked"],
  [/\banswers? for it\b/u, "owner"],
  [/(?<!\b[Tt]here )\b(?:is|are) no (?!longer\b|looser\b|older\b|such\b|more\b)/u, "is not a …"],
  [/\bplease\b/iu, "say what to do"],
];

test("the English of messages, help and README", () => {
  const texts = [
    ...filesOf("src", /\.ts$/u).map(([path, text]) => [path, withoutComments(text)] as const),
    ...filesOf("templates/help", /\.md$/u),
    ["README.md", readFileSync(join(ROOT, "README.md"), "utf8")] as const,
  ];
  const found = texts.flatMap(([path, text]) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        PHRASES.filter(([phrase]) => phrase.test(line)).map(
          ([phrase, instead]) =>
            `${path}:${index + 1}: "${phrase.exec(line)?.[0]}", say: ${instead}: ${line.trim().slice(0, 90)}`,
        ),
      ),
  );
  expect(found).toEqual([]);
});

function filesOf(folder: string, name: RegExp): (readonly [string, string])[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => name.test(path))
    .map((path) => [join(folder, path), readFileSync(join(ROOT, folder, path), "utf8")] as const);
}

/** Lines keep their numbers. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//gu, (comment) => comment.replaceAll(/[^\n]/gu, ""))
    .replace(/(?<![:"'`\\])\/\/.*$/gmu, "");
}
