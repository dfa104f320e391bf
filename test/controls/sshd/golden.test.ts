/** One rendered configuration per release, read by people in review: UPDATE_GOLDEN=1 writes them anew. */
import { describe, expect, test } from "vitest";
import { golden } from "../golden.ts";
import { sshd } from "../../../src/controls/sshd/index.ts";
import type { Rendered } from "../../../src/model/control/control.ts";
import {
  WITHOUT_INCLUDE,
  WITH_INCLUDE,
  exemption,
  host,
  limits,
  person,
  role,
  version,
} from "../facts-fixture.ts";

const CLASSES = [
  person("nobody"),
  person("root", "group:sudo", "user:root"),
  person("eve", "group:domain vendors"),
  person("mallory", "group:domain vendors", "group:sudo"),
];
const ROLES = [
  role("vendor", 300, 180, { groups: ["ext", "domain vendors"] }),
  role("admin", 600, 60, { users: ["root"], groups: ["sudo", "wheel"] }),
];
const DEFAULTS = role("default", 900, 180);
const EXEMPT = exemption(["backup"]);

const RELEASES = ["7.4", "8.0", "8.4", "8.7", "8.9", "9.2", "9.6", "10.0", "10.5", "10.6"];
// RHEL 7 and 8 ship no Include line.
const NO_INCLUDE = new Set(["7.4", "8.0"]);

describe.each(RELEASES)("OpenSSH %s", (release) => {
  const main = NO_INCLUDE.has(release) ? WITHOUT_INCLUDE : WITH_INCLUDE;
  const facts = host({ version: version(release), main, classes: CLASSES });

  test("renders what was reviewed", () => {
    const policy = limits(DEFAULTS, ROLES, [EXEMPT]);
    const text = spell(sshd.render(facts, policy, true));
    expect(text).toBe(golden(`sshd/${release}.txt`, text));
  });

  test("renders what was reviewed, with somebody exempt on the host", () => {
    const here = host({
      version: version(release),
      main,
      classes: [...CLASSES, person("backup", "user:backup")],
    });
    const text = spell(sshd.render(here, limits(DEFAULTS, ROLES, [EXEMPT]), true));
    expect(text).toBe(golden(`sshd/${release}-exempt.txt`, text));
  });
});

function spell({ files, expectations, findings, coverage }: Rendered): string {
  return [
    ...files.map(({ path, mode, content }) => `=== ${path} ${mode}\n${content ?? "(not there)\n"}`),
    `=== sshd -T -C\n${expectations.map(({ user, role: name, lines }) => `${user} (${name}): ${lines.join("; ")}\n`).join("")}`,
    `=== findings\n${findings.map((each) => `${each.outcome} ${each.role}: ${each.expected} | ${each.actual} | ${each.source}\n`).join("")}`,
    `=== coverage\n${[...new Set(coverage.map((each) => each.role))]
      .map(
        (name) =>
          `${name}: ${coverage
            .filter((each) => each.role === name)
            .map((each) => `${each.kind} ${each.within}`)
            .join(", ")}\n`,
      )
      .join("")}`,
  ].join("");
}
