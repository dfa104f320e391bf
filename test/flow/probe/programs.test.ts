import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { MISSING_PROGRAM, PROBE_PROGRAMS } from "../../../src/flow/probe/programs.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const LINES = Object.entries(PROBE_PROGRAMS).map(([kind, { line }]) => [kind, line(TOKEN, 60, 20)] as const);
const SHELLS = ["sh", "bash", "zsh", "tcsh", "mksh", "fish"].filter(
  (shell) => spawnSync("sh", ["-c", `command -v ${shell}`]).status === 0,
);

describe.each(LINES)("%s", (_, line) => {
  test("is one line that no shell and no terminal changes, and that carries the token", () => {
    expect(line).not.toMatch(/[!\n\t\r]/u);
    expect(line).toContain(`CURFEW_PROBE=${TOKEN}`);
    expect(line.length).toBeLessThan(1000);
  });

  test.each(SHELLS)("means the same to %s", (shell) => {
    // `env` shows its words instead of running them.
    const shown = spawnSync(shell, ["-c", line.replace(/^(?:exec )?env /u, "printf '<%s>' ")], {
      encoding: "utf8",
    });
    const plain = spawnSync("sh", ["-c", line.replace(/^(?:exec )?env /u, "printf '<%s>' ")], {
      encoding: "utf8",
    });
    expect(shown.status).toBe(0);
    expect(shown.stdout).toBe(plain.stdout);
  });

  test("the echo of the line is no missing program", () => expect(MISSING_PROGRAM.test(line)).toBe(false));
});

test.each(["foreground-program", "tmux"] as const)("%s says when it is not installed", (kind) => {
  const { stdout } = spawnSync("/bin/sh", ["-c", script(PROBE_PROGRAMS[kind].line(TOKEN, 60))], {
    env: { PATH: "/nonexistent" },
    encoding: "utf8",
  });
  expect(stdout).toMatch(MISSING_PROGRAM);
});

/** What is given to `sh -c`. */
function script(line: string): string {
  return /sh -c '([^']*)'$/u.exec(line)?.[1] ?? "";
}

test.each([
  [900, 10_240],
  [2, 50_000],
])("an output loop in a limit of %i s prints %i bytes a second", (within, bytes) => {
  const line = PROBE_PROGRAMS["output-loop"].line(TOKEN, 1, within);
  expect(spawnSync("/bin/sh", ["-c", script(line)]).stdout.length).toBe(bytes + 1);
});
