import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { becomePassword } from "../../../src/cli/options/become-password.ts";
import { fakeTerminal } from "../fake-terminal.ts";

const bounds = { connectTimeout: 20, concurrency: 50 };
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-secret-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test("is undefined where nobody asked for one", async () => {
  expect(await becomePassword(bounds, fakeTerminal())).toBeUndefined();
});

test.each(["s3cret\n", "s3cret", "s3cret\r\nsecond line\n"])(
  "is the first line of a file: %j",
  async (text) => {
    const file = join(directory, "secret");
    await writeFile(file, text);
    const secret = await becomePassword({ ...bounds, becomePassFile: file }, fakeTerminal());
    expect(secret?.reveal()).toBe("s3cret");
    expect(JSON.stringify({ secret })).not.toContain("s3cret");
  },
);

test("is the first line of standard input for -", async () => {
  const terminal = fakeTerminal({ input: async () => "from a pipe\n" });
  const secret = await becomePassword({ ...bounds, becomePassFile: "-" }, terminal);
  expect(secret?.reveal()).toBe("from a pipe");
});

test.each([
  [{ becomePassFile: "/nonexistent" }, "input"],
  [{ becomePassFile: "-" }, "input"],
  [{ becomePassFile: "-", askBecomePass: true as const }, "usage"],
  [{ askBecomePass: true as const }, "usage"],
])("%j is refused with %s", async (options, code) => {
  await expect(becomePassword({ ...bounds, ...options }, fakeTerminal())).rejects.toMatchObject({ code });
});
