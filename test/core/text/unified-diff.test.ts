import { expect, test } from "vitest";
import { unifiedDiff } from "../../../src/core/text/unified-diff.ts";
import type { Change } from "../../../src/model/change/plan.ts";
import type { FileState } from "../../../src/model/facts/facts.ts";

const state = (content: string, mode = "0644", uid = 0): FileState => ({ content, mode, uid, gid: 0 });
const change = (before: FileState | null, after: FileState | null): Change => ({
  control: "sshd",
  path: "/etc/f",
  action: before === null ? "create" : after === null ? "remove" : "update",
  before,
  after,
  reason: "",
  risk: "login",
  activation: null,
});

test.each<[string, Change, string]>([
  [
    "a new file",
    change(null, state("a\n")),
    "new file mode 0644, owner 0:0\n--- /dev/null\n+++ /etc/f\n@@ -0,0 +1,1 @@\n+a\n",
  ],
  [
    "a file that goes",
    change(state("a\n"), null),
    "deleted file mode 0644, owner 0:0\n--- /etc/f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n",
  ],
  [
    "contents, mode and owner",
    change(state("a\nb\n", "0644", 7), state("a\nc\n", "0600")),
    "old mode 0644\nnew mode 0600\nold owner 7:0\nnew owner 0:0\n--- /etc/f\n+++ /etc/f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
  ],
  [
    "a missing final newline",
    change(state("a"), state("b\n")),
    "--- /etc/f\n+++ /etc/f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n",
  ],
])("spells %s", (_name, given, expected) => {
  expect(unifiedDiff(given)).toBe(expected);
});

test("what a file contains cannot reach the terminal as an escape", () => {
  expect(unifiedDiff(change(state("\u001b[2Jevil\n"), state("a\n")))).not.toContain("\u001b");
});
