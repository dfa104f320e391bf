/** A gate comes into a kubeconfig and out of it again without another byte moving. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { execPlace, takenOut } from "../../src/config/kube/exec-place.ts";
import { loadKubeconfig } from "../../src/config/kube/kubeconfig.ts";
import { gateEdits, undoEdits, withEdits } from "../../src/core/kube/gate/edit.ts";
import { gateArguments } from "../../src/core/kube/gate/words.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-kube-edit-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function load(text: string) {
  const path = join(directory, "config");
  await writeFile(path, text);
  return loadKubeconfig(path);
}

const OWN = gateArguments("0123456789abcdef", false);
const exec = (body: string, tail = "") =>
  `# top\nusers:\n- name: dev\n  user:\n    exec:\n${body.replace(/^(?=.)/gmu, "      ")}${tail}`;

interface Parsed {
  readonly users: { user: { exec: { command: string; args?: string[] | null } } }[];
}

const LAYOUTS: [string, string][] = [
  ["a block list", exec("command: aws # c\nargs:\n- eks # d\n- 'get token'\n")],
  ["an indented list", exec("args:\n  - eks\n  - get\ncommand: 'aws'\napiVersion: x\n")],
  ["a flow list", exec('command: "aws"\nargs: [ eks, get ] # c\n')],
  ["an empty list", exec("command: aws\nargs: []\n")],
  ["no arguments", exec("command: aws   # comment\napiVersion: x\n")],
  ["no arguments, last line without a line feed", exec("apiVersion: x\ncommand: aws")],
  ["an empty value", exec("command: aws\nargs:\napiVersion: x\n")],
  ["null", exec("command: aws\nargs: null # c\n")],
  ["a tilde", exec("command: aws\nargs: ~\n")],
  ["Windows lines", exec("command: aws\nargs:\n- eks\n").replaceAll("\n", "\r\n")],
  ["Windows lines without arguments", exec("command: aws\napiVersion: x\n").replaceAll("\n", "\r\n")],
  ["JSON", '{"users":[{"name":"dev","user":{"exec":{"command":"aws","args":["eks"],"apiVersion":"x"}}}]}'],
  ["JSON without arguments", '{"users":[{"name":"dev","user":{"exec":{"command":"aws"}}}]}'],
  [
    "JSON on lines",
    '{\n\t"users": [{"name": "dev", "user": {"exec": {\n\t"args": [\n\t"eks"\n\t],\n\t"command": "aws"\n}}}]\n}\n',
  ],
  ["a flow mapping", "users: [{name: dev, user: {exec: {command: aws, args: [eks]}}}]\n"],
  ["non-ASCII before it", `# äöü 🙂\n${exec("command: aws\nargs:\n- ü\n")}`],
];

test.each(LAYOUTS)("%s", async (_, text) => {
  const before = await load(text);
  const edits = gateEdits(text, execPlace(before.yaml, text, 0), "/opt/curfew", OWN, "aws");
  const gated = withEdits(text, edits);
  const old = (parse(text) as Parsed).users[0]?.user.exec.args ?? [];
  const found = (parse(gated) as Parsed).users[0]?.user.exec;
  expect(found?.command).toBe("/opt/curfew");
  expect(found?.args).toEqual([...OWN, "aws", ...old]);
  const after = await load(gated);
  const undone = undoEdits(gated, execPlace(after.yaml, gated, 0).command, edits);
  expect(withEdits(gated, undone ?? [])).toBe(text);
  // Where the text is not what it was, the values come back.
  const anew = takenOut(after.yaml, gated, 0, { command: "aws", count: OWN.length + 1 });
  const values = (parse(withEdits(gated, anew)) as Parsed).users[0]?.user.exec;
  expect([values?.command, values?.args ?? []]).toEqual(["aws", old]);
});

test.each([
  ["an anchor", exec("command: &c aws\n")],
  ["an alias", "x: &e\n  y: 1\nusers:\n- name: dev\n  user: {exec: {command: aws, env: *e}}\n"],
  ["a command over lines", exec("command: |-\n  aws\n")],
])("%s is refused with its place", async (_, text) => {
  await expect(
    (async () => {
      const { yaml } = await load(text);
      return execPlace(yaml, text, 0);
    })(),
  ).rejects.toMatchObject({ code: "input", message: expect.stringMatching(/config:\d+:\d+: /u) as string });
});
