import { expect, test } from "vitest";
import { factsScript } from "../../../src/core/answer/script.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** The parts that speak. */
function parts(script: string): string[] {
  return [
    ...(/^ *for part in (.*); do "\$part"; done$/mu.exec(script)?.[1] ?? "").matchAll(/part_\w+/gu),
  ].map(([name]) => name);
}

test("where nobody is judged no shells are run and no own files read, and everything else is asked", () => {
  const [judged, changed] = [true, false].map((people) => factsScript(TOKEN, [], true, [], [], people));
  const about = ["part_logins", "part_own_files", "part_lost_lines"];
  expect(parts(judged ?? "")).toEqual(expect.arrayContaining(about));
  expect(parts(changed ?? "")).toEqual(parts(judged ?? "").filter((name) => !about.includes(name)));
  expect(changed).not.toContain("initgroups");
});
